"""What a supervisor is shown: facts about welfare placements, shares asked of employers. Nothing is blocked silently."""

from collections.abc import Mapping
from dataclasses import dataclass

from matching.abuse import Finding, WelfareRecord, welfare_findings
from matching.quotas import dispatch_share_table, required_share_table
from service.use_cases.rows import records
from service.wiring import Office

Row = Mapping[str, object]


def flags(office: Office, *, region: str = "") -> list[Finding]:
    """Return every finding of the checks on public-welfare placements today, for members of a region; facts, never a verdict."""
    names = ("members", "positions", "referrals", "placements", "caseworkers")
    with office.store.reading() as reader:
        tables, addresses = {name: reader.seen(name) for name in names}, reader.same_addresses()
    record = WelfareRecord(**tables, shared_addresses=addresses)
    found = welfare_findings(record, office.today(), office.policy(office.today()))
    here = set(tables["members"].loc[tables["members"]["region_code"].str.startswith(region), "member_id"])
    return [f for f in found if not f.member_id or f.member_id in here]


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares the law asks: hard-to-employ staff of institutions, dispatched staff at user units; reported, decided elsewhere."""

    required: tuple[Row, ...]
    dispatch: tuple[Row, ...]


def shares(office: Office, *, region: str = "") -> Shares:
    """Return how far employers of a region are from the shares asked of them."""
    tables = office.store.snapshot(("employers", "positions", "placements"))
    policy = office.policy(office.today())
    mine = tables["employers"]["region_code"].str.startswith(region)
    here = set(tables["employers"].loc[mine, "employer_id"])
    asked = required_share_table(tables["employers"][mine].reset_index(drop=True), policy)
    sent = dispatch_share_table(tables["employers"], tables["positions"], tables["placements"], office.today(), policy)
    return Shares(tuple(records(asked)), tuple(records(sent[sent["employer_id"].isin(here)])))
