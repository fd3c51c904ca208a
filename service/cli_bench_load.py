"""``onemonth bench load``: caseworkers at work on a real server, each logged in and in their own district; then more than it can answer."""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from fastapi import FastAPI

from service.bench_caseworker import Call, Caseworker
from service.bench_server import Server, serving
from service.cli_bench_online import record, settings_of
from service.cli_console import Json, out, progress, refusals, say
from service.cli_demo import AS_OF
from service.settings import Settings

TOLD = (429, 503)
"""Statuses of a request that is sent away; both carry Retry-After."""

CROWD, FILLING = 40, 5.0
"""Caseworkers who ask at once before the others begin, and for how many seconds."""


def load(
    caseworkers: Annotated[int, typer.Option(min=1, max=2_000, help="Caseworkers at work.")] = 500,
    minutes: Annotated[float, typer.Option(min=0.05, help="Minutes they work; the longer, the truer the slope.")] = 2.0,
    think: Annotated[float, typer.Option(min=0.1, help="Mean seconds between a caseworker's steps.")] = 120.0,
    members: Annotated[int, typer.Option(min=100, help="Members in the record.")] = 5_000,
    positions: Annotated[int, typer.Option(min=100, help="Open posts in the record.")] = 1_000,
    overload: Annotated[float, typer.Option(min=0, help="Seconds afterwards without time to think.")] = 10.0,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: Json = False,
) -> None:
    """Let caseworkers work: list, file, ranked posts, referral, outcome, contact; figures by step, memory, files; then too many at once."""
    with refusals(), progress() as step, tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        step("generate and store a record", 0, 1)
        record(home, members, positions, seed)
        people = _log_in(home, caseworkers, seed)
        step("generate and store a record", 1, 1)
        with serving("service.cli_bench_load:app_of_that_day", home) as server:
            people[0].once(server.port)  # the first index is not timed
            _work(
                people[:CROWD], server, FILLING, 0.0
            )  # and every thread and connection of the server is there before it is watched
            at_rest = server.open_files_at_rest()
            step("caseworkers at work", 0, 1)
            began = server.processor_seconds()
            with _watched(server) as samples:
                calls = _work(people, server, minutes * 60.0, think)
            used = server.processor_seconds() - began
            files = {"open_files_at_rest_before": at_rest, "open_files_at_rest_after": server.open_files_at_rest()}
            step("caseworkers at work", 1, 1)
            crowd = _work(people, server, overload, 0.0) if overload else []
            after = server.times(["/health"] * 20)
            figures = {
                "simulated": True, "caseworkers": caseworkers, "minutes": minutes, "think_seconds": think, "members": members,
                "positions": positions, **_figures(calls), "server_cores_used": used / (minutes * 60.0), **_trend(samples), **files,
                "peak_rss_bytes": server.peak_bytes(), "overload": _shed(crowd), "health_after_p50_ms": float(np.median(after) * 1e3),
            }  # fmt: skip
    say(as_json, figures, lambda: _show(figures))


def app_of_that_day() -> FastAPI:
    """Return the application of the record in ``ONEMONTH_HOME``; what uvicorn starts."""
    from service import logs
    from service.app import create_app

    logs.configure("ERROR")
    return create_app(Settings(), day=AS_OF)


def _log_in(home: Path, n: int, seed: int) -> list[Caseworker]:
    """Make an account with an open session for each caseworker, spread over the districts as the members are."""
    from service.security.accounts import Accounts
    from service.security.sessions import Sessions
    from service.wiring import open_store

    rng, people = np.random.default_rng(seed), []
    with open_store(settings_of(home)) as store:
        homes = store.read("members", ["region_code"])["region_code"].str[:6].to_numpy(dtype=object)
        accounts, sessions = Accounts(store), Sessions(store, 36_000.0, 36_000.0)
        for k, district in enumerate(rng.choice(homes, size=n)):
            accounts.add(f"caseworker{k:04d}", "caseworker", (str(district),), by="bench")
            people.append(Caseworker(sessions.open(f"caseworker{k:04d}"), seed * 10_000 + k))
    return people


