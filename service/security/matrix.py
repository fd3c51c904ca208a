"""The matrix of operations and roles, read from ``matrix.toml``: the only place that says who may do what."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from matching.vocabulary import Role
from service.security.principals import ANYONE

RESTRICTED: frozenset[str] = frozenset(
    {
        "members.sex", "members.birth_month", "members.categories", "members.disability_level", "members.unemployed_since",
        "households.dibao_status", "households.hardship_level", "households.hukou_region_code",
    }
)  # fmt: skip
"""Columns that serve categories, priority and audit only (domain model, section 5.2); nobody reads them by the way."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Operation → roles; role → restricted columns; operation → restricted columns its answer may carry."""

    operations: Mapping[str, frozenset[str]]
    reads: Mapping[str, frozenset[str]]
    columns: Mapping[str, frozenset[str]]

    def allows(self, operation: str, role: str) -> bool:
        """Whether a role may; an operation without a row is refused to everybody."""
        roles = self.operations.get(operation, frozenset())
        return role in roles or ANYONE in roles

    def readable(self, operation: str, role: str) -> frozenset[str]:
        """Return the restricted columns (``table.column``) a role may read through an operation."""
        return self.columns.get(operation, frozenset()) & self.reads.get(role, frozenset())


@cache
def matrix() -> Matrix:
    """Return the matrix; ValueError when it names a role or a column that does not exist."""
    text = (files("service.security") / "matrix.toml").read_text("utf-8")
    tables = {name: _sets(table) for name, table in tomllib.loads(text).items()}
    found = Matrix(tables["operations"], tables["reads"], tables["columns"])
    roles = {*Role, ANYONE}
    strange = {r for row in found.operations.values() for r in row} | set(found.reads)
    if strange - roles:
        raise ValueError(f"matrix.toml: expected roles of {', '.join(sorted(roles))}, found {sorted(strange - roles)}")
    named = {c for row in (*found.reads.values(), *found.columns.values()) for c in row}
    if named - RESTRICTED:
        raise ValueError(f"matrix.toml: expected restricted columns, found {sorted(named - RESTRICTED)}")
    return found


def _sets(table: Mapping[str, list[str]]) -> Mapping[str, frozenset[str]]:
    return {name: frozenset(row) for name, row in table.items()}
