"""What is observed of each request: its route, status and seconds, as counts, a line of the log and, where asked for, a trace."""

import threading
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

import structlog
from opentelemetry.trace import NoOpTracer, Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the classes of seconds a request takes; one class more holds what took longer."""

NO_ROUTE = "(none)"
"""Route of a request that no route answers: an address typed at will is never kept."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = frozenset({"/health", "/ready", "/metrics", "/static"})

log = structlog.get_logger(__name__)


class Tally:
    """Requests answered since the process began, by method, route template and status; safe among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.requests: Counter[tuple[str, str, int]] = Counter()
        self.classes: dict[tuple[str, str], list[int]] = {}
        self.seconds: defaultdict[tuple[str, str], float] = defaultdict(float)
        self.open = 0

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count a request as open while it is answered."""
        with self._lock:
            self.open += 1
        try:
            yield
        finally:
            with self._lock:
                self.open -= 1

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        with self._lock:
            self.requests[method, route, status] += 1
            self.seconds[method, route] += seconds
            self.classes.setdefault((method, route), [0] * (len(BOUNDS) + 1))[bisect_left(BOUNDS, seconds)] += 1


class Watch:
    """ASGI middleware outside every other; the request's number is the guard's."""

    def __init__(self, app: ASGIApp, tally: Tally, tracer: Tracer | None = None) -> None:
        self.app = app
        self._tally = tally
        self._tracer = tracer or NoOpTracer()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note how it was answered."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = perf_counter(), 500

        async def _noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self._tally.answering(), self._traced(scope) as span:
            try:
                await self.app(scope, receive, _noted)
            finally:
                self._note(scope, span, status, perf_counter() - began)

    @contextmanager
    def _traced(self, scope: Scope) -> Iterator[Span]:
        headers = Headers(scope=scope)
        caller = TraceContextTextMapPropagator().extract(
            {k: headers[k] for k in ("traceparent", "tracestate") if k in headers}
        )
        with self._tracer.start_as_current_span("request", caller, SpanKind.SERVER, record_exception=False) as span:
            yield span

    def _note(self, scope: Scope, span: Span, status: int, seconds: float) -> None:
        method, route = scope["method"] if scope["method"] in _METHODS else "other", route_of(scope)
        self._tally.count(method, route, status, seconds)
        number = scope.get("onemonth.request_id", "")
        span.update_name(f"{method} {route}")
        span.set_attributes({"http.request.method": method, "http.route": route, "http.response.status_code": status})
        span.set_attribute("onemonth.request_id", number)
        if status >= 500:
            span.set_status(StatusCode.ERROR)
        tell = log.debug if route in _QUIET else log.info
        tell("request", request_id=number, method=method, route=route, status=status, ms=round(seconds * 1000, 1))


def route_of(scope: Scope) -> str:
    """Return the template of the route that answered, such as ``/api/v1/members/{member_id}``: no identifier is in it."""
    if scope["path"].startswith("/static/"):
        return "/static"
    return str(getattr(scope.get("route"), "path", NO_ROUTE))
