"""Killed with SIGKILL: the server, the database, the night; while people are at work. Nothing acknowledged is lost, nothing is done twice."""

import hashlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pandas as pd
import sqlalchemy as sa
import uvicorn

from matching.tables import TABLES
from matching.tables import check as rows_of
from service import logs
from service.app import create_app
from service.settings import Settings
from service.storage.engine import make_engine
from service.wiring import open_office, open_store
from tests.house.tree import ROOT
from tests.postgres import new_database, running
from tests.service.night.killing import STEPS
from tests.service.records import fill
from tests.service.region import DAY, MEMBERS, POSITIONS, SHAMIAN
from tests.trust.frame import STORES, Figure, check, ready_context

CALLERS = 6
"""People at work at the same time, each on households, members and posts of their own, so that the order among them changes nothing."""

JOURNALLED = ("actor", "role", "action", "object_type", "object_id", "before", "after", "reason", "request_id")
"""What an entry says, apart from when and after which."""


def serve(settings, listener):
    """Answer requests at a socket; runs in a process that is killed."""
    logs.configure("CRITICAL")
    app = create_app(settings, day=DAY)
    uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False)).run(sockets=[listener])


class Person:
    """Refers, records, notes and locks, one request after the other, each sent until it is answered."""

    def __init__(self, k, port):
        self.k, self.port, self.step, self.uncertain, self.kept = k, port, 0, 0, []
        self.pause, self.proof = 0.0, {}

    def work(self, until):
        """Take steps until an event is set; a step begun is ended."""
        while not until.wait(self.pause):
            self.one()

    def one(self):
        """Refer a member, note a contact, exclude a post, and record what became of the referral."""
        n, made = self.step, self._entries(self.step)
        self.step += 1
        self.kept += made
        outcome = {"to": "declined", "reason": "CARE"}
        self._send("POST", f"/api/v1/referrals/{made[0][1]}/transitions", outcome, f"outcome-{self.k}-{n}")

    def same_again(self, n):
        """Whether the entries of an earlier step are the same when they are sent again under their keys."""
        return self._entries(n) == self.kept[3 * n : 3 * n + 3]

    def _entries(self, n):
        """Send what a step enters; return table and identifier of each entry."""
        member, lock = f"X{self.k}-{n:04d}", {"kind": "exclude", "position_id": "P2", "reason_code": "MEMBER_WISH"}
        referral = {"member_id": member, "position_id": f"L{self.k}"}
        contact = {"kind": "phone", "result": "reached", "note": f"{self.k} {n}"}
        asked = (
            ("referral", "/api/v1/referrals", referral),
            ("contact", f"/api/v1/households/H{self.k % 4 + 1}/contacts", contact),
            ("lock", f"/api/v1/members/{member}/locks", lock),
        )
        return [
            (f"{what}s", self._send("POST", path, body, f"{what}-{self.k}-{n}")[f"{what}_id"])
            for what, path, body in asked
        ]

    def _send(self, method, path, body, key):
        """Send until the answer is certain; outcomes take no key: one that was kept unheard is refused the second time."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": key, "X-Request-Id": key, **self.proof}
        before = self.uncertain
        while True:
            status, found = self._once(method, path, json.dumps(body), headers)
            kept_before = status == 409 and path.endswith("/transitions") and self.uncertain > before
            if status in (200, 201) or kept_before:
                return found
            if status not in (None, 503):
                raise AssertionError(f"{method} {path}: {status} {found}")
            self.uncertain += 1
            time.sleep(0.02)

    def _once(self, method, path, body, headers):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            client.request(method, path, body, headers)
            answer = client.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            return None, None
        finally:
            client.close()


class Work:
    """People at work on a server at a port that outlives it; ``serving`` is what answers, and with what beside settings and socket."""

    serving, callers = (serve,), CALLERS

    def __init__(self, settings, most):
        self.settings, self.context = settings, ready_context()
        with open_office(settings, day=DAY) as office, fill(office).store.write() as tx:
            for table, rows in _crowd(most, self.callers).items():
                tx.insert(table, rows_of(TABLES[table], pd.DataFrame(rows)).require())
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.people = [Person(k, self.listener.getsockname()[1]) for k in range(self.callers)]

    @contextmanager
    def going(self):
        """Let everybody work until the block ends; yields a question: has anybody given up?"""
        over = threading.Event()
        with ThreadPoolExecutor(self.callers) as pool:
            working = [pool.submit(person.work, over) for person in self.people]
            try:
                yield lambda: any(w.done() for w in working)
            finally:
                over.set()
            for person in working:
                person.result()

    @contextmanager
    def served(self):
        """Start the server and wait until it answers; ends it."""
        process = self.context.Process(target=self.serving[0], args=(self.settings, self.listener, *self.serving[1:]))
        process.start()
        client = http.client.HTTPConnection("127.0.0.1", self.listener.getsockname()[1], timeout=120)
        client.request("GET", "/ready")
        client.getresponse().read()
        client.close()
        try:
            yield process
        finally:
            process.kill()
            process.join()

    def acknowledged(self):
        """Return how many entries were answered as kept so far."""
        return sum(len(p.kept) for p in self.people)

    def left(self):
        """Return what the record holds: a hash over tables and entries in whatever order, what was acknowledged and is not there, whether
        the chain is whole."""
        with open_store(self.settings) as store:
            tables = {
                n: store.read(n) for n in ("referrals", "contacts", "locks", "positions", "members", "placements")
            }
            entries, whole = store.read("journal", list(JOURNALLED)), store.journal_break() is None
        text = "".join(t.to_csv(index=False) for t in tables.values())
        text += "\n".join(sorted(entries.to_csv(index=False, header=False).splitlines()))
        ids = {(n, i) for n in ("referrals", "contacts", "locks") for i in tables[n].iloc[:, 0]}
        kept = [pair for p in self.people for pair in p.kept]
        return hashlib.sha256(text.encode()).hexdigest(), sum(pair in ids for pair in kept), len(kept), whole

    def same_again(self, settings, most):
        """Let everybody take as many steps on a record and a server nobody kills; returns its hash."""
        other = Work(settings, most)
        with other.served():
            for mine, theirs in zip(self.people, other.people, strict=True):
                while theirs.step < mine.step:
                    theirs.one()
        other.listener.close()
        return other.left()[0]


def _crowd(most, callers):
    """Return members of each caller's own and a post of their own that has room for them all."""
    posts = [
        {**POSITIONS[1], **SHAMIAN, "position_id": f"L{k}", "required_skills": None, "openings_total": 10_000, "openings_left": 10_000}
        for k in range(callers)
    ]  # fmt: skip
    members = [
        {**MEMBERS[0], "member_id": f"X{k}-{n:04d}", "household_id": f"H{k % 4 + 1}"}
        for k in range(callers)
        for n in range(most)
    ]
    return {"positions": posts, "members": members}


