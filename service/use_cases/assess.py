"""Enter what an assessment found: one score a dimension, each with how it was obtained."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from matching.errors import BadInput, NotFound
from matching.vocabulary import DIMENSIONS
from service.use_cases.entries import checked
from service.use_cases.rows import only, records
from service.wiring import Office


@dataclass(frozen=True, slots=True)
class Assessment:
    """Scores of one sitting, 0–100 a dimension; a dimension that was not assessed is left out."""

    scores: Mapping[str, float]
    mode: str = "caseworker"
    instrument: str = "unspecified"
    assessed_on: date | None = None


def record_assessment(
    office: Office, member_id: str, found: Assessment, *, request_id: str | None = None
) -> list[dict[str, object]]:
    """Keep the scores and return them; the same sitting entered again replaces its scores.

    NotFound without the member, BadInput without a score or for a day to come, TableError for a score that cannot be.
    """
    today = office.today()
    day = found.assessed_on or today
    if not found.scores or day > today:
        raise BadInput(f"scores: expected at least one of {', '.join(DIMENSIONS)}, assessed on a day up to {today}")
    expires = day + timedelta(days=office.policy(day).whole("assessment.valid_days"))
    with office.store.write() as tx:
        member = tx.seen("members", ["member_id", "path_stage"], member_id=member_id)
        if member.empty:
            raise NotFound(f"no member {member_id!r} in the record; check the identifier")
        rows = [
            checked("assessments", {
                "member_id": member_id, "assessed_on": day, "stage": only(member)["path_stage"], "instrument": found.instrument,
                "mode": found.mode, "dimension": dimension, "score": score, "assessor_id": office.actor, "expires_on": expires,
            })
            for dimension, score in sorted(found.scores.items())
        ]  # fmt: skip
        for row in rows:
            key = {k: row[k] for k in ("member_id", "assessed_on", "instrument", "dimension")}
            if not tx.update("assessments", key, {k: v for k, v in row.items() if k not in key}):
                tx.insert("assessments", [row])
        tx.journal(
            actor=office.actor, role=office.role, action="assessment.entered", object_type="members", object_id=member_id, before=None,
            after={"assessed_on": day, "mode": found.mode, "instrument": found.instrument, "scores": dict(sorted(found.scores.items()))},
            reason=None, request_id=request_id,
        )  # fmt: skip
        return rows


def assessments_of(office: Office, member_id: str) -> list[dict[str, object]]:
    """Return a member's scores, newest first, each dimension once."""
    rows = office.store.read("assessments", member_id=member_id).sort_values(
        "assessed_on", ascending=False, kind="stable"
    )
    return records(rows.drop_duplicates("dimension").sort_values("dimension"))
