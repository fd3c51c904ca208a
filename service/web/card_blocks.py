"""A model card taken apart for a page: headings, paragraphs, lists and tables of the Markdown that cards are written in."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """One part of a card: ``kind`` is ``h3``, ``h4``, ``p``, ``ul`` or ``table``; ``lines`` are texts, or rows of cells, the head first."""

    kind: str
    lines: tuple[tuple[str, ...], ...]


def card_blocks(text: str) -> tuple[Block, ...]:
    """Return the parts of a card in their order."""
    return tuple(_blocks(text))


def _blocks(text: str) -> Iterator[Block]:
    for part in text.strip().split("\n\n"):
        lines = part.splitlines()
        if part.startswith("# "):
            yield Block("h3", ((part[2:],),))
        elif part.startswith("## "):
            yield Block("h4", ((part[3:],),))
        elif part.startswith("|"):
            rows = [tuple(cell.strip() for cell in line.strip().strip("|").split("|")) for line in lines]
            yield Block("table", (rows[0], *rows[2:]))
        elif part.startswith("- "):
            yield Block("ul", tuple((line[2:],) for line in lines))
        elif part:
            yield Block("p", ((part,),))
