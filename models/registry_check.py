"""Whether stored parts are what a ranker may be made of, read without the libraries that would crash on them.

The booster's own text parser does not check: a changed child or feature number makes it read outside its arrays and takes the process
down. So every number that is an index is checked here first.
"""

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from matching.errors import ModelRefused

MOST_TREES, MOST_LEAVES = 20_000, 4_096
_PER_NODE = ("split_feature", "threshold", "decision_type", "left_child", "right_child")
_KNOWN_DECISIONS = frozenset({0, 2, 4, 6, 8, 10})
"""Numerical splits only: bit 0 (categorical) is never set; bit 1 is the default side, bits 2 and 3 say how a missing value counts."""


def check_parts(state: bytes, parts: Mapping[str, bytes], n_features: int) -> dict[str, Any]:
    """Return the parsed state when it and every part have the form a ranker writes; ModelRefused names the part that has not."""
    try:
        parsed = json.loads(state.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ModelRefused(f"expected the model's state as JSON, found {error}; train and register it again") from error
    if not isinstance(parsed, dict):
        raise ModelRefused(
            f"expected an object as the model's state, found {type(parsed).__name__}; train and register it again"
        )
    for name, content in parts.items():
        if name.endswith(".txt"):
            check_trees(name, content, n_features)
        else:
            check_array(name, content)
    return parsed


def check_array(name: str, content: bytes) -> None:
    """Refuse anything but a small array of numbers in numpy's plain format."""
    try:
        values = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ModelRefused(
            f"expected a plain array in {name}, found {error}; train and register the model again"
        ) from error
    if (
        not isinstance(values, np.ndarray)
        or values.dtype.kind not in "fiu"
        or values.ndim > 3
        or np.isinf(values.astype(float)).any()
    ):
        raise ModelRefused(
            f"expected finite numbers in {name}, found {getattr(values, 'dtype', type(values).__name__)}; train and register the model again"
        )


def check_trees(name: str, content: bytes, n_features: int) -> None:
    """Refuse a booster's text unless every index in it stays within its arrays and every tree is a tree."""
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError as error:
        raise _refused(name, "plain text", str(error)) from error
    body, end, rest = text.partition("end of trees")
    if not end or rest.strip() or not text.startswith("tree\n"):
        raise _refused(name, "a booster's text from 'tree' to 'end of trees'", f"{text[:20]!r} ... {text[-20:]!r}")
    head, *trees = body.split("Tree=")
    header = _fields(name, head)
    wanted = {"num_class": "1", "num_tree_per_iteration": "1", "max_feature_idx": str(n_features - 1)}
    for key, value in wanted.items():
        if header.get(key) != value:
            raise _refused(name, f"{key}={value}", f"{header.get(key)!r}")
    if (
        len(header.get("feature_names", "").split(" ")) != n_features
        or len(header.get("feature_infos", "").split(" ")) != n_features
    ):
        raise _refused(name, f"{n_features} feature names and ranges", "another number")
    sizes = _numbers(name, header, "tree_sizes", int) if trees else []
    if not 0 < len(trees) <= MOST_TREES or len(sizes) != len(trees):
        raise _refused(name, "as many tree sizes as trees, and some", f"{len(sizes)} sizes, {len(trees)} trees")
    for k, (tree, size) in enumerate(zip(trees, sizes, strict=True)):
        number, _, fields = tree.partition("\n")
        if number != str(k) or len(f"Tree={tree}") != size:
            raise _refused(name, f"tree {k} of {size} characters", f"tree {number[:8]!r} of {len(tree) + 5}")
        _check_tree(f"{name}, tree {k}", _fields(name, fields), n_features)


def _check_tree(where: str, tree: Mapping[str, str], n_features: int) -> None:
    leaves = _numbers(where, tree, "num_leaves", int)
    if (
        len(leaves) != 1
        or not 1 <= leaves[0] <= MOST_LEAVES
        or tree.get("num_cat") != "0"
        or tree.get("is_linear", "0") != "0"
    ):
        raise _refused(
            where, f"1 to {MOST_LEAVES} leaves, no category splits, constant leaves", f"{dict(list(tree.items())[:2])}"
        )
    n = leaves[0]
    values = _numbers(where, tree, "leaf_value", float)
    if len(values) != n or not np.isfinite(values).all():
        raise _refused(where, f"{n} finite leaf values", f"{len(values)}")
    if n == 1:
        return
    nodes = {key: _numbers(where, tree, key, float if key == "threshold" else int) for key in _PER_NODE}
    wrong = [key for key, found in nodes.items() if len(found) != n - 1]
    if wrong:
        raise _refused(where, f"{n - 1} entries in {wrong[0]}", f"{len(nodes[wrong[0]])}")
    if not all(0 <= f < n_features for f in nodes["split_feature"]):
        raise _refused(
            where, f"features 0 to {n_features - 1}", f"{max(nodes['split_feature'])}, {min(nodes['split_feature'])}"
        )
    if np.isnan(nodes["threshold"]).any() or not _KNOWN_DECISIONS.issuperset(nodes["decision_type"]):
        raise _refused(where, "numbers as thresholds and numerical decisions", "something else")
    _check_children(where, nodes["left_child"], nodes["right_child"], n)


def _check_children(where: str, left: list[int], right: list[int], n: int) -> None:
    """Every inner node but the root and every leaf is the child of exactly one node, and a walk from the root ends."""
    children = [*left, *right]
    if sorted(children) != sorted([*range(1, n - 1), *range(-n, 0)]):
        raise _refused(
            where, "every node and leaf as a child once", f"children {sorted(children)[:3]} ... {sorted(children)[-3:]}"
        )
    seen, waiting = 0, [0]
    while waiting:
        node = waiting.pop()
        seen += 1
        waiting += [child for child in (left[node], right[node]) if child >= 0]
    if seen != n - 1:
        raise _refused(where, f"{n - 1} nodes below the root", f"{seen}")


def _fields(where: str, block: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in block.splitlines():
        key, equals, value = line.partition("=")
        if equals and key in found:
            raise _refused(where, f"one line {key}", "two")
        if equals:
            found[key] = value
    return found


def _numbers(where: str, fields: Mapping[str, str], key: str, kind: type) -> list[Any]:
    try:
        return [kind(x) for x in fields[key].split(" ") if x]
    except (KeyError, ValueError) as error:
        raise _refused(where, f"numbers in {key}", str(error)) from error


def _refused(where: str, expected: str, found: str) -> ModelRefused:
    return ModelRefused(
        f"{where}: expected {expected}, found {found}; the file is not what the registry wrote, restore it or train again"
    )
