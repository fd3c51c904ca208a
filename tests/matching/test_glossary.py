"""The glossary speaks of names the code has."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = re.findall(
    r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", (ROOT / "docs" / "glossary.md").read_text("utf-8"), re.MULTILINE
)


def test_sixty_seven_words_each_once():
    assert [int(n) for n, *_ in ROWS] == list(range(1, 68))
    assert len({chinese for _, chinese, _, _ in ROWS}) == 67


def test_every_identifier_stands_in_the_core():
    texts = [p.read_text("utf-8") for p in (ROOT / "matching").rglob("*") if p.suffix in {".py", ".toml"}]
    words = set(re.findall(r"[A-Za-z_][\w.]*\w", "\n".join(texts)))
    named = [i.strip("`") for *_, i in ROWS if i != "–"]
    assert len(named) > 50 and sorted(set(named) - words) == []
