"""Traces, where a collector is named (``ONEMONTH_TRACES_URL``): a span a request and a span a statement, without anybody's values.

FastAPI's own spans carry the path of a request, and a member's number is in paths; ours name the route.
"""

from typing import Any

import sqlalchemy as sa
from opentelemetry.trace import SpanKind, Tracer

from service.settings import Settings


def tracer_of(settings: Settings) -> Tracer | None:
    """Return what sends spans to the collector these settings name (OTLP over HTTP); None where none is named."""
    if settings.traces_url is None:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource({"service.name": "onemonth"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{settings.traces_url}/v1/traces")))
    tracer: Tracer = provider.get_tracer("onemonth")
    return tracer


def trace_statements(engine: sa.Engine, tracer: Tracer) -> None:
    """Give every statement a span: its first word and how long it took, neither its text nor its values."""

    def before(connection: sa.Connection, _: Any, statement: str, *__: Any) -> None:
        """Begin a span for a statement."""
        span = tracer.start_span(f"store {statement.split(None, 1)[0]}", kind=SpanKind.CLIENT)
        connection.info.setdefault("spans", []).append(span)

    def after(connection: sa.Connection, *_: Any) -> None:
        """End the span of the statement that came back."""
        connection.info["spans"].pop().end()

    def failed(context: sa.ExceptionContext) -> None:
        """End the span of a statement that was refused."""
        if context.connection is not None and context.connection.info.get("spans"):
            context.connection.info["spans"].pop().end()

    sa.event.listen(engine, "before_cursor_execute", before)
    sa.event.listen(engine, "after_cursor_execute", after)
    sa.event.listen(engine, "handle_error", failed)
