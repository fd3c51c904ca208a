"""Requests made from the OpenAPI document, sent as each role and as nobody: no fault of ours, no answer the document does not know."""

import asyncio
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import httpx2
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from matching.vocabulary import Role
from service import logs
from service.app import app_of
from service.security.accounts import Accounts
from service.security.keys import Keys
from service.settings import Settings
from service.wiring import open_office
from tests.service.records import fill
from tests.service.region import DAY
from tests.trust.frame import Figure, check

CALLERS = (*(role.value for role in Role), "nobody")
"""Who sends each case: an account of every role, and somebody without one."""

CASES = 50_000, 5_000
"""Cases of all callers together in the full form and in the short one."""

MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
"""What the document allows, and what nearly is."""


@check
def requests_from_the_document(ground):
    """Send each case as every caller in turn to one record; count every answer, stop at none."""
    workers, each = ground.size(os.cpu_count() or 1, 1), -(-ground.size(*CASES) // len(CALLERS))
    shares = [(ground.home(), k, workers, each) for k in range(workers)]
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        found = list(pool.map(_share, *zip(*shares, strict=True)))
    sent, faults, strange = (sum(counts, Counter()) for counts in zip(*found, strict=True))
    for caller in CALLERS:
        yield Figure(f"cases sent as {caller} and answered without a fault of ours", *_good(sent, faults, caller))
    for what, wrong in (("without a fault of ours", faults), ("with a status the document knows", strange)):
        where = sorted({f"{label} {status}" for label, _, status in wrong})
        yield Figure(f"cases answered {what} {where or ''}", sent.total() - wrong.total(), sent.total())


def _good(sent, faults, caller):
    of = sum(n for (_, who, _), n in sent.items() if who == caller)
    return of - sum(n for (_, who, _), n in faults.items() if who == caller), of


def _share(home, first, step, cases):
    """Send every ``step``-th operation's cases to a record of their own; returns how many were sent, were a fault, were not documented."""
    logs.configure("CRITICAL")
    with open_office(Settings(home=home, rate_limit="999999999/minute"), day=DAY) as office:
        headers = _headers(fill(office))
        app = app_of(office)
        schema = schemathesis.openapi.from_dict(app.openapi())
        operations = sorted((result.ok() for result in schema.get_all_operations()), key=_variety)
        mine = operations[first::step]
        counts = Counter(), Counter(), Counter()
        with asyncio.Runner() as loop:
            transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
            client = httpx2.AsyncClient(transport=transport, base_url="http://testserver")
            for k, operation in enumerate(mine):
                left = cases // step - counts[0].total() // len(headers)
                _try(
                    operation, -(-left // (len(mine) - k)), lambda case: loop.run(_send(client, case, headers)), counts
                )
    return counts


def _variety(operation):
    """Order those first of which there are few cases; what they leave is for the others."""
    raw = operation.definition.raw
    return "requestBody" in raw, len(raw.get("parameters", ()))


def _headers(office):
    """Return caller → the header that says who they are."""
    for role in CALLERS[:-1]:
        Accounts(office.store).add(f"fuzz-{role}", role, None, by="test")
    keys = {role: Keys(office.store).make(f"fuzz-{role}", days=1, by="test") for role in CALLERS[:-1]}
    return {"nobody": {}} | {role: {"Authorization": f"Bearer {key}"} for role, key in keys.items()}


def _try(operation, examples, send, counts):
    """Send so many cases of one operation, half as the document allows."""
    sent, faults, strange = counts
    documented = set(operation.definition.raw["responses"])

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in MODES)))
    def cases(case):
        for caller, status in send(case):
            at = operation.label, caller, status
            sent[at] += 1
            faults[at] += status >= 500 and status != 503
            strange[at] += str(status) not in documented

    cases()


async def _send(client, case, headers):
    """Send a case as each caller; returns the status each was answered."""
    made = case.as_transport_kwargs(base_url="http://testserver")
    wanted = requests.Request(**{k: made[k] for k in PARTS if k in made}).prepare()
    found = []
    for caller, who in headers.items():
        request = client.build_request(
            wanted.method, wanted.url, headers={**wanted.headers, **who}, content=wanted.body
        )
        found.append((caller, (await client.send(request)).status_code))
    return found


PARTS = ("method", "url", "headers", "params", "json", "data", "cookies", "files")
"""What makes a request, of all that is known of how it is sent."""
