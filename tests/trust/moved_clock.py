"""A clock that is set ahead and back under a server at work: it answers, sessions and promises follow the clock, nothing entered is lost or doubled."""

import http.client
import json
import random
import time
from collections import Counter
from contextlib import contextmanager
from datetime import datetime, timedelta
from urllib.parse import urlencode

import uvicorn

from matching.errors import Conflict
from service import logs
from service.app import create_app
from service.batch import LEASE
from service.clock import LOCAL
from service.security.accounts import FREE_TRIES, Accounts
from service.security.keys import Keys
from service.settings import Settings
from service.storage import leasing
from service.storage.schema import leases
from service.use_cases.worklist import worklist
from service.wiring import open_office, open_store
from tests.service.region import DAY
from tests.trust.frame import STORES, Figure, check, ready_context
from tests.trust.killed import Work

DAYS = (0, 12, -2)
"""Where the clock is set to in turn, in days after the first, and 0 at the end; the full form goes on to random days, up to 12 ahead: then the
posts of this region want to be confirmed again."""

PEOPLE = 2
PLENTY = "999999999/minute"
PASSWORD = "correct horse 9 battery"
ELSEWHERE = "held-elsewhere"
"""A lease that a process on another machine holds."""

READ = ("/api/v1/worklist", "/api/v1/members/M1/ranking?limit=5", "/api/v1/members/M1/locks", "/ready")


def moved(ahead):
    """Let this process's clock run ahead by a shared number of seconds that may change at any time."""
    real = time.time
    time.time = lambda: real() + ahead.value


def serve(settings, listener, ahead):
    """Answer requests at a socket by a clock that is moved."""
    moved(ahead)
    logs.configure("CRITICAL")
    uvicorn.Server(uvicorn.Config(create_app(settings), log_level="critical", access_log=False)).run(sockets=[listener])


def take(settings, ahead, name, refused):
    """Try to hold a lease by a clock that is moved; tell whether it was refused."""
    moved(ahead)
    with open_store(settings) as store:
        try:
            with store.lease(name, minutes=30):
                refused.value = False
        except Conflict:
            refused.value = True


class Moved(Work):
    """People with keys at work on a server whose clock is moved, and one who logs in by the page."""

    callers = PEOPLE

    def __init__(self, settings, most):
        noon = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=LOCAL).timestamp()
        self._first = noon - time.time()
        self.ahead = ready_context().Value("d", self._first)
        self.serving = (serve, self.ahead)
        super().__init__(settings, most)
        with open_store(settings) as store:
            accounts, keys = Accounts(store), Keys(store, lambda: noon)
            for name in ("clerk", "late"):
                accounts.add(name, "supervisor", None, by="test", password=PASSWORD)
            for person in self.people:
                accounts.add(f"caseworker{person.k}", "caseworker", None, by="test")
                made = keys.make(f"caseworker{person.k}", days=730, by="test")
                person.pause, person.proof = 1.0, {"Authorization": f"Bearer {made}"}
        self.port = self.people[0].port

    def set_to(self, days):
        """Set the server's clock to so many days after the first."""
        self.ahead.value = self._first + days * 86_400.0

    def ask(self, method, path, body=None, **headers):
        """Return status, headers and text of one answer."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        client.request(method, path, body, headers)
        answer = client.getresponse()
        out = answer.status, answer.headers, answer.read().decode()
        client.close()
        return out

    def log_in(self, name, password=PASSWORD):
        """Log in by the page; return the status and the session's cookie."""
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode({"name": name, "password": password, "back": "/"})
        status, headers, _ = self.ask("POST", "/login", body, **form)
        return status, (headers.get("Set-Cookie") or "").partition(";")[0]

    def opens(self, cookie):
        """Whether a session opens something."""
        return self.ask("GET", "/api/v1/me", Cookie=cookie)[0] == 200

    def refused(self, name):
        """Whether a process of this clock is refused a lease."""
        told = self.context.Value("b", False)
        process = self.context.Process(target=take, args=(self.settings, self.ahead, name, told))
        process.start()
        process.join()
        return bool(told.value)

    def worked(self, entries, failed):
        """Wait until so many more entries were acknowledged; whether they were."""
        before = self.acknowledged()
        while self.acknowledged() < before + entries and not failed():
            time.sleep(0.01)
        return not failed()


class Told:
    """What was tried while the clock moved, and how much of it came out as promised."""

    def __init__(self):
        self.good, self.of = Counter(), Counter()

    def add(self, what, held):
        """Count one trial."""
        self.good[what] += bool(held)
        self.of[what] += 1


