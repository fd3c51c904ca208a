"""The region at a glance for a supervisor: stock, flows, promises kept, retention, welfare posts, month by month."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from matching.policy.load import PolicyBook
from matching.reports import Period, assistance_bulletin, programme_progress, zero_spells
from matching.reports.stock import standing
from matching.reports.target import Progress
from service.wiring import Office

MONTHS = 12
"""Months shown, the running one among them."""

READS = {
    "households": ("household_id", "region_code", "area_kind", "status", "recognised_on", "closed_on", "dibao_status"),
    "members": ("member_id", "household_id"),
    "placements": (
        "placement_id", "member_id", "position_id", "kind", "started_on", "ended_on", "evidence", "verified_on",
    ),
    "promises": ("promise_id", "household_id", "started_on", "due_on", "met_on", "state", "paused_days", "reopens_id"),
    "positions": ("position_id", "kind", "status", "openings_left", "insured"),
    "trainings": ("member_id", "state", "started_on"),
    "appeals": ("member_id", "filed_on"),
}  # fmt: skip
"""Columns the figures are drawn from, of each table."""

AGES = ((0, 30), (31, 60), (61, 90), (91, 180), (181, None))
"""Days a household has been in stock, by which the stock is shown."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Figures of the caller's regions.

    ``months`` a row a month, oldest first: the stock movement, promises due and kept net and gross, jobs judged and retained after 30,
    90 and 180 days; ``ages`` households in stock today by days; ``welfare`` public-welfare openings declared and in use; ``target`` and
    ``years`` what the programme promises, None where the place has none; ``programme`` how far it is, None where policy names no first day.
    """

    as_of: date
    stock: int
    months: tuple[Mapping[str, object], ...]
    ages: tuple[tuple[int, int | None, int], ...]
    welfare_openings: int
    welfare_used: int
    target: int | None
    years: int | None
    programme: Progress | None


def dashboard(office: Office) -> Dashboard:
    """Return the figures of today from the record."""
    today = office.today()
    policy = office.policy(today)
    with office.store.reading() as reader:
        tables = {name: reader.seen(name, columns) for name, columns in READS.items()}
    spells = zero_spells(tables["households"], tables["members"], tables["placements"], today, policy)
    now = spells[standing(spells, today)]
    months: list[Mapping[str, object]] = []
    for period in _months(today):
        helped = assistance_bulletin(tables, spells, period, policy, "province")
        months.append({"month": period.label, **_sum(helped)})
    posts = tables["positions"]
    welfare = posts[posts["kind"] == "PUBLIC_WELFARE"]
    jobs = tables["placements"]
    runs = (jobs["kind"] == "PUBLIC_WELFARE") & ~(jobs["ended_on"] < pd.Timestamp(today))
    return Dashboard(
        today, len(now), tuple(months), _ages(now, today), int(welfare.loc[welfare["status"] == "open", "openings_left"].sum()), int(runs.sum()),
        *_programme(jobs, today, policy),
    )  # fmt: skip


def _months(today: date) -> list[Period]:
    period = Period.month_of(today)
    running = Period(period.label, period.first, today)
    out = [running]
    while len(out) < MONTHS:
        period = period.before
        out.append(period)
    return out[::-1]


def _sum(frame: pd.DataFrame) -> dict[str, object]:
    totals = frame.drop(columns="area").sum()
    return {str(k): int(v) for k, v in totals.items()}


def _ages(now: pd.DataFrame, today: date) -> tuple[tuple[int, int | None, int], ...]:
    age = (pd.Timestamp(today) - now["began_on"]).dt.days
    return tuple(
        (low, high, int(((age >= low) & (age <= (high if high is not None else 10**6))).sum())) for low, high in AGES
    )


def _programme(
    placements: pd.DataFrame, today: date, policy: PolicyBook
) -> tuple[int | None, int | None, Progress | None]:
    first = policy.row("programme.first_day")
    if policy.row("programme.target") is None:
        return None, None, None
    target, years = policy.whole("programme.target"), policy.whole("programme.years")
    if first is None or first.value == "unknown":
        return target, years, None
    begins = date.fromisoformat(str(first.value))
    ends = begins.replace(year=begins.year + years) - timedelta(days=1)
    return target, years, programme_progress(placements, begins, ends, target, today, policy)
