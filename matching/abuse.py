"""Checks on public-welfare placements: facts for the supervisor, never a silent block and never a verdict."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from matching.policy.load import PolicyBook
from matching.reasons import Fact, Reason

WELFARE = "PUBLIC_WELFARE"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a supervisor should look at: the record it is about, the member, and the facts."""

    object_type: str
    object_id: str
    member_id: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class WelfareRecord:
    """The tables the checks read, canonical; ``shared_addresses`` has columns ``caseworker_id member_id``, told by the identity vault."""

    members: pd.DataFrame
    positions: pd.DataFrame
    referrals: pd.DataFrame
    placements: pd.DataFrame
    caseworkers: pd.DataFrame
    shared_addresses: pd.DataFrame


def welfare_findings(record: WelfareRecord, as_of: date, policy: PolicyBook) -> tuple[Finding, ...]:
    """Return every finding of every check on a day, ordered by code and record."""
    found = [
        *relatives(record), *two_posts(record, as_of), *past_term(record, as_of, policy), *past_lifetime(record, as_of, policy),
        *unproven(record, as_of, policy), *concentration(record, as_of, policy), *before_declaration(record),
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda f: (f.reason.code, f.object_type, f.object_id)))


def relatives(record: WelfareRecord) -> list[Finding]:
    """Welfare referrals made by an officer who declared the member a relative, or who shares the member's address."""
    told = record.caseworkers[["caseworker_id", "declared_relatives"]].copy()
    told["member_id"] = told["declared_relatives"].str.split(";")
    kin = told.explode("member_id")[["caseworker_id", "member_id"]].assign(tie="declared_relative")
    ties = pd.concat(
        [kin, record.shared_addresses[["caseworker_id", "member_id"]].assign(tie="same_address")], ignore_index=True
    )
    hits = _welfare_referrals(record).merge(ties, on=["caseworker_id", "member_id"])
    return _found("referral", "ABUSE_RELATIVE", hits, ("caseworker_id", "tie"))


def two_posts(record: WelfareRecord, as_of: date) -> list[Finding]:
    """Members in a welfare placement whose days overlap those of another placement."""
    jobs = _until(record.placements, as_of)
    pairs = jobs[jobs["kind"] == WELFARE].merge(jobs, on="member_id", suffixes=("", "_other"))
    pairs = pairs[pairs["placement_id"] != pairs["placement_id_other"]]
    overlap = (pairs["started_on"] <= pairs["until_other"]) & (pairs["started_on_other"] <= pairs["until"])
    twice = (pairs["kind_other"] == WELFARE) & (pairs["placement_id"] > pairs["placement_id_other"])
    both = pairs[overlap & ~twice].copy()
    both["from"] = both[["started_on", "started_on_other"]].max(axis=1)
    both["until"] = both[["until", "until_other"]].min(axis=1)
    return _found("placement", "ABUSE_TWO_POSTS", both, ("placement_id_other", "from", "until"))


def past_term(record: WelfareRecord, as_of: date, policy: PolicyBook) -> list[Finding]:
    """Welfare placements longer than the term, unless the member was near retirement when it began and the term may run to retirement."""
    jobs = _until(record.placements[record.placements["kind"] == WELFARE], as_of)
    limit = policy.whole("pw.max_months")
    months = _months(jobs["started_on"], jobs["until"])
    people = record.members.set_index("member_id").reindex(jobs["member_id"])
    births = people["birth_month"].to_numpy(dtype=object)
    retires = policy.retirement_months(births, people["sex"].to_numpy(dtype=object)).astype("datetime64[M]")
    began = jobs["started_on"].to_numpy().astype("datetime64[M]")
    near = ~np.isnat(retires) & ((retires - began).astype(np.int64) <= 12 * policy.whole("pw.near_retire_years"))
    over = jobs.assign(months=months, limit_months=limit)[(months >= limit) & ~near]
    return _found("placement", "ABUSE_PAST_TERM", over, ("months", "limit_months", "started_on"))


