"""How many requests are answered at once and how many may wait; who comes beyond that is told at once when to try again."""

import asyncio
import threading
from collections import deque
from concurrent.futures import Future

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.guard import MAX_BODY_BYTES
from service.security.refusals import Busy

PATIENCE_SECONDS = 10.0
"""Longest wait for a place."""

PASSES = ("/health", "/ready", "/metrics", "/static/", "/favicon.ico")
"""Answered without a place: probes must not fail, nor figures be missing, because people are at work."""


class Places:
    """Places taken in the order of asking; safe among threads and event loops."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._lock = threading.Lock()
        self._free = at_once
        self._waiting = waiting
        self._line: deque[Future[None]] = deque()

    async def take(self, patience: float) -> None:
        """Take a place, after at most so many seconds of waiting; Busy when none comes free or too many wait already."""
        with self._lock:
            if self._free:
                self._free -= 1
                return
            self._line = deque(f for f in self._line if not f.cancelled())
            if len(self._line) >= self._waiting:
                raise Busy(f"{self._waiting} requests wait already; nothing was changed, try again shortly")
            mine: Future[None] = Future()
            self._line.append(mine)
        try:
            async with asyncio.timeout(patience):
                await asyncio.wrap_future(mine)
        except BaseException as error:
            if not mine.cancel():  # the place came while this caller was leaving
                self.give_back()
            if isinstance(error, TimeoutError):
                raise Busy(
                    f"no place came free in {patience:g} seconds; nothing was changed, try again shortly"
                ) from error
            raise

    def give_back(self) -> None:
        """Hand the place to whoever has waited longest."""
        with self._lock:
            while self._line:
                first = self._line.popleft()
                if first.set_running_or_notify_cancel():
                    first.set_result(None)
                    return
            self._free += 1


class Queue:
    """ASGI middleware inside the guard.

    A request asks for its place when its body is here and gives it back when its answer begins: slow lines hold none.
    """

    def __init__(self, app: ASGIApp, at_once: int, waiting: int, patience: float = PATIENCE_SECONDS) -> None:
        self.app = app
        self._places = Places(at_once, waiting)
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for a place, then pass the request on."""
        if scope["type"] != "http" or scope["path"].startswith(PASSES):
            await self.app(scope, receive, send)
            return
        came = iter(await _body(receive))
        await self._places.take(self._patience)
        holds = True

        async def _receive() -> Message:
            message = next(came, None)
            return await receive() if message is None else message

        def _leave() -> None:
            nonlocal holds
            if holds:
                holds = False
                self._places.give_back()

        async def _send(message: Message) -> None:
            _leave()
            await send(message)

        try:
            await self.app(scope, _receive, _send)
        finally:
            _leave()


async def _body(receive: Receive) -> list[Message]:
    """Return the messages of a body; of one over the limit only its beginning, and the route refuses it."""
    came, size = [await receive()], 0
    while came[-1].get("more_body", False) and size <= MAX_BODY_BYTES:
        size += len(came[-1].get("body", b""))
        came.append(await receive())
    return came
