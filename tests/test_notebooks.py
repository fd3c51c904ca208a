"""The notebooks run from the first cell to the last, hold no stored output, and say that their people do not exist."""

import nbformat
import pytest
from nbclient import NotebookClient

from tests.house.tree import ROOT
from tests.planted import personal_in

FOLDER = ROOT / "notebooks"
NAMES = sorted(p.name for p in FOLDER.glob("*.ipynb"))


def read(name):
    return nbformat.read(FOLDER / name, as_version=4)


def test_the_five_questions_are_there():
    assert [name[:2] for name in NAMES] == ["01", "02", "03", "04", "05"]


@pytest.mark.parametrize("name", NAMES)
def test_no_output_is_stored_and_the_simulation_is_called_one(name):
    notebook = read(name)
    cells = [c for c in notebook.cells if c.cell_type == "code"]
    assert all(c.outputs == [] and c.execution_count is None for c in cells)
    assert "**simulated**" in notebook.cells[0].source.lower()
    drawn = [c.source for c in cells if "plt.show()" in c.source]
    assert drawn and all("simulated(" in source or "intervals(" in source for source in drawn)


@pytest.mark.long
def test_every_notebook_runs_and_draws():
    """One kernel runs all five, emptied in between, so that the region they share is made once."""
    parts = [[*read(name).cells, nbformat.v4.new_code_cell("%reset -f")] for name in NAMES]
    whole = nbformat.v4.new_notebook(cells=[cell for part in parts for cell in part])
    NotebookClient(whole, timeout=500, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}).execute()
    for name, part in zip(NAMES, parts, strict=True):
        outputs = [o for cell in part if cell.cell_type == "code" for o in cell.outputs]
        assert sum("image/png" in o.get("data", {}) for o in outputs) >= 2, name
        assert "SIMULATED region" in outputs[0].text, name
        assert not [o for o in outputs if o.output_type == "stream" and o.name == "stderr"], name
        assert personal_in(nbformat.writes(nbformat.v4.new_notebook(cells=part))) == set(), name
