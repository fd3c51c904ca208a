"""Refusals: one log of facts, a separate counter per regime. A counter is shown to a person; nothing follows by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
import pandas as pd

from matching.policy.load import PolicyBook
from matching.promise import months_later
from matching.reasons import Reason
from matching.vocabulary import JUSTIFIED_BY_RULE


class Counting(StrEnum):
    """How a regime counts."""

    WINDOW = "window"
    CUMULATIVE = "cumulative"
    IN_A_ROW = "in_a_row"


REGIMES: Mapping[str, Counting] = {
    "hard_to_employ": Counting.WINDOW,
    "unemployment_insurance": Counting.CUMULATIVE,
    "dibao": Counting.IN_A_ROW,
    "household": Counting.CUMULATIVE,
    "local": Counting.CUMULATIVE,
}
"""Regime of ``refusal.regimes`` → how it counts; which hold, and at what number they speak, is policy."""

ANSWERED = frozenset({"attended", "offered", "accepted", "started", "closed", "rejected"})
"""States of an offer the member took up: they end a run of refusals."""


class NotCounted(StrEnum):
    """Why a declined offer does not count, the first rule that says so."""

    WITHDRAWN_BY_OTHERS = "withdrawn_by_others"
    NOT_SUITABLE = "not_suitable"
    JUSTIFIED_BY_RULE = "justified_by_rule"
    JUSTIFIED = "justified"
    UNDECIDED = "undecided"
    NOT_TOLD = "not_told"
    APPEALED = "appealed"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class Tally:
    """Where one member stands under one regime.

    Attributes
    ----------
    regime, counting : str, Counting
        The rule and how it counts.
    counted, limit : int
        Refusals that count today, and the number at which the rule speaks.
    counted_ids, not_counted : tuple
        Referrals that count; those that do not, each with the reason.
    policy_id, source : str
        The policy row that sets the limit.
    """

    regime: str
    counting: Counting
    counted: int
    limit: int
    counted_ids: tuple[str, ...]
    not_counted: tuple[tuple[str, NotCounted], ...]
    policy_id: str
    source: str

    @property
    def reached(self) -> bool:
        """Whether the rule speaks; a person decides what that means."""
        return self.counted >= self.limit

    @property
    def reason(self) -> Reason:
        """The count with its facts: "2 of 3 under this rule, the next one would reach it"."""
        code = (
            "REFUSALS_REACHED"
            if self.reached
            else "REFUSALS_NEXT_REACHES"
            if self.counted + 1 == self.limit
            else "REFUSALS_COUNTED"
        )
        return Reason(code, {
            "regime": self.regime, "counting": self.counting.value, "counted": self.counted, "limit": self.limit,
            "not_counted": len(self.not_counted), "policy_id": self.policy_id, "source": self.source,
        })  # fmt: skip


def refusal_log(referrals: pd.DataFrame, notices: pd.DataFrame, appeals: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return the log of answers members gave, one row an offer that was answered by a day.

    Columns ``referral_id member_id answered_on refused counts why_not``: ``refused`` (bool) the member declined; ``counts`` (bool) the
    offer was suitable when it was made, the reason is coded and found unjustified by a person, the member was told, and no appeal
    stands or was upheld; ``why_not`` a :class:`NotCounted` code, "" where it counts or was no refusal. Oldest first.
    """
    today = pd.Timestamp(as_of)
    answered_on = referrals["outcome_on"].fillna(referrals["created_on"])
    mine = referrals["state"].isin(ANSWERED) | (referrals["state"] == "declined")
    rows = referrals[mine & (answered_on <= today)]
    told = _objects(
        notices[(notices["item"] == "refusal") & (notices["given_on"] <= today) & ~(notices["withdrawn_on"] <= today)]
    )
    about = appeals[appeals["about"].isin(["refusal_count", "suitability"]) & (appeals["filed_on"] <= today)]
    decided = about["decided_on"].notna() & (about["decided_on"] <= today)
    pending, upheld = _objects(about[~decided]), _objects(about[decided & (about["decision"] == "upheld")])
    ids, refused = rows["referral_id"], (rows["state"] == "declined").to_numpy()
    rules = (
        (NotCounted.WITHDRAWN_BY_OTHERS, rows["reason_side"].isin(["employer", "agency"])),
        (NotCounted.NOT_SUITABLE, rows["suitability"] != "ok"),
        (NotCounted.JUSTIFIED_BY_RULE, rows["reason"].isin(JUSTIFIED_BY_RULE)),
        (NotCounted.JUSTIFIED, rows["refusal_justified"] == "yes"),
        (NotCounted.UNDECIDED, (rows["refusal_justified"] != "no") | rows["reason"].isna()),
        (NotCounted.REVERSED, ids.isin(upheld)),
        (NotCounted.APPEALED, ids.isin(pending)),
        (NotCounted.NOT_TOLD, ~ids.isin(told)),
    )
    why = np.select(
        [refused & np.asarray(rule.fillna(False), dtype=bool) for _, rule in rules],
        [code.value for code, _ in rules],
        "",
    )
    frame = pd.DataFrame({
        "referral_id": ids.to_numpy(), "member_id": rows["member_id"].to_numpy(), "answered_on": answered_on[rows.index].to_numpy(),
        "refused": refused, "counts": refused & (why == ""), "why_not": pd.array(why, dtype="str"),
    })  # fmt: skip
    return frame.sort_values(["answered_on", "referral_id"], ignore_index=True)