def _work(people: list[Caseworker], server: Server, seconds: float, think: float) -> list[Call]:
    """Let everybody work for so many seconds and return every call, in no order."""
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=p.work, args=(server.port, until, think)) for p in people]
    for person, thread in zip(people, threads, strict=True):
        person.calls.clear()
        thread.start()
    for thread in threads:
        thread.join()
    return [call for person in people for call in person.calls]


@contextmanager
def _watched(server: Server) -> Iterator[list[tuple[float, int, int]]]:
    """Yield a list that fills with seconds, bytes of memory and open files, twice a second."""
    samples: list[tuple[float, int, int]] = []
    over = threading.Event()

    def look() -> None:
        """Note the server's memory and open files twice a second until the load is over."""
        while not over.wait(0.5):
            samples.append((time.monotonic(), server.bytes_now(), server.open_files()))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()


def _figures(calls: list[Call]) -> dict[str, Any]:
    """Return percentiles over all steps and of each, and how many were refused by a rule, sent away, or failed."""
    steps = sorted({c.step for c in calls})
    kept = [c for c in calls if not _failed(c) and c.status not in TOLD]
    return {
        "requests": len(calls), "requests_per_second": len(calls) / _span(calls), **_percentiles(kept),
        "errors": sum(_failed(c) for c in calls), "sent_away": sum(c.status in TOLD for c in calls),
        "refused_by_rule": sum(c.status == 409 for c in calls),
        "steps": {s: {"requests": sum(c.step == s for c in calls), **_percentiles([c for c in kept if c.step == s])} for s in steps},
    }  # fmt: skip


def _failed(call: Call) -> bool:
    return call.status not in (200, 201, 409, *TOLD)


def _span(calls: list[Call]) -> float:
    return max(c.at + c.seconds for c in calls) - min(c.at for c in calls) if calls else float("inf")


def _percentiles(calls: list[Call]) -> dict[str, float | None]:
    if not calls:
        return {"p50_ms": None, "p95_ms": None, "p99_ms": None}
    found = np.percentile([c.seconds * 1e3 for c in calls], [50, 95, 99])
    return dict(zip(("p50_ms", "p95_ms", "p99_ms"), map(float, found), strict=True))


def _trend(samples: list[tuple[float, int, int]]) -> dict[str, float]:
    """Return the slope of memory over the second half, when caches are full, with its standard error and ends, and how many files were open:
    as many as requests were at work, so that a slope of them would tell of the machine."""
    late = np.array(samples[len(samples) // 2 :], dtype=float)
    if len(late) < 4:
        return {}
    minutes, mib, files = (late[:, 0] - late[0, 0]) / 60.0, late[:, 1] / 2**20, late[:, 2]
    memory, memory_error = _slope(minutes, mib)
    return {
        "memory_mib_per_minute": memory, "memory_slope_error": memory_error, "memory_mib_first": float(mib[0]), "memory_mib_last": float(mib[-1]),
        "open_files_least": float(files.min()), "open_files_most": float(files.max()),
    }  # fmt: skip


def _slope(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return the slope of the least-squares line through points, and its standard error."""
    slope, level = np.polyfit(x, y, 1)
    rest = y - (slope * x + level)
    return float(slope), float(np.sqrt(rest @ rest / (len(x) - 2) / np.sum((x - x.mean()) ** 2)))


def _shed(calls: list[Call]) -> dict[str, Any]:
    """Return what became of too many requests at once: answered, sent away with a time to come back, failed, and the longest wait."""
    if not calls:
        return {}
    away = [c for c in calls if c.status in TOLD]
    return {
        "requests": len(calls), "answered": sum(c.status not in TOLD and not _failed(c) for c in calls), "sent_away": len(away),
        "with_retry_after": sum(c.retry_after > 0 for c in away), "errors": sum(_failed(c) for c in calls),
        "longest_seconds": max(c.seconds for c in calls),
        "answered_per_second": sum(c.status not in TOLD for c in calls) / _span(calls),
        "sent_away_after": _percentiles(away),
    }  # fmt: skip


def _show(figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        if name == "steps":
            for step, found in value.items():
                out.print(f"  {step}: {found}", highlight=False)
        else:
            out.print(f"{name}: {value:,.2f}" if isinstance(value, float) else f"{name}: {value}", highlight=False)
