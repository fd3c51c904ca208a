"""The evidence of one household: everything offered, shown and decided, with the model and the inputs as they stood, as one sealed file."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from matching.baseline import BaselineScorer
from matching.errors import BadInput, NotFound
from matching.features import FEATURE_NAMES
from matching.tables import EXCHANGE
from service.clock import stamp
from service.exchange.table_file import table_bytes
from service.sealed_pack import seal
from service.security.matrix import RESTRICTED
from service.storage.schema import metadata
from service.storage.scope import about_household
from service.storage.transactions import Reader
from service.use_cases.journal import Entry, chain, told
from service.use_cases.model_life import terms
from service.use_cases.person import OF_MEMBERS
from service.use_cases.rows import journalled, records
from service.use_cases.shown import input_hash
from service.wiring import Office

Row = dict[str, Any]

_OF_HOUSEHOLDS = tuple(
    t.name for t in EXCHANGE if "household_id" in t.names and t.name not in ("members", "households")
)
_OF_MEMBERS = tuple(name for name in OF_MEMBERS if name not in _OF_HOUSEHOLDS)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sealed pack: a name for its file, its bytes and their hash, and how much is in it."""

    name: str
    content: bytes
    sha256: str
    counts: Mapping[str, int]


def evidence_pack(office: Office, household_id: str, reason: str, *, request_id: str | None = None) -> Evidence:
    """Build the pack of a household and write to the journal that it was built, for whom and why.

    NotFound without the household in the caller's regions, BadInput without a reason, NotReady where the signing key is not kept.
    """
    if not reason.strip():
        raise BadInput("reason: expected why the evidence is asked for, found nothing; it is kept in the journal")
    keys, whole = office.registry.signing(), chain(office)
    with office.store.reading() as reader:
        files = _files(reader, office, household_id)
    counts = {name: len(rows) for name, rows in files.items() if isinstance(rows, list)}
    facts = {
        "household_id": household_id, "built_at": stamp(), "built_by": office.actor,
        "role": office.role, "regions": list(office.regions), "reason": reason.strip(), "as_of": office.today().isoformat(),
        "journal": asdict(whole), "counts": counts,
    }  # fmt: skip
    content = seal(
        {f"{name}.json": _written(rows) for name, rows in files.items()}
        | {"timeline.csv": _timeline(files["decided"])},
        facts,
        keys,
    )
    digest = hashlib.sha256(content).hexdigest()
    with office.store.write() as tx:
        tx.journal(
            actor=office.actor, role=office.role, action="evidence.built", object_type="households", object_id=household_id,
            after={"sha256": digest, "counts": counts}, reason=reason.strip(), request_id=request_id,
        )  # fmt: skip
    return Evidence(f"evidence-{household_id}-{office.today():%Y%m%d}.zip", content, digest, counts)


def _files(reader: Reader, office: Office, household_id: str) -> dict[str, Any]:
    home = reader.seen("households", household_id=household_id)
    if home.empty:
        raise NotFound(f"no household {household_id!r} in the record; check the number")
    members = reader.seen("members", household_id=household_id)
    ids = members["member_id"].tolist()
    tables = {"households": home, "members": members}
    tables |= {name: reader.seen(name, household_id=household_id) for name in _OF_HOUSEHOLDS}
    tables |= {name: reader.seen(name, member_id=ids) for name in _OF_MEMBERS}
    referrals, shown = tables.pop("referrals"), tables.pop("suggestions")
    entries = _decided(reader, office, household_id, shown)
    versions = sorted({*shown["model_version"], *referrals["model_version"].dropna()})
    features = {v: _features_of(office, v) for v in versions}
    return {
        "record": {name: [_row(name, r) for r in records(frame)] for name, frame in tables.items() if len(frame)},
        "shown": [_shown(r, features) for r in records(shown.sort_values(["shown_on", "suggestion_id"]))],
        "offered": _offered(reader, referrals, shown),
        "decided": [asdict(e) for e in entries],
        "models": [_model(office, v, features[v]) for v in versions],
    }  # fmt: skip


def _decided(reader: Reader, office: Office, household_id: str, shown: pd.DataFrame) -> list[Entry]:
    """Return the entries about the household and its affairs, and those of lists of members that showed one of its own."""
    table = metadata.tables["journal"]
    rows = {r["seq"]: dict(r) for r in reader.execute(sa.select(table).where(about_household(household_id))).mappings()}
    requests = sorted({str(s).rpartition("-")[0] for s in shown["suggestion_id"]})
    for start in range(0, len(requests), 500):
        listed = sa.select(table).where(
            table.c.object_type == "positions", table.c.request_id.in_(requests[start : start + 500])
        )
        rows |= {r["seq"]: dict(r) for r in reader.execute(listed).mappings()}
    own = set(reader.read("members", ["member_id"], household_id=household_id)["member_id"])
    found = told(reader, office, (rows[seq] for seq in sorted(rows)))
    return [_only_own(e, own) for e in found]


