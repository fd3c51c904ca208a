"""Many at once over HTTP, on real server processes: the last opening, one household in two hands, and more than a server answers."""

import http.client
import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta

import pandas as pd

from matching.tables import TABLES
from matching.tables import check as rows_of
from matching.vocabulary import OPEN_REFERRAL_STATES
from service import logs
from service.app import create_app
from service.batch import office_night
from service.bench_server import serving
from service.security.accounts import Accounts
from service.security.keys import Keys
from service.settings import Settings
from service.wiring import open_office
from tests.service.records import fill
from tests.service.region import DAY, MEMBERS, POSITIONS, SHAMIAN
from tests.trust.frame import Figure, check, ready_context

CALLERS = 64


def small_region():
    """Return the application of the small region on its day; what uvicorn starts."""
    logs.configure("ERROR")
    return create_app(Settings(), day=DAY)


class Caller:
    """A caseworker with a key of their own at one server."""

    def __init__(self, key, port):
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._client = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def ask(self, method, path, body=None, **headers):
        """Return status, headers and document of one answer."""
        self._client.request(method, path, None if body is None else json.dumps(body), self._headers | headers)
        answer = self._client.getresponse()
        out = answer.status, answer.headers, json.loads(answer.read())
        self._client.close()  # the server ends connections nobody uses; the next request opens one
        return out

    def refer(self, member, post):
        """Refer a member; who is told that the house is full comes back."""
        while (answer := self.ask("POST", "/api/v1/referrals", {"member_id": member, "position_id": post}))[0] == 503:
            time.sleep(0.2)
        return answer


class Desk:
    """Callers at work on servers of one record, all asking at the same moment."""

    def __init__(self, office, ports, callers=CALLERS):
        self.office = office
        accounts, keys = Accounts(office.store), Keys(office.store)
        for k in range(callers):
            accounts.add(f"caseworker{k}", "caseworker", None, by="test")
        self.callers = [
            Caller(keys.make(f"caseworker{k}", days=1, by="test"), ports[k % len(ports)]) for k in range(callers)
        ]
        self._pool = ThreadPoolExecutor(callers)

    def at_once(self, calls):
        """Let callers make one call each at the same moment: pairs of a caller and a function of it; returns the answers in order."""
        gate = threading.Barrier(len(calls))

        def run(pair):
            gate.wait()
            return pair[1](pair[0])

        return list(self._pool.map(run, calls))


def _crowd(office, rounds):
    """Add posts with one opening each, and members who may have any of them: as many as call, and one more a round."""
    members = [
        {**MEMBERS[0], **SHAMIAN, "member_id": f"X{k:03d}", "household_id": "H1"} for k in range(CALLERS + rounds)
    ]
    posts = [{**POSITIONS[0], "position_id": f"L{k:03d}"} for k in range(rounds)]
    with office.store.write() as tx:
        for table, rows in (("members", members), ("positions", posts)):
            tx.insert(table, rows_of(TABLES[table], pd.DataFrame(rows)).require())
    return [row["member_id"] for row in members]


@check
def last_opening(ground):
    """All refer somebody to the last opening of a post, then two edit one household, round after round, by one server and by two, while
    nights run one after the other."""
    settings = [("sqlite", 1), ("postgresql", 1), ("postgresql", 2)]
    for kind, servers in settings[ground.size(0, 2) :]:
        yield from _rounds(ground, kind, servers, ground.size(200, 1))


def _rounds(ground, kind, servers, rounds):
    url, home = ground.database(kind), ground.home()
    settings = Settings(home=home, database_url=url, workers=1)
    with open_office(settings, day=DAY) as office, ExitStack() as running:
        free = _crowd(fill(office), rounds)
        named = {"database_url": url, "rate_limit": "999999999/minute"}
        ports = [
            running.enter_context(serving("tests.trust.concurrency:small_region", home, settings=named)).port
            for _ in range(servers)
        ]
        desk, good, told = Desk(office, ports), 0, 0
        with _nights_meanwhile(settings) as nights:
            for k in range(rounds):
                good += _one_has_it(desk, f"L{k:03d}", free)
                told += _second_is_told(desk, k)
        where = f"{kind}, {servers} server{'s' if servers > 1 else ''}"
        one = f"rounds of {CALLERS} callers and the night in which one got the last opening, all others were told, {where}"
        yield Figure(one, good, rounds)
        yield from _kept(office, rounds, where)
        yield Figure(f"edits of one household by two at once: one kept, the other told, {where}", told, rounds)
        yield Figure(f"nights run meanwhile and ended well, {where}", *nights())


@contextmanager
def _nights_meanwhile(settings):
    """Run one night after the other until the block ends; yields a question: how many ended well, and of how many."""
    context = ready_context()
    over, began, done = context.Event(), context.Value("i", 0), context.Value("i", 0)
    process = context.Process(target=nights, args=(settings, over, began, done))
    process.start()
    try:
        yield lambda: (done.value, began.value)
    finally:
        over.set()
        process.join()


