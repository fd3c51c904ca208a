"""The ranker's learned state as JSON-able metadata and plain parts: model texts and arrays, never a pickle."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.errors import ModelRefused
from models.ranker_additive import Additive
from models.ranker_boosting import Trees
from models.ranker_head import Head, Member
from models.ranker_inputs import Floats
from models.ranker_levels import Levels
from models.ranker_timing import Timing

Parts = dict[str, bytes | str]
FORMAT = 2
_CURVES = ("knots", "heights", "unknown")
_LEVELS = ("features", "ends", "values", "heights")


def head_state(head: Head, prefix: str, parts: Parts) -> dict[str, Any]:
    """Return a head's metadata and put its texts and arrays into ``parts`` under names starting with ``prefix``."""
    members = {name: _member_state(member, f"{prefix}.{name}", parts) for name, member in head.members.items()}
    return {
        "members": members,
        "weights": dict(head.weights),
        "base": head.base,
        "order_weights": dict(head.order_weights),
    }


def head_from(meta: Mapping[str, Any], parts: Mapping[str, bytes | str], n_threads: int) -> Head:
    """Return the head that :func:`head_state` wrote."""
    members = {name: _member_from(m, parts, n_threads) for name, m in meta["members"].items()}
    weights, order_weights = (
        {name: float(weight) for name, weight in meta[key].items()} for key in ("weights", "order_weights")
    )
    return Head(members, weights, float(meta["base"]), order_weights)


def timing_state(timing: Timing, parts: Parts) -> dict[str, Any]:
    """Return the timing's metadata and put its arrays and texts into ``parts``."""
    parts["timing.ends.npy"] = _array(timing.ends)
    parts["timing.intercepts.npy"] = _array(timing.intercepts)
    trees = None if timing.trees is None else _member_state(timing.trees, "timing.trees", parts)
    return {"slope": timing.slope, "trees": trees}


def timing_from(meta: Mapping[str, Any], parts: Mapping[str, bytes | str], n_threads: int) -> Timing:
    """Return the timing that :func:`timing_state` wrote."""
    trees = None if meta["trees"] is None else _member_from(meta["trees"], parts, n_threads)
    if trees is not None and not isinstance(trees, Trees):
        raise ModelRefused("expected the timing's trees, got another member; train and register the model again")
    return Timing(_read(parts, "timing.ends.npy"), _read(parts, "timing.intercepts.npy"), float(meta["slope"]), trees)


def _member_state(member: Member, name: str, parts: Parts) -> dict[str, Any]:
    if isinstance(member, Trees):
        parts[f"{name}.txt"] = member.text
        return {"kind": "trees", "name": name}
    kind, fields = ("levels", _LEVELS) if isinstance(member, Levels) else ("curves", _CURVES)
    for field in fields:
        parts[f"{name}.{field}.npy"] = _array(getattr(member, field))
    return {"kind": kind, "name": name, **({"base": member.base} if isinstance(member, Additive) else {})}


def _member_from(meta: Mapping[str, Any], parts: Mapping[str, bytes | str], n_threads: int) -> Member:
    if meta["kind"] == "trees":
        text = _part(parts, f"{meta['name']}.txt")
        return Trees.from_text(text.decode() if isinstance(text, bytes) else text, n_threads)
    if meta["kind"] == "levels":
        features, ends, values, heights = (_read(parts, f"{meta['name']}.{field}.npy") for field in _LEVELS)
        return Levels(features.astype(np.intp), ends.astype(np.intp), values, heights)
    knots, heights, unknown = (_read(parts, f"{meta['name']}.{field}.npy") for field in _CURVES)
    return Additive(knots, heights, unknown, float(meta["base"]))


def _array(values: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values, allow_pickle=False)
    return stream.getvalue()


def _read(parts: Mapping[str, bytes | str], name: str) -> Floats:
    content = _part(parts, name)
    if isinstance(content, str):
        raise ModelRefused(
            f"expected the bytes of an array in part {name}, got text; train and register the model again"
        )
    out: Floats = np.load(io.BytesIO(content), allow_pickle=False)
    return out


def _part(parts: Mapping[str, bytes | str], name: str) -> bytes | str:
    if name not in parts:
        raise ModelRefused(
            f"expected a part named {name}, found {sorted(parts)[:5]} ...; train and register the model again"
        )
    return parts[name]