def _only_own(entry: Entry, own: set[str]) -> Entry:
    """Return an entry of a list without the other households' members; how many were left out is said."""
    if entry.object_type != "positions" or not isinstance(entry.after, Mapping) or "items" not in entry.after:
        return entry
    kept = [i for i in entry.after["items"] if i[0] in own]
    after = {**entry.after, "items": kept, "others_left_out": len(entry.after["items"]) - len(kept)}
    return Entry(**{**{name: getattr(entry, name) for name in Entry.__slots__}, "after": after})


def _row(table: str, row: Mapping[str, object]) -> Row:
    """Return a row without restricted facts, which decide nothing."""
    return journalled({k: v for k, v in row.items() if f"{table}.{k}" not in RESTRICTED})


def _shown(row: Mapping[str, Any], features: Mapping[str, list[str] | None]) -> Row:
    """Return one shown entry with its inputs by name; ``inputs_hold`` whether they hash to what was noted, None where none were kept."""
    inputs, text = None, row["features"]
    held = None
    names = features[str(row["model_version"])]
    if text is not None:
        raw = base64.b64decode(str(text))
        held = input_hash(raw) == row["features_hash"]
        values = [None if np.isnan(v) else float(v) for v in np.frombuffer(raw, dtype="<f4")]
        fits = names is not None and len(names) == len(values)
        inputs = dict(zip(names or (), values, strict=True)) if fits else {"values": values}
    told_ = {k: v for k, v in journalled(row).items() if k not in ("features", "reasons", "problems", "unknowns")}
    said = {k: json.loads(str(row[k])) for k in ("reasons", "problems", "unknowns")}
    return {**told_, **said, "inputs": inputs, "inputs_hold": held}


def _offered(reader: Reader, referrals: pd.DataFrame, shown: pd.DataFrame) -> list[Row]:
    """Return every referral with the post as the record has it, the run that made it, and the shown entry it answers."""
    posts = {
        r["position_id"]: r for r in records(reader.read("positions", position_id=referrals["position_id"].tolist()))
    }
    runs = {r["run_id"]: r for r in records(reader.read("runs", run_id=referrals["run_id"].dropna().tolist()))}
    out = []
    for row in records(referrals.sort_values(["created_on", "referral_id"])):
        run = runs.get(row["run_id"])
        out.append({
            **journalled(row), "post": journalled(posts[row["position_id"]]), "answers": _answered(row, shown),
            "run": None if run is None else {k: v for k, v in journalled(run).items() if k != "summary"},
        })  # fmt: skip
    return out


def _answered(row: Mapping[str, Any], shown: pd.DataFrame) -> str | None:
    """Return the last shown entry of the pair before the referral was made."""
    pair = shown[(shown["member_id"] == row["member_id"]) & (shown["position_id"] == row["position_id"])]
    before = pair[pair["shown_on"] <= pd.Timestamp(row["created_on"])].sort_values("shown_on", kind="stable")
    return None if before.empty else str(before["suggestion_id"].iloc[-1])


def _features_of(office: Office, version: str) -> list[str] | None:
    """Return the names of a version's inputs; None for a version the registry no longer knows."""
    if version == BaselineScorer.version:
        return list(FEATURE_NAMES)
    try:
        return list(office.registry.show(version)["manifest"]["features"])
    except NotFound:
        return None


def _model(office: Office, version: str, features: list[str] | None) -> Row:
    if version == BaselineScorer.version or features is None:
        return {"version": version, "features": features}
    found = office.registry.show(version)
    mine = [asdict(t) for t in terms(office) if t.version == version]
    return {
        "version": version,
        "features": features,
        "manifest": found["manifest"],
        "in_charge": mine,
        "history": found["history"],
    }


def _written(rows: Any) -> bytes:
    return json.dumps(rows, ensure_ascii=False, indent=1, sort_keys=True, default=_day).encode("utf-8")


def _day(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"expected a plain value, found {type(value).__name__}")


def _timeline(entries: list[Row]) -> bytes:
    """Return the entries as a table a spreadsheet opens, the oldest first."""
    names = ("seq", "at", "actor", "role", "action", "object_type", "object_id", "reason", "hash")
    return table_bytes("csv", "", names, [[e[name] for name in names] for e in entries])