def nights(settings, over, began, done):
    """Run nights of one day until told to stop, at least one."""
    logs.configure("CRITICAL")
    with open_office(settings, day=DAY) as office:
        while not (over.is_set() and began.value):
            began.value += 1
            office_night(office)
            done.value += 1
            over.wait(0.5)


def _one_has_it(desk, post, free):
    """Whether one of all callers is granted a post, or the night has it, and everybody else told that no opening is left; the winner's
    member goes."""
    members = free[:CALLERS]
    answers = desk.at_once([(c, lambda c, m=m: c.refer(m, post)) for c, m in zip(desk.callers, members, strict=True)])
    won = [m for m, (status, _, _) in zip(members, answers, strict=True) if status == 201]
    for member in won:
        free.remove(member)
    lost = [(status, body.get("type"), post in body.get("detail", "")) for status, _, body in answers if status != 201]
    night = (desk.office.store.read("referrals", position_id=post)["source"] == "night").any()
    return len(won) <= 1 and (won or night) and lost == [(409, "/problems/no-opening", True)] * (CALLERS - len(won))


def _second_is_told(desk, k):
    """Whether of two officers who read one household and correct it at once, one is heard and the other told; and the record says the first's."""
    two, path = desk.callers[:2], "/api/v1/households/H2"
    seen = two[0].ask("GET", f"{path}/file")[1]["ETag"]
    sent = [{"discovered_on": str(date(2025, 1, 1) + timedelta(days=2 * k + n))} for n in range(2)]
    answers = desk.at_once(
        [(c, lambda c, b=b: c.ask("PATCH", path, b, **{"If-Match": seen})) for c, b in zip(two, sent, strict=True)]
    )
    statuses = [status for status, _, _ in answers]
    if sorted(statuses) != [200, 412] or answers[statuses.index(412)][2]["type"] != "/problems/stale":
        return False
    kept = desk.office.store.read("households", household_id="H2")["discovered_on"].iloc[0]
    return str(kept.date()) == sent[statuses.index(200)]["discovered_on"]


def _kept(office, rounds, where):
    """Yield that what the record holds is what was granted: at most one open referral a post, one entry a grant, one an edit, a whole chain."""
    referrals, entries = office.store.read("referrals"), office.store.read("journal")
    held = referrals[referrals["state"].isin(OPEN_REFERRAL_STATES)]["position_id"].value_counts()
    posts = [f"L{k:03d}" for k in range(rounds)]
    yield Figure(
        f"posts without more open referrals than openings, {where}", sum(held.get(p, 0) <= 1 for p in posts), rounds
    )
    granted = entries[entries["action"] == "referral.issued"]["object_id"]
    same = Counter(granted) == Counter(referrals[referrals["caseworker_id"].notna()]["referral_id"])
    yield Figure(f"grants with one entry each in the journal, {where}", len(granted) if same else 0, len(granted))
    edits = int((entries["action"] == "household.corrected").sum())
    yield Figure(f"edits with one entry each, {where}", edits, rounds)
    yield Figure(f"journals whole, {where}", int(office.store.journal_break() is None), 1)


@check
def too_many_at_once(ground):
    """More callers than a server answers and lets wait: each is answered or sent away with a time, probes pass, and it works on."""
    home, crowds = ground.home(), ground.size(50, 3)
    named = {"requests_at_once": "1", "requests_waiting": "8", "rate_limit": "999999999/minute"}
    with open_office(Settings(home=home), day=DAY) as office:
        fill(office)
        with serving("tests.trust.concurrency:small_region", home, settings=named) as server:
            desk = Desk(office, [server.port], ground.size(CALLERS, 24))
            probe, answers, probes, again = Caller("none", server.port), [], 0, 0
            for _ in range(crowds):
                asked = [(c, lambda c: c.ask("GET", "/api/v1/members/M1/ranking?limit=5")) for c in desk.callers[1:]]
                found = desk.at_once([*asked, (probe, lambda c: c.ask("GET", "/health"))])
                probes += found.pop()[0] == 200
                answers += found
                again += desk.callers[0].ask("GET", "/api/v1/me")[0] == 200
    away = [(int(h.get("Retry-After", 0)) > 0, b["type"]) for status, h, b in answers if status == 503]
    served = sum(status == 200 for status, _, _ in answers)
    yield Figure("requests of a crowd answered or sent away, none hung", served + len(away), len(answers))
    yield Figure("requests sent away told when to come back", away.count((True, "/problems/busy")), len(away))
    yield Figure(
        "crowds of which at least those with a place and those who may wait were answered", int(served >= 9 * crowds), 1
    )
    yield Figure("probes answered in the middle of a crowd", probes, crowds)
    yield Figure("requests answered after the crowd", again, crowds)
