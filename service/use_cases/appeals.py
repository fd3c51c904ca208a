"""Appeals with the days left to answer each."""

from datetime import date

from service.use_cases.rows import records
from service.wiring import Office


def appeals(office: Office, *, member_id: str | None = None, waiting: bool = True) -> list[dict[str, object]]:
    """Return appeals with the days left to answer, the most urgent first; ``waiting`` only those not decided."""
    where = {} if member_id is None else {"member_id": member_id}
    rows = timed(records(office.store.read("appeals", **where)), office.today())
    return [row for row in rows if not waiting or row["decision"] is None]


def timed(rows: list[dict[str, object]], today: date) -> list[dict[str, object]]:
    """Return appeals with the days left to answer each, the most urgent first."""
    ordered = sorted(rows, key=lambda row: (str(row["due_on"]), str(row["appeal_id"])))
    return [{**row, "days_left": _left(row, today)} for row in ordered]


def _left(row: dict[str, object], today: date) -> int | None:
    due = row["due_on"]
    return (due - today).days if row["decision"] is None and isinstance(due, date) else None
