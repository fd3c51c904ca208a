"""A text file's rows: which encoding it has, which sign parts its cells, read line by line."""

import codecs
import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from matching.errors import BadInput
from service.exchange.measure import MAX_CELLS, MAX_TEXT

_CHUNK = 1 << 20
_NOT_CHINESE = re.compile("[^\x00-\x7f\u2000-\u206f\u3000-\u9fff\uff00-\uffef]")


def delimited_rows(path: Path) -> list[list[object]]:
    """Return the rows of a text file; cells part at the tab, semicolon or bar its first line has where it has no comma, else at commas.

    BadInput when it is neither UTF-8 nor GB18030 or both, is no table, or is larger than can be read.
    """
    rows: list[list[object]] = []
    cells = 0
    with path.open(encoding=_encoding(path), newline="") as file:
        first = file.readline()
        if first.lower().startswith("sep="):  # a word to Excel; a row of no table to us
            first = file.readline()
        file.seek(0)
        sign = "," if "," in first else next((s for s in "\t;|" if s in first), ",")
        reader = csv.reader(_lines(path, file, sign), delimiter=sign, strict=True)
        try:
            for row in reader:
                rows.append(list(row))
                cells += len(row)
                if cells > MAX_CELLS:
                    raise _too_many(path)
        except csv.Error as error:
            line = f"{path.name}, line {reader.line_num}"
            if "field limit" in str(error):
                raise BadInput(
                    f"{line}: expected cells of at most {MAX_TEXT:,} characters, found a longer one; shorten it, or close its quotation mark"
                ) from error
            raise BadInput(f"{line}: the text is not a table ({error}); check the quotation marks there") from error
    return rows


def _lines(path: Path, file: TextIO, sign: str) -> Iterator[str]:
    for line in file:
        if line.count(sign) > MAX_CELLS:
            raise _too_many(path)
        yield line


def _too_many(path: Path) -> BadInput:
    return BadInput(f"{path.name}: expected at most {MAX_CELLS:,} cells, found more; split the file")


def _encoding(path: Path) -> str:
    """Return the encoding of the whole file; one that holds two would be read as other characters without a word."""
    if _decodes(path, "utf-8-sig"):
        return "utf-8-sig"
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.isascii() and _is_utf8_chinese(line):
                raise BadInput(
                    f"{path.name}: expected one encoding, found line {number} in UTF-8 and others not; save the file again as CSV UTF-8"
                )
    if _decodes(path, "gb18030"):
        return "gb18030"
    raise BadInput(f"{path.name}: expected text in UTF-8 or GB18030, found neither; save it again as CSV UTF-8")


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_utf8_chinese(line: bytes) -> bool:
    """Whether a line is UTF-8 of Chinese text, of three characters at least: GB18030 text is that hardly ever by chance."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return False
    return _NOT_CHINESE.search(text) is None and sum(c >= "\u3000" for c in text) >= 3
