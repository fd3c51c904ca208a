"""Every table's columns, and the door a table passes through."""

from collections.abc import Mapping
from types import MappingProxyType

from matching.tables import casework, dictionary
from matching.tables.door import Checked, canonical, check, empty
from matching.tables.schema import REQUIRED, Column, Kind, Table

EXCHANGE: tuple[Table, ...] = (
    dictionary.REGIONS, casework.AGENCIES, casework.CASEWORKERS, dictionary.HOUSEHOLDS, dictionary.MEMBERS,
    dictionary.ASSESSMENTS, dictionary.EMPLOYERS, dictionary.POSITIONS, casework.RUNS, dictionary.REFERRALS,
    dictionary.PLACEMENTS, dictionary.PROMISES, dictionary.LOCKS, casework.PAIRINGS, casework.CONTACTS,
    casework.PATH_RECORDS, casework.TRAININGS, casework.ENTITLEMENT_USES, casework.JOB_FAIRS, casework.APPEALS,
    casework.NOTICES, casework.SUGGESTIONS, casework.JOURNAL,
)  # fmt: skip
"""All tables, parents before the tables that refer to them."""

TABLES: Mapping[str, Table] = MappingProxyType({t.name: t for t in EXCHANGE})
"""Table name → table."""

__all__ = ["EXCHANGE", "REQUIRED", "TABLES", "Checked", "Column", "Kind", "Table", "canonical", "check", "empty"]
