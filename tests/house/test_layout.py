"""Where tests run: files that share something dear are there, and nobody who shares the trained region is forgotten."""

from tests.conftest import PROCESS, TRAINED
from tests.house.tree import ROOT

USES = ("import trained", "region.trained(", "evaluation, trained", "region.frame(")


def test_every_file_that_shares_a_process_is_there():
    assert [path for path in PROCESS if not (ROOT / path).is_file()] == []


def test_who_uses_the_trained_region_runs_where_it_is_made():
    found = {
        str(path.relative_to(ROOT))
        for path in ROOT.glob("tests/**/test_*.py")
        if "tests.models" in (text := path.read_text("utf-8")) and any(word in text for word in USES)
    }
    assert found - set(TRAINED) - {"tests/house/test_layout.py"} == set()
