"""Several processes save, promote, roll back and read at once: nothing is lost, doubled or half seen."""

import subprocess
import sys
from pathlib import Path

from models.registry import Registry
from tests.models import region

ROOT = Path(__file__).resolve().parents[2]

WRITER = """
import sys
from pathlib import Path
from matching.errors import Conflict
from models.registry import Registry

registry, name, rounds = Registry(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
first = registry.load("v0001")
evaluation = registry.show("v0001")["evaluation"]
for k in range(rounds):
    version = registry.save(first, evaluation, made_by=name, made_at=str(k))
    for step in (lambda: registry.promote(version, by=name, at=str(k)), lambda: registry.rollback(by=name, at=str(k))):
        try:
            step()
        except Conflict:
            pass
print("done")
"""

READER = """
import sys
from pathlib import Path
from models.registry import Registry

registry, seen = Registry(Path(sys.argv[1])), set()
while not Path(sys.argv[2]).exists():
    seen.add(registry.current_scorer().version)
print(len(seen))
"""


def start(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_writers_and_readers_in_several_processes_see_only_whole_steps(tmp_path):
    registry = Registry(tmp_path / "models")
    registry.promote(registry.save(region.trained(), region.evaluation(), made_by="a", made_at="0"), by="a", at="0")
    reader = start(READER, registry.folder, tmp_path / "stop")
    writers = [start(WRITER, registry.folder, name, 2) for name in ("b", "c")]
    told = [w.communicate(timeout=400) for w in writers]
    (tmp_path / "stop").touch()
    read = reader.communicate(timeout=100)
    assert [out.strip() for out, _ in told] == ["done", "done"], told
    assert int(read[0]) >= 1, read
    history = registry.history()
    assert [e["n"] for e in history] == list(range(1, len(history) + 1))
    assert sorted(e["version"] for e in history if e["event"] == "registered") == [f"v000{k}" for k in range(1, 6)]
    stack = 0
    for event in history:
        stack += {"promoted": 1, "rolled_back": -1, "registered": 0}[event["event"]]
        assert stack >= 0
    assert registry.load(history[0]["version"]).version == "v0001"
    assert [p.name for p in (registry.folder / "versions").iterdir() if p.name.startswith(".")] == []