def past_lifetime(record: WelfareRecord, as_of: date, policy: PolicyBook) -> list[Finding]:
    """Members with more welfare placements than are usually allowed in a life."""
    jobs = _until(record.placements[record.placements["kind"] == WELFARE], as_of)
    jobs = jobs.sort_values(["started_on", "placement_id"])
    jobs["number"], jobs["limit"] = jobs.groupby("member_id").cumcount() + 1, policy.whole("pw.max_lifetime")
    return _found("placement", "ABUSE_PAST_LIFETIME", jobs[jobs["number"] > jobs["limit"]], ("number", "limit"))


def unproven(record: WelfareRecord, as_of: date, policy: PolicyBook) -> list[Finding]:
    """Welfare placements some time after their start without insurance, or without verified evidence: nobody may be there."""
    jobs = _until(record.placements[record.placements["kind"] == WELFARE], as_of)
    jobs["days"] = (jobs["until"] - jobs["started_on"]).dt.days
    insured = jobs["position_id"].map(record.positions.set_index("position_id")["insured"])
    jobs["insured"] = ~(insured.isna() | (insured == ""))
    jobs["verified"] = (jobs["evidence"] != "none") & jobs["verified_on"].notna()
    late = (jobs["days"] >= policy.whole("abuse.evidence_days")) & ~(jobs["insured"] & jobs["verified"])
    return _found("placement", "ABUSE_UNPROVEN", jobs[late], ("days", "insured", "evidence", "verified"))


def concentration(record: WelfareRecord, as_of: date, policy: PolicyBook) -> list[Finding]:
    """Employers that hold a large share of a district's running welfare placements."""
    jobs = _until(record.placements[record.placements["kind"] == WELFARE], as_of)
    jobs = jobs[jobs["ended_on"].isna()].merge(
        record.positions[["position_id", "employer_id", "region_code"]], on="position_id"
    )
    jobs["district"] = jobs["region_code"].str[:6]
    counts = jobs.groupby(["district", "employer_id"]).size().reset_index(name="placements")
    counts["of"] = counts.groupby("district")["placements"].transform("sum")
    counts["limit_share"] = policy.number("abuse.concentration_share")
    high = (counts["of"] >= policy.whole("abuse.concentration_least")) & (
        counts["placements"] > counts["limit_share"] * counts["of"]
    )
    return _found("employer", "ABUSE_CONCENTRATION", counts[high], ("district", "placements", "of", "limit_share"))


def before_declaration(record: WelfareRecord) -> list[Finding]:
    """Welfare referrals to a post before it was declared, or that was never declared (岗位申报制度: first the post, then the person)."""
    sent = _welfare_referrals(record)
    early = sent[sent["declared_on"].isna() | (sent["created_on"] < sent["declared_on"])]
    return _found("referral", "ABUSE_BEFORE_DECLARATION", early, ("position_id", "created_on", "declared_on"))


def _welfare_referrals(record: WelfareRecord) -> pd.DataFrame:
    posts = record.positions.loc[record.positions["kind"] == WELFARE, ["position_id", "declared_on"]]
    return record.referrals[record.referrals["state"] != "draft"].merge(posts, on="position_id")


def _until(placements: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return placements that had begun by a day, with ``until``: their last day, or that day while they run."""
    today = pd.Timestamp(as_of)
    jobs = placements[placements["started_on"] <= today].reset_index(drop=True)
    ended = jobs["ended_on"].where(jobs["ended_on"] <= today)
    return jobs.assign(ended_on=ended, until=ended.fillna(today))


def _months(first: pd.Series, last: pd.Series) -> np.ndarray:
    """Return (n,) whole months between two days."""
    apart = (last.dt.year - first.dt.year) * 12 + last.dt.month - first.dt.month
    return np.asarray(apart - (last.dt.day < first.dt.day).astype(int), dtype=np.int64)


def _found(kind: str, code: str, rows: pd.DataFrame, facts: tuple[str, ...]) -> list[Finding]:
    """Return one finding a row, about the record in column ``<kind>_id``, with the columns ``facts`` as its facts."""
    out = []
    for row in rows.to_dict("records"):
        told = {name: _fact(row[name]) for name in facts}
        out.append(Finding(kind, str(row[f"{kind}_id"]), str(row.get("member_id", "")), Reason(code, told)))
    return out


def _fact(value: object) -> Fact:
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return value if isinstance(value, (str, int, float, bool)) else None