@check
def server_killed(ground):
    """Kill the server at random moments under traffic and start the next at the same port; each request is repeated until it is answered."""
    for kind in STORES:
        kills, most, luck = ground.size(60, 3), ground.size(1500, 100), random.Random(20261126)
        work = Work(
            Settings(home=ground.home(), database_url=ground.database(kind), rate_limit="999999999/minute"), most
        )
        done = 0
        with ExitStack() as last, work.going() as failed:
            while done < kills and not failed():
                before = work.acknowledged()
                with work.served() as process:
                    while done % 2 and work.acknowledged() == before and not failed():
                        time.sleep(0.01)  # every other server lives until somebody was answered
                    time.sleep(luck.uniform(0.0, 1.0))
                    done += process.is_alive()
            last.enter_context(work.served())  # ends after everybody has ended the step they are at
        yield Figure(f"servers killed under traffic at a random moment, {kind}", done, kills)
        yield from _nothing_lost(ground, work, most, kind)


def _nothing_lost(ground, work, most, kind):
    uncertain = sum(p.uncertain for p in work.people)
    found, kept, of, whole = work.left()
    work.listener.close()
    clean = Settings(home=ground.home(), database_url=ground.database(kind), rate_limit="999999999/minute")
    yield Figure(f"acknowledged entries that are in the record, {kind}", kept, of)
    yield Figure(
        f"answers that left it uncertain, each settled by asking again, {kind}",
        uncertain,
        max(uncertain, ground.size(200, 1)),
    )
    same = int(found == work.same_again(clean, most))
    yield Figure(f"records byte-identical to the same requests without a kill, {kind}", same, 1)
    yield Figure(f"journals whole, {kind}", int(whole), 1)


@check
def database_killed(ground):
    """Kill processes of a real PostgreSQL under traffic until enough answers are uncertain: what was asked again is there once."""
    enough, most, luck = ground.size(200, 10), ground.size(1500, 100), random.Random(20261126)
    with running(ground.home()) as server:
        url = new_database(server)
        work = Work(Settings(home=ground.home(), database_url=url, rate_limit="999999999/minute"), most)
        kills = 0
        with work.served(), work.going() as failed:
            while sum(p.uncertain for p in work.people) < enough and not failed():
                time.sleep(luck.uniform(0.1, 0.6))
                kills += _kill_one(url, luck)
        yield Figure("database processes killed under traffic", kills, kills)
        yield from _nothing_lost(ground, work, most, "postgresql")


def _kill_one(url, luck):
    """Kill one process that serves this database; returns how many were killed, 0 where the database is just coming back."""
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            mine = "datname = current_database() AND pid != pg_backend_pid()"
            pids = [pid for (pid,) in connection.execute(sa.text(f"SELECT pid FROM pg_stat_activity WHERE {mine}"))]
        if pids:
            os.kill(luck.choice(pids), signal.SIGKILL)
        return len(pids[:1])
    except (sa.exc.OperationalError, ProcessLookupError):
        return 0
    finally:
        engine.dispose()


@check
def night_killed(ground):
    """Kill nights at every named step and at random moments and take them up again: each record is the same as after a night nobody killed."""
    for kind in STORES:
        url, times = ground.database(kind) if kind == "postgresql" else "-", ground.size(60, 1)
        command = [sys.executable, "-m", "tests.service.night.killing", str(ground.home()), url, str(times)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
        (_, _, _, whole), *broken = json.loads(done.stdout.splitlines()[-1])
        steps, moments = broken[: len(STEPS)], broken[len(STEPS) :]
        same = sum(killed and left == whole for _, killed, _, left in steps)
        yield Figure(f"nights killed at a named step whose record is the same, byte by byte, {kind}", same, len(STEPS))
        found = sum(resumed == (where not in ("read", "freezing")) for where, _, resumed, _ in steps)
        yield Figure(
            f"nights taken up where they stood once their inputs were kept, begun anew before, {kind}",
            found,
            len(STEPS),
        )
        same = sum(left == whole for _, _, _, left in moments)
        yield Figure(f"nights killed at a random moment whose record is the same, byte by byte, {kind}", same, times)
