"""What docs/security.md names as its proof exists."""

import re

from tests.house.tree import ROOT
from tests.trust.frame import load


def test_every_test_and_check_that_is_named_exists():
    text = (ROOT / "docs" / "security.md").read_text("utf-8")
    tests = "".join(p.read_text("utf-8") for p in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", text))
    assert len(named) > 40
    assert sorted(name for name in named if f"def {name}(" not in tests) == []
    checks = set(re.findall(r"`trust: (\w+)`", text))
    assert checks and checks <= set(load())