@contextmanager
def _held(work):
    """Hold the night's lease by this process, and another one by a machine elsewhere where machines share the store."""
    names = [LEASE]
    with open_store(work.settings) as store, store.lease(LEASE, minutes=30):
        if store.engine.dialect.name == "postgresql":
            names.append(ELSEWHERE)
            with store.write() as tx:
                until = leasing.now(tx._connection) + 86_400
                tx.execute(leases.insert(), {"name": ELSEWHERE, "holder": "elsewhere:1:1:1", "until": until})
        yield names


def _readings(work, day, told):
    """Read what is asked for all day; promises have the days left that an office of that day counts."""
    with open_office(work.settings, day=DAY + timedelta(days=day)) as office:
        owed = {row["member_id"]: row["days_left"] for row in worklist(office)}
    for path in READ:
        status, _, text = work.ask("GET", path, **work.people[0].proof)
        told.add("readings answered", status == 200)
        if path == READ[0]:
            items = json.loads(text)["items"]
            same = [owed[i["member_id"]] == i["days_left"] for i in items]
            told.add("worklists in which every promise has the days left of the clock's day", same and all(same))


def _log_ins(work, day, sessions, told):
    """Log in once more; each session so far is open where its half hour runs by the clock and nobody's later log-in has taken it away."""
    status, cookie = work.log_in("clerk")
    told.add("log-ins by password", status == 303)
    sessions[:] = [(opened, known, swept or opened < day) for opened, known, swept in sessions]
    sessions.append((day, cookie, False))
    for opened, known, swept in sessions:
        told.add("sessions open or over as their rule says", work.opens(known) == (opened == day and not swept))
    told.add("pages answered", work.ask("GET", "/members/M1", Cookie=cookie)[0] == 200)


def _shut(work):
    """Fail to log in until a name is shut; return whether it is."""
    tries = [work.log_in("late", "wrong")[0] for _ in range(FREE_TRIES + 1)]
    return tries == [401] * FREE_TRIES + [429]


def _entered(work, told):
    """Whether the record holds each acknowledged entry once, and the journal one line of each, in an unbroken order."""
    _, kept, of, whole = work.left()
    told.good["entries acknowledged that are in the record"] += kept
    told.of["entries acknowledged that are in the record"] += of
    with open_store(work.settings) as store:
        entries = store.read("journal", ["seq", "action", "object_id"])
    made = entries[entries["action"].isin(["referral.issued", "contact.noted", "lock.exclude"])]
    told.add(
        "records with one line in the journal for each entry",
        Counter(made["object_id"]) == Counter(i for p in work.people for _, i in p.kept),
    )
    told.add(
        "journals numbered without a gap, each line following the one before",
        whole and entries["seq"].tolist() == list(range(1, len(entries) + 1)),
    )


def _asked_again(work, luck, told):
    """Send a step of some earlier day again, under its keys, for everybody who has one."""
    for person in work.people:
        if person.kept:
            same = person.same_again(luck.randrange(len(person.kept) // 3))
            told.add("steps asked again under their keys on another day and answered as before", same)


@check
def clock_jumped(ground):
    """Set the clock of a server at work ahead and back, past the last entry too: it goes on, and what hangs on the time follows the clock."""
    for kind in STORES:
        luck, told = random.Random(20261126), Told()
        days = [*DAYS, *(luck.randint(-20, 12) for _ in range(ground.size(30, 0))), 0]
        named = {"home": ground.home(), "database_url": ground.database(kind)}
        work = Moved(Settings(**named, rate_limit=PLENTY, login_rate_limit=PLENTY), ground.size(600, 60))
        with work.served(), _held(work) as names, work.going() as failed:
            sessions, shut = [], False
            for day in days:
                work.set_to(day)
                told.add("times the clock was set and people went on with their work", work.worked(3 * PEOPLE, failed))
                _readings(work, day, told)
                _log_ins(work, day, sessions, told)
                for name in names if day else ():
                    told.add("starts that were refused the lease of a living holder", work.refused(name))
                _asked_again(work, luck, told)
                if day == 0 and shut:
                    in_again = work.log_in("late")[0] == 303
                    told.add("names shut ahead of time that open when the clock is right", in_again)
                shut = (shut and day != 0) or (day > 0 and not shut and _shut(work))
        for person in work.people:
            told.add("people at work whom a fault of ours never held up", not person.uncertain)
        _entered(work, told)
        work.listener.close()
        for what, of in told.of.items():
            yield Figure(f"{what}, {kind}", told.good[what], of)
