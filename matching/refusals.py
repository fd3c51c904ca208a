"""Refusals: one log of facts, a separate counter per regime. A counter is shown to a person; nothing follows by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
import pandas as pd

from matching.arrays import Bools, Days, Ints
from matching.columns import (
    Table,
    among,
    counts,
    dated,
    days,
    flags,
    in_order,
    known,
    last_of,
    picked,
    rows_of,
    texts,
    written,
)
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
    SAME_POST = "same_post"


PAUSING = ("refusal_count", "suitability", "data", "status", "clock")
"""What an appeal is about that stops every counter until it is decided; one about the order of a list does not."""

_ABOUT_REFUSALS = ("refusal_count", "suitability")


_ENDS_RUN = frozenset({NotCounted.JUSTIFIED_BY_RULE.value, NotCounted.JUSTIFIED.value})
"""Refusals with good reason end a run as an offer that was taken up does."""


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


def refusal_log(referrals: Table, notices: Table, appeals: Table, as_of: date) -> pd.DataFrame:
    """Return the log of answers members gave, one row an offer that was answered by a day.

    Columns ``referral_id member_id answered_on refused counts why_not``: ``refused`` (bool) the member declined; ``counts`` (bool) the
    offer was suitable when it was made, the reason is coded and found unjustified by a person, the member was told, and no appeal
    stands or was upheld; ``why_not`` a :class:`NotCounted` code, "" where it counts or was no refusal. Oldest first.

    An appeal that names an offer of the member's is about that one. Another stops all of the member's while it stands
    (:data:`PAUSING`); upheld about the count or suitability, it takes out what was answered by the day it was filed. A post counts once.
    """
    today = np.datetime64(as_of, "D")
    answered = days(referrals, "outcome_on")
    answered = np.where(np.isnat(answered), days(referrals, "created_on"), answered)
    state = texts(referrals, "state")
    rows = np.flatnonzero(among(state, ANSWERED | {"declined"}) & (answered <= today))
    ids = texts(referrals, "referral_id")[rows]
    refused = state[rows] == "declined"
    why = np.where(refused, _why_not(referrals, rows, answered[rows], notices, appeals, today), "").astype(object)
    order = in_order(answered[rows], ids)
    counting = rows[order][refused[order] & (why[order] == "")]
    pairs = pd.MultiIndex.from_arrays([texts(referrals, name)[counting] for name in ("member_id", "position_id")])
    again = among(ids, set(texts(referrals, "referral_id")[counting[pairs.duplicated()]]))
    why[again] = NotCounted.SAME_POST.value
    return pd.DataFrame({
        "referral_id": written(ids[order]), "member_id": written(texts(referrals, "member_id")[rows][order]),
        "answered_on": dated(answered[rows][order]), "refused": refused[order], "counts": (refused & (why == ""))[order],
        "why_not": written(why[order]),
    })  # fmt: skip


def _why_not(
    referrals: Table, rows: Ints, answered: Days, notices: Table, appeals: Table, today: np.datetime64
) -> np.ndarray:
    """Return (n,) why each of some offers would not count as a refusal, the first rule that says so, "" where none does."""
    given, withdrawn = days(notices, "given_on"), days(notices, "withdrawn_on")
    told = (texts(notices, "item") == "refusal") & (given <= today) & ~(withdrawn <= today)
    stands, upheld = _under_appeal(referrals, rows, answered, appeals, today)
    ids, reason, judged = (texts(referrals, name)[rows] for name in ("referral_id", "reason", "refusal_justified"))
    rules = (
        (NotCounted.WITHDRAWN_BY_OTHERS, among(texts(referrals, "reason_side")[rows], ("employer", "agency"))),
        (NotCounted.NOT_SUITABLE, texts(referrals, "suitability")[rows] != "ok"),
        (NotCounted.JUSTIFIED_BY_RULE, among(reason, JUSTIFIED_BY_RULE)),
        (NotCounted.JUSTIFIED, judged == "yes"),
        (NotCounted.UNDECIDED, (judged != "no") | ~known(reason)),
        (NotCounted.REVERSED, upheld),
        (NotCounted.APPEALED, stands),
        (NotCounted.NOT_TOLD, ~among(ids, set(texts(notices, "object_id")[told]) - {None})),
    )
    return np.select([rule for _, rule in rules], [code.value for code, _ in rules], "")


def _under_appeal(
    referrals: Table, rows: Ints, answered: Days, appeals: Table, today: np.datetime64
) -> tuple[Bools, Bools]:
    """Return (n,) each: offers an appeal stops that is not decided, and offers an appeal takes out that was upheld."""
    ids, owner = texts(referrals, "referral_id"), texts(referrals, "member_id")
    whose, about, filed = texts(appeals, "member_id"), texts(appeals, "about"), days(appeals, "filed_on")
    at = rows_of(ids, texts(appeals, "object_id"))
    names = picked(owner, at, None) == whose
    decided = days(appeals, "decided_on") <= today
    stands = (filed <= today) & ~decided
    upheld = decided & (texts(appeals, "decision") == "upheld")
    ids, owner = ids[rows], owner[rows]
    stopped = among(ids, set(texts(appeals, "object_id")[stands & names]))
    stopped |= among(owner, set(whose[stands & ~names & among(about, PAUSING)]))
    out = among(ids, set(texts(appeals, "object_id")[upheld & names]))
    for member, day in zip(*(x[upheld & ~names & among(about, _ABOUT_REFUSALS)] for x in (whose, filed)), strict=True):
        out |= (owner == member) & (answered <= day)
    return stopped, out


def refusal_table(log: pd.DataFrame, as_of: date, policy: PolicyBook) -> pd.DataFrame:
    """Return the counters of every member in the log under every regime in force.

    Columns ``member_id regime counted limit reached``; one row a member and regime. In a row: refusals since the member last took up an
    offer or refused with good reason; an offer that was not suitable, or is not decided or told yet, neither counts nor ends the run.
    """
    whose = texts(log, "member_id")
    ids = np.array(sorted(set(whose)), dtype=object)
    counted = _counted(log, rows_of(ids, whose), len(ids), as_of, policy)
    regimes = sorted(counted)
    found = np.column_stack([counted[regime] for regime in regimes]).ravel()
    limits = np.tile([policy.whole(f"refusal.{regime}.count") for regime in regimes], len(ids))
    return pd.DataFrame({
        "member_id": written(np.repeat(ids, len(regimes))), "regime": written(np.tile(np.array(regimes, dtype=object), len(ids))),
        "counted": found, "limit": limits, "reached": found >= limits,
    })  # fmt: skip


def _counted(log: pd.DataFrame, owner: Ints, n: int, as_of: date, policy: PolicyBook) -> dict[str, Ints]:
    """Return regime → (n,) refusals of each member that count under it; ``owner`` says whose each row of the log is."""
    regimes = policy.items("refusal.regimes")
    first = months_later(as_of, -_window(policy)) if "hard_to_employ" in regimes else as_of
    counting, place = flags(log, "counts"), np.arange(len(log))
    ends_run = ~flags(log, "refused") | among(texts(log, "why_not"), _ENDS_RUN)
    last = last_of(np.where(ends_run, owner, -1), place, n)
    masks = {
        Counting.WINDOW: counting & (days(log, "answered_on") > np.datetime64(first, "D")),
        Counting.CUMULATIVE: counting,
        Counting.IN_A_ROW: counting & (place > last[owner]),
    }
    return {regime: counts(owner[masks[REGIMES[regime]]], n) for regime in regimes}


def _window(policy: PolicyBook) -> int:
    return policy.whole("refusal.hard_to_employ.window_months")


def tallies(member_id: str, log: pd.DataFrame, as_of: date, policy: PolicyBook) -> tuple[Tally, ...]:
    """Return where one member stands under each regime in force, with the referrals that count and those that do not."""
    mine = log[texts(log, "member_id") == member_id]
    counted = _counted(mine, np.zeros(len(mine), dtype=np.int64), 1, as_of, policy)
    ids, counting, refused = texts(mine, "referral_id"), flags(mine, "counts"), flags(mine, "refused")
    counted_ids, passed = ids[refused & counting].tolist(), refused & ~counting
    skipped = tuple(
        (str(i), NotCounted(str(why))) for i, why in zip(ids[passed], texts(mine, "why_not")[passed], strict=True)
    )
    out = []
    for regime in policy.items("refusal.regimes"):
        row = policy.row(f"refusal.{regime}.count")
        assert row is not None
        k = int(counted[regime][0])
        out.append(Tally(
            regime, REGIMES[regime], k, policy.whole(row.key), tuple(counted_ids[len(counted_ids) - k:]), skipped, row.id, row.source,
        ))  # fmt: skip
    return tuple(out)
