"""Data for analysts that may leave the office: random keys, at least five people alike, tried against the record before it is handed out."""

import io
import zipfile
from dataclasses import dataclass

from matching.errors import BadInput
from service.exchange.pseudonyms import K, Pseudonymised, fewest_candidates, pseudonymise
from service.exchange.table_file import table_bytes
from service.storage.store import TRAINING_TABLES
from service.wiring import Office

LEAST_ALIKE = K
"""People who are alike at the least."""


@dataclass(frozen=True, slots=True)
class TrainingData:
    """The frames with their counts; ``fewest`` is the fewest rows any person of the record could be found among."""

    made: Pseudonymised
    fewest: int

    def archive(self) -> bytes:
        """Return the tables as CSV files in one archive."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, frame in self.made.frames.items():
                rows = frame.astype(object).where(frame.notna(), None).itertuples(index=False)
                archive.writestr(f"{name}.csv", table_bytes("csv", name, list(frame.columns), rows))
        return out.getvalue()


def training_data(office: Office) -> TrainingData:
    """Return the caller's regions as pseudonymised data and note that they were handed out; BadInput when somebody could be found again."""
    tables, day = office.store.snapshot(TRAINING_TABLES), office.today()
    made = pseudonymise(tables, day)
    fewest = fewest_candidates(made.frames["people"], tables["members"], day)
    if made.people and min(made.smallest, fewest) < K:
        raise BadInput(
            f"training export: expected {K} people alike everywhere, found {min(made.smallest, fewest)}; nothing was written"
        )
    with office.store.write() as tx:
        tx.journal(
            actor=office.actor, role=office.role, action="training.exported", object_type="record", object_id=day.isoformat(),
            after={"people": made.people, "left_out": made.left_out, "smallest": made.smallest},
        )  # fmt: skip
    return TrainingData(made, fewest)
