"""Which files of an import are written first, and which only together."""

from collections.abc import Callable, Hashable, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

from matching.tables import TABLES

Item = TypeVar("Item")
File = TypeVar("File", bound=Hashable)


def together(items: Sequence[Item], file: Callable[[Item], File], table: Callable[[Item], str]) -> list[list[Item]]:
    """Return the items in groups, one transaction each: a file is never parted, a file stands after those whose rows it refers to,
    and files that refer to each other in a circle are one group. Inside a group, tables that others refer to come first."""
    rank = {name: k for k, name in enumerate(TABLES)}
    group: dict[File, File] = {file(item): file(item) for item in items}
    while True:
        order = TopologicalSorter(_needs(items, file, table, group))
        try:
            leaders = list(order.static_order())
        except CycleError as error:
            circle = error.args[1]
            group = {f: circle[0] if leader in circle else leader for f, leader in group.items()}
            continue
        members = [[item for item in items if group[file(item)] == leader] for leader in leaders]
        return [sorted(some, key=lambda item: rank[table(item)]) for some in members]


def _needs(
    items: Sequence[Item], file: Callable[[Item], File], table: Callable[[Item], str], group: dict[File, File]
) -> dict[File, dict[File, None]]:
    """Return leader → leaders of the files it refers to; dicts keep the order, so that the same files give the same groups."""
    has: dict[str, dict[File, None]] = {}
    for item in items:
        has.setdefault(table(item), {})[group[file(item)]] = None
    needs: dict[File, dict[File, None]] = {leader: {} for leader in group.values()}
    for item in items:
        leader = group[file(item)]
        for column in TABLES[table(item)].columns:
            if column.references is not None:
                needs[leader] |= {other: None for other in has.get(column.references, {}) if other != leader}
    return needs
