"""Logs as lines of JSON on standard error: what happened to which request, never a value of anybody's record."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

_DEEPEST = 12


def configure(level: str = "INFO") -> None:
    """Write every log of this process, other libraries' included, as JSON with its time, level and the request's number."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level, structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True), _fault_without_values,
    ]  # fmt: skip
    last = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[shared[0], shared[1], *shared[3:], last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))


def where(error: BaseException) -> list[str]:
    """Return file, line and function of each frame: enough to find a fault, and no value of anybody's record."""
    frames = traceback.extract_tb(error.__traceback__)[-_DEEPEST:]
    return [f"{f.filename.rpartition('/')[2]}:{f.lineno} {f.name}" for f in frames]


def _fault_without_values(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep an exception's kind and place; its text may quote a row."""
    found = event.pop("exc_info", None)
    error = found[1] if isinstance(found, tuple) else sys.exc_info()[1] if found is True else found
    if isinstance(error, BaseException):
        event.update(error=type(error).__name__, at=where(error))
    return event
