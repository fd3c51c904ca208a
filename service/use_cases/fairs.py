"""Job fairs in the community: which posts are shown, who is invited to which table, and the roll that is signed there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from matching.errors import BadInput, NotFound
from service.use_cases.entries import enter, identifier
from service.use_cases.rank import rank_position
from service.use_cases.rows import only, records
from service.use_cases.shown import RankedMember
from service.wiring import Office


@dataclass(frozen=True, slots=True)
class Table:
    """One post of a fair and the members invited to it, best first; ``left_out`` suit it too but are invited to a table before."""

    position_id: str
    title: str
    employer: str
    openings_left: int
    members: tuple[RankedMember, ...]
    left_out: int


def hold_fair(
    office: Office, held_on: date, region_code: str, place: str, position_ids: Sequence[str], *, key: str | None = None
) -> dict[str, object]:
    """Enter a fair and return it. BadInput for a day that is past, without posts, or for posts that are not open."""
    index = office.now()
    if held_on < index.as_of:
        raise BadInput(f"held_on: expected a day from {index.as_of} on, found {held_on}")
    shut = sorted({p for p in position_ids if p not in index.positions.index})
    if shut or not position_ids:
        raise BadInput(
            f"position_ids: expected open posts, found {', '.join(shut) or 'none'}; choose posts from the list"
        )
    row = {"job_fair_id": identifier("F", office.actor, key), "held_on": held_on, "region_code": region_code, "place": place,
           "position_ids": ";".join(sorted(set(position_ids)))}  # fmt: skip
    with office.store.write() as tx:
        return enter(tx, office, "job_fairs", row, "fair.entered", request_id=key)


def fairs(office: Office) -> list[dict[str, object]]:
    """Return fairs, those to come first by day, then those that were."""
    rows = records(office.store.read("job_fairs").sort_values(["held_on", "job_fair_id"]))
    today = office.today()
    return [r for r in rows if _day(r) >= today] + [r for r in reversed(rows) if _day(r) < today]


def fair(office: Office, job_fair_id: str) -> dict[str, object]:
    """Return one fair; NotFound without it."""
    found = office.store.read("job_fairs", job_fair_id=job_fair_id)
    if found.empty:
        raise NotFound(f"no fair {job_fair_id!r} in the record; check the number")
    return only(found)


def shortlist(office: Office, held: Mapping[str, object]) -> tuple[Table, ...]:
    """Return the tables of a fair: the scarcest post chooses first, nobody is invited twice, as many for each post as it may
    carry open referrals.

    Posts that were closed since are left out. What is shown goes to the journal.
    """
    index = office.now()
    open_ones = [p for p in str(held["position_ids"]).split(";") if p in index.positions.index]
    lists = {p: rank_position(office, p, limit=50) for p in open_ones}
    invited: set[str] = set()
    tables = []
    for position_id in sorted(open_ones, key=lambda p: (lists[p].eligible, p)):
        j = index.position_row(position_id)
        post = only(index.positions.iloc[[j]])
        suits = lists[position_id].items
        free = [m for m in suits if m.member_id not in invited]
        chosen = tuple(free[: int(index.room[j])])
        invited |= {m.member_id for m in chosen}
        employer = str(only(index.employers.loc[[str(post["employer_id"])]])["name"])
        tables.append(
            Table(
                position_id,
                str(post["title"]),
                employer,
                int(str(post["openings_left"])),
                chosen,
                len(suits) - len(free),
            )
        )
    return tuple(tables)


def _day(row: Mapping[str, object]) -> date:
    held = row["held_on"]
    assert isinstance(held, date)
    return held
