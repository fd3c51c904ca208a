"""What an import says of cells and files, in the reader's words: the exchange says it once in English, here it is recognised and told anew."""

import re
from collections.abc import Mapping

from service.exchange.catalogue import exchanged
from service.web.wording import Wording

_N, _ANY = r"[\d.,e+-]+", r".+"
SAYINGS: Mapping[str, str] = {
    "one_of": rf"one of (?P<words>{_ANY})", "any_of": rf"any of (?P<words>{_ANY})",
    "identifier": r"an identifier \(text, 1-64 characters\)", "code": r"a code \(text\)", "text": "text", "date": r"a date YYYY-MM-DD",
    "month": r"a month YYYY-MM", "yes_no": "true or false", "codes": r"codes joined by ;", "pairs": r"key:value pairs joined by ;",
    "pairs_range": rf"key:value pairs joined by ; from (?P<low>{_N}) to (?P<high>{_N})",
    "whole_range": rf"a whole number from (?P<low>{_N}) to (?P<high>{_N})", "whole_least": rf"a whole number, at least (?P<low>{_N})",
    "number_range": rf"a number from (?P<low>{_N}) to (?P<high>{_N})", "fen_range": rf"an amount in whole fen from (?P<low>{_N}) to (?P<high>{_N})",
    "fen_least": rf"an amount in whole fen, at least (?P<low>{_N})", "yuan": rf"an amount in yuan, not below (?P<low>{_N})",
    "yuan_range": rf"an amount in yuan, not below (?P<low>{_N}), at most (?P<high>{_N})",
    "lost_digits": r"an identifier as text; the spreadsheet kept 15 digits of it.*", "not_identity": r"an identifier of the office's own; an identity number.*",
    "not_phone": r"the office's own identifier; a phone number.*", "identity_fits": r"18 characters as text with the check digit that fits.*",
    "headers": "no more cells than headers", "once": "each key once in a file", "exists": r"one that exists in (?P<exchange_table>\w+); import it first",
    "posted_order": "not before the day it was posted", "declared_yes": "yes where a day of declaration is given",
    "referral_order": "not before the referral", "discovery_order": "not before the day of discovery",
    "one_referral": "one open referral of a member to a post", "one_pairing": r"one running pairing of a household; end the other first",
    "pause_runs": "paused while a pause runs; end the pause first",
    "after_recognition": rf"on or after recognition on (?P<day>{_ANY})", "after_start": rf"not before the start on (?P<day>{_ANY})",
    "after_referral": rf"on or after (?:its|the) referral of (?P<day>{_ANY})", "after_first_day": rf"on or after the first day (?P<day>{_ANY})",
    "same_member": rf"the member of its referral, (?P<known>{_ANY})", "at_most": rf"at most (?P<high>{_N})", "at_least_low": rf"at least wage_min, (?P<low>{_N})",
    "own_region": "a region you serve", "own_identifier": "an identifier that is free or of your own region",
    "no_error": "a value; correct the error in the cell.*", "a_result": "a value; open the workbook in Excel.*", "a_number": "a number in a cell that is formatted as one.*",
    "no_result": r"\(a formula without its result\)", "no_number": r"\(no number\)", "no_text": r"\(a text that is not in the file\)",
    "empty": r"\(empty\)", "spanned": r"\(one cell over several rows\)", "phone": r"\(phone number\)", "identity": r"\(identity number\)",
    "identity_wrong": r"\(an identity number that does not fit\)", "cells": rf"(?P<count>{_N}) cells",
    "kind_of_file": rf"(?P<file>{_ANY}): expected \.xlsx, \.csv or \.parquet, found something else.*", "empty_file": rf"(?P<file>{_ANY}): expected a file with rows.*",
    "old_workbook": rf"(?P<file>{_ANY}): expected an (?:open )?\.xlsx workbook, found.*", "password": rf"(?P<file>{_ANY}): the (?:workbook|archive) has a password.*",
    "damaged": rf"(?P<file>{_ANY}): the (?:workbook|Parquet file) (?:is damaged|has definitions of its own).*", "merged_over": rf"(?P<file>{_ANY}): merged cells lie over each other.*",
    "many_errors": rf"(?P<file>{_ANY}): expected at most (?P<count>{_N}) cells with errors.*",
    "long_cell": rf"(?P<file>{_ANY}), (?:line|row) (?P<count>\d+): expected cells of at most (?P<high>{_N}) characters.*",
    "too_large": rf"(?P<file>{_ANY}?)(?:, row \d+)?: (?:unpacks to more than|a sheet reaches to|expected at most|expected texts of at most).*",
    "mixed": rf"(?P<file>{_ANY}): expected one encoding, found line (?P<count>\d+) in UTF-8.*", "no_text_column": rf"(?P<file>{_ANY}): expected text, found bytes.*",
    "form_of_texts": rf"(?P<file>{_ANY}): expected texts written out or listed once.*",
    "encoding": rf"(?P<file>{_ANY}): expected text in UTF-8 or GB18030.*", "quotation": rf"(?P<file>{_ANY}), line (?P<count>\d+): the text is not a table.*",
    "no_headers": rf"(?P<file>{_ANY}): expected the headers of a table.*", "column_twice": rf"(?P<file>{_ANY}), sheet (?P<sheet>{_ANY}): expected each column once, found (?P<words>{_ANY}) twice.*",
    "columns_missing": rf"(?P<file>{_ANY}), sheet (?P<sheet>{_ANY}): expected columns (?P<words>{_ANY}) for (?P<exchange_table>\w+), found none.*",
    "not_yours": rf"(?P<file>{_ANY}), sheet (?P<sheet>{_ANY}): (?P<exchange_table>\w+) may not be brought in by this role.*",
    "rows_apart": rf"(?P<file>{_ANY}): expected rows the record can hold together.*", "fault": r"a fault on our side; nothing was stored",
    "dropped_not_kept": rf"(?P<header>{_ANY}) \[(?P<personal>[\w ]+): not kept\]", "dropped_vault": rf"(?P<header>{_ANY}) \[(?P<personal>[\w ]+): in the vault\]",
    "dropped_wish": rf"(?P<header>{_ANY}) \[wish about the person: read with the duties\]", "dropped_sheet": rf"(?P<header>{_ANY}) \[sheet: no table\]",
}  # fmt: skip
"""Sentence ``imports.says.<name>`` → the words it stands for, with the facts they carry."""

_PATTERNS = tuple((name, re.compile(pattern, re.DOTALL)) for name, pattern in SAYINGS.items())
TABLES = exchanged()
"""Tables that have a name, ``label.exchange_table.<table>``."""


def told(w: Wording, words: str) -> str:
    """Return what an import said in the reader's words; unchanged where it is a value of the file."""
    for name, pattern in _PATTERNS:
        match = pattern.fullmatch(words)
        if match:
            return w(f"imports.says.{name}", **{k: v.replace("|", ";") for k, v in match.groupdict().items()})
    return words


def found_told(w: Wording, words: str) -> str:
    """Return what was found in a cell: a mark of the import in the reader's words, a value as it is."""
    return told(w, words) if re.fullmatch(r"\(.*\)|\d+ cells", words) else words
