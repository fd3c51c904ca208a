"""Requests made from the OpenAPI document, as each role: no fault of ours, no answer the document does not know."""

from collections import Counter

import schemathesis
from hypothesis import HealthCheck, given, settings

from matching.vocabulary import Role
from service.app import app_of
from service.security.accounts import Accounts
from service.security.keys import Keys
from service.settings import Settings
from service.wiring import open_office
from tests.service.conftest import fill
from tests.service.region import DAY
from tests.trust.frame import Figure, check


@check
def requests_from_the_document(ground):
    """Send what the document allows, and what nearly is; count every case, stop at none."""
    roles = ["supervisor", "nobody"] if ground.short else [*(r.value for r in Role), "nobody"]
    faults, strange, cases = Counter(), Counter(), 0
    for role in roles:
        with open_office(Settings(home=ground.home(), rate_limit="999999999/minute"), day=DAY) as office:
            fill(office)
            Accounts(office.store).add("fuzz", "auditor" if role == "nobody" else role, None, by="test")
            headers = (
                {}
                if role == "nobody"
                else {"Authorization": f"Bearer {Keys(office.store).make('fuzz', days=1, by='test')}"}
            )
            schema = schemathesis.openapi.from_asgi("/openapi.json", app_of(office))
            for result in schema.get_all_operations():
                cases += _try(result.ok(), headers, ground.size(400, 4), faults, strange)
    yield Figure(f"cases without a fault of ours {dict(faults) or ''}", cases - faults.total(), cases)
    yield Figure(f"cases whose status the document knows {dict(strange) or ''}", cases - strange.total(), cases)


def _try(operation, headers, examples, faults, strange):
    """Send cases of one operation; returns how many."""
    sent, documented = 0, set(operation.definition.raw["responses"])

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy())
    def send(case):
        nonlocal sent
        status = case.call(headers=headers).status_code
        sent += 1
        faults[operation.label] += status >= 500 and status != 503
        strange[operation.label] += str(status) not in documented

    send()
    for counter in (faults, strange):
        counter.subtract({})
        if not counter[operation.label]:
            del counter[operation.label]
    return sent
