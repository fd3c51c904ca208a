"""A real server process on this machine, to be measured: started, asked, watched from outside, and ended."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from service.cli_console import Step
from service.settings import PREFIX

ALLOCATOR = {"MALLOC_ARENA_MAX": "2"}
"""What the units and the image tell the C library's allocator; the server that is measured is told the same."""

SETTLES = 5.0
"""Seconds after the last request within which a server closes what that request held."""

STARTS_WITHIN = 600.0
"""Seconds a server may take to answer its first request."""


def quiet(step: str, done: float, total: float) -> None:
    """Show nothing of the progress."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server process on this machine."""

    process: subprocess.Popen[bytes]
    port: int
    cold_seconds: float

    def times(self, paths: list[str], step: Step = quiet, before: int = 3) -> np.ndarray:
        """Return (n,) seconds of each request over one connection, after some that are not counted."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=STARTS_WITHIN)
        taken = []
        step("ask the server", 0, len(paths))
        for path in [*paths[:before], *paths]:
            began = time.perf_counter()
            client.request("GET", path)
            answer = client.getresponse()
            body = answer.read()
            taken.append(time.perf_counter() - began)
            if answer.status != 200:
                raise RuntimeError(f"{path}: expected 200, found {answer.status} {body[:200]!r}")
        client.close()
        step("ask the server", len(paths), len(paths))
        return np.array(taken[before:])

    def peak_bytes(self) -> int:
        """Return the most memory the server had."""
        return self._bytes("VmHWM")

    def bytes_now(self) -> int:
        """Return the memory the server has now."""
        return self._bytes("VmRSS")

    def open_files(self) -> int:
        """Return how many files and sockets the server has open."""
        return sum(1 for _ in Path(f"/proc/{self.process.pid}/fd").iterdir())

    def open_files_at_rest(self) -> int:
        """Return how many files and sockets the server has open when nobody asks it: the least within ``SETTLES`` seconds."""
        until, least = time.monotonic() + SETTLES, self.open_files()
        while time.monotonic() < until:
            time.sleep(0.25)
            least = min(least, self.open_files())
        return least

    def processor_seconds(self) -> float:
        """Return the processor time the server has used since it began."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _bytes(self, name: str) -> int:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return 1024 * int(next(line.split()[1] for line in lines if line.startswith(name)))


@contextmanager
def serving(
    factory: str, home: Path, first: str = "/ready", settings: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Start the application ``module:function`` makes on a free port; yield it once ``first`` is answered, end it afterwards.

    ``settings`` are names and values of :class:`service.settings.Settings`, beside ``home``.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    options = ["--factory", "--port", str(port), "--log-level", "error", "--no-access-log"]
    named = {PREFIX + name.upper(): value for name, value in {"home": str(home), **(settings or {})}.items()}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", factory, *options], env={**os.environ, **ALLOCATOR, **named}, cwd=Path(__file__).parents[1],
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not _answers(port, first):
            if process.poll() is not None or time.perf_counter() - began > STARTS_WITHIN:
                raise RuntimeError("expected the server to answer, it did not; see its messages above")
            time.sleep(0.05)
        yield Server(process, port, time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int, path: str) -> bool:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=STARTS_WITHIN)) as client:
        try:
            client.request("GET", path)
            with client.getresponse() as answer:
                return answer.status == 200
        except OSError:
            return False
