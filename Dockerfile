# OneMonth in one image: the same commands as on a desk.
FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends make libgomp1 libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.lock pyproject.toml Makefile ./
COPY scripts scripts
RUN make install
COPY matching matching
COPY models models
COPY service service
RUN useradd --system --uid 10001 --home-dir /app onemonth && mkdir -p /app/var && chown onemonth /app/var
USER onemonth
ENV ONEMONTH_HOME=/app/var ONEMONTH_HOST=0.0.0.0 XDG_CACHE_HOME=/tmp MALLOC_ARENA_MAX=2
EXPOSE 8000
ENTRYPOINT ["/app/.venv/bin/onemonth"]
CMD ["serve"]