def _objects(frame: pd.DataFrame) -> set[str]:
    return set(frame["object_id"].dropna())


def refusal_table(log: pd.DataFrame, as_of: date, policy: PolicyBook) -> pd.DataFrame:
    """Return the counters of every member in the log under every regime in force.

    Columns ``member_id regime counted limit reached``; one row a member and regime. In a row: refusals since the member last took up an
    offer or refused with good reason; an offer that was not suitable, or is not decided or told yet, neither counts nor ends the run.
    """
    first = months_later(as_of, -_window(policy)) if "hard_to_employ" in policy.items("refusal.regimes") else as_of
    recent = log["answered_on"] > pd.Timestamp(first)
    ends_run = ~log["refused"] | log["why_not"].isin([NotCounted.JUSTIFIED_BY_RULE, NotCounted.JUSTIFIED])
    taken = ends_run.astype(int).groupby(log["member_id"]).cumsum()
    last = taken.groupby(log["member_id"]).transform("max") == taken
    masks = {
        Counting.WINDOW: log["counts"] & recent,
        Counting.CUMULATIVE: log["counts"],
        Counting.IN_A_ROW: log["counts"] & last,
    }
    parts = []
    for regime in policy.items("refusal.regimes"):
        counted = masks[REGIMES[regime]].groupby(log["member_id"]).sum().astype("int64")
        limit = policy.whole(f"refusal.{regime}.count")
        parts.append(
            pd.DataFrame({"member_id": counted.index, "regime": regime, "counted": counted.to_numpy(), "limit": limit})
        )
    out = pd.concat(parts, ignore_index=True).astype({"member_id": "str", "regime": "str"})
    out["reached"] = out["counted"] >= out["limit"]
    return out.sort_values(["member_id", "regime"], ignore_index=True)


def _window(policy: PolicyBook) -> int:
    return policy.whole("refusal.hard_to_employ.window_months")


def tallies(member_id: str, log: pd.DataFrame, as_of: date, policy: PolicyBook) -> tuple[Tally, ...]:
    """Return where one member stands under each regime in force, with the referrals that count and those that do not."""
    mine = log[log["member_id"] == member_id].reset_index(drop=True)
    counters = (
        refusal_table(mine, as_of, policy).set_index("regime")["counted"] if len(mine) else pd.Series(dtype="int64")
    )
    refused = mine[mine["refused"]]
    out = []
    for regime in policy.items("refusal.regimes"):
        row = policy.row(f"refusal.{regime}.count")
        assert row is not None
        counted = int(counters.get(regime, 0))
        ids = refused.loc[refused["counts"], "referral_id"].tolist()
        skipped = tuple(
            (str(r.referral_id), NotCounted(str(r.why_not))) for r in refused[~refused["counts"]].itertuples()
        )
        out.append(Tally(
            regime, REGIMES[regime], counted, policy.whole(row.key), tuple(ids[len(ids) - counted:]), skipped, row.id, row.source,
        ))  # fmt: skip
    return tuple(out)
