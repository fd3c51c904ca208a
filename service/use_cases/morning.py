"""The morning after: what the night changed for whom, and why, from the record it left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from matching.promise import missing_for_start
from matching.reasons import Reason
from matching.tasks import start_clock
from service.index import Index
from service.use_cases.rows import records
from service.wiring import Office

NIGHT_CODES = frozenset({"BETTER_PLAN", "NO_LONGER_POSSIBLE"})
"""Reasons for which a night withdraws a proposal."""

PLACE_TAKEN = "PLACE_TAKEN"
"""Why a proposal is withdrawn by day: a person referred somebody else, and the post had no other place."""


@dataclass(frozen=True, slots=True)
class Change:
    """One proposal the night added, kept or withdrew, or a person displaced since; ``code`` says why."""

    household_id: str
    file_no: str
    member_id: str
    days_left: int | None
    position_id: str
    title: str
    change: str
    code: str
    p_placed: float | None
    referral_id: str


@dataclass(frozen=True, slots=True)
class Unstarted:
    """A member who seeks work in a household without any, and what keeps the promise from beginning."""

    household_id: str
    file_no: str
    member_id: str
    missing: Reason


@dataclass(frozen=True, slots=True)
class Morning:
    """The last night and its changes, the most urgent member first; ``waiting`` are members with a running promise who hold nothing,
    ``unstarted`` those whose promise cannot begin yet."""

    run: Mapping[str, object] | None
    changes: tuple[Change, ...]
    waiting: tuple[Mapping[str, object], ...]
    unstarted: tuple[Unstarted, ...]
    caseworkers: tuple[str, ...]

    def count(self, change: str) -> int:
        """Return how many proposals were ``added``, ``kept`` or ``withdrawn``."""
        return sum(c.change == change for c in self.changes)


def morning(office: Office, *, caseworker: str = "") -> Morning:
    """Return what the last night changed, for the households paired with one caseworker or for all."""
    index = office.now()
    here = index.households[office.sees(index.households["region_code"])]
    pairs = here["paired_caseworker_id"].dropna()
    caseworkers = tuple(sorted(set(pairs)))
    run = last_night(office)
    wanted = set(pairs.index[pairs == caseworker]) if caseworker else set(here.index)
    changes = () if run is None else tuple(c for c in _changes(office, index, run) if c.household_id in wanted)
    idle = index.worklist[(index.worklist["open_referrals"] == 0) & index.worklist["household_id"].isin(wanted)]
    return Morning(run, changes, tuple(records(idle)), _unstarted(index, wanted), caseworkers)


def _unstarted(index: Index, wanted: set[object]) -> tuple[Unstarted, ...]:
    rows, clocks = index.members.iloc[index.unstarted], index.clocks.iloc[index.unstarted]
    mine = rows["household_id"].isin(wanted).to_numpy()
    rows = rows[mine]
    missing = missing_for_start(index.households, rows, clocks[mine], index.policy)
    files = index.households["file_no"].reindex(rows["household_id"])
    return tuple(
        Unstarted(str(home), str(file), str(member), start_clock(names))
        for home, file, member, names in zip(rows["household_id"], files, rows["member_id"], missing, strict=True)
    )


def last_night(office: Office) -> Mapping[str, object] | None:
    """Return the last night that was done; None when none was."""
    runs = office.store.read("runs", kind="nightly", state="done")
    return records(runs.sort_values(["as_of", "started_at"]).tail(1))[0] if len(runs) else None


def _changes(office: Office, index: Index, run: Mapping[str, object]) -> list[Change]:
    drafts = office.store.read("referrals", state="draft", source="night")
    gone = office.store.read(
        "referrals",
        state="revoked",
        source="night",
        outcome_on=run["as_of"],
        reason=sorted(NIGHT_CODES | {PLACE_TAKEN}),
    )
    moved = set(gone.loc[gone["reason"] == "BETTER_PLAN", "member_id"])
    taken = office.store.read("referrals", run_id=run["run_id"])
    still = pd.concat([drafts, taken[~taken["referral_id"].isin(gone["referral_id"])]]).drop_duplicates("referral_id")
    rows = [(r, *_why(r, run, moved)) for r in records(still)]
    rows += [(r, "withdrawn", str(r["reason"])) for r in records(gone)]
    found = [
        _change(office, index, r, change, code)
        for r, change, code in rows
        if str(r["member_id"]) in index.members.index
    ]
    order = {"added": 0, "withdrawn": 1, "kept": 2}
    return sorted(
        found,
        key=lambda c: (
            c.days_left is None,
            c.days_left or 0,
            c.household_id,
            c.member_id,
            order[c.change],
            c.position_id,
        ),
    )


def _why(row: Mapping[str, object], run: Mapping[str, object], moved: set[object]) -> tuple[str, str]:
    if row["run_id"] != run["run_id"]:
        return "kept", "STILL_BEST"
    return "added", "BETTER_PLAN" if row["member_id"] in moved else "NEW_PROPOSAL"


def _change(office: Office, index: Index, row: Mapping[str, object], change: str, code: str) -> Change:
    member_id, position_id = str(row["member_id"]), str(row["position_id"])
    i = index.member_row(member_id)
    household_id = str(index.members["household_id"].iloc[i])
    p = row["p_placed"]
    return Change(
        household_id, str(index.households["file_no"].loc[household_id]), member_id, index.days_left(i), position_id,
        title_of(office, index, position_id), change, code, float(p) if isinstance(p, float) else None, str(row["referral_id"]),
    )  # fmt: skip


def title_of(office: Office, index: Index, position_id: str) -> str:
    """Return the title of a post, open or not."""
    if position_id in index.positions.index:
        return str(index.positions["title"].loc[position_id])
    return str(office.store.read("positions", ["title"], position_id=position_id)["title"].iloc[0])


def night_day(run: Mapping[str, object] | None) -> date | None:
    """Return the day a night was planned for."""
    day = None if run is None else run["as_of"]
    return day if isinstance(day, date) else None
