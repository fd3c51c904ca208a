"""A night that was kept is planned again: the same plan, or what has changed since; a file that was changed is refused."""

import json
import zipfile
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from matching.baseline import BaselineScorer
from matching.errors import BadInput
from matching.scoring import Scores
from service.cli import app
from service.recorded_night import planned_again, read_night, write_night
from tests.service.night import places


class Otherwise(BaselineScorer):
    """Scores everything the other way round, under the name of the rule or one of its own."""

    def __init__(self, version):
        self.version = version

    def score(self, pairs, days_left):
        found = super().score(pairs, days_left)
        return Scores(1 - found.p_placed, found.p_stays, 1 - found.order)


@pytest.fixture
def command(tmp_path, monkeypatch):
    """The command line on a record of two cities that are planned apart; returns code and document."""
    monkeypatch.setattr("matching.night_shards.WHOLE", 4)
    monkeypatch.setattr("matching.night_shards.LEAST", 4)
    monkeypatch.setenv("ONEMONTH_HOME", str(tmp_path))
    monkeypatch.setenv("ONEMONTH_WORKERS", "1")
    places.filled(places.settings_of(tmp_path))

    def call(*words):
        done = CliRunner().invoke(app, [*map(str, words), "--json"])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, json.loads(done.stdout.splitlines()[-1]) if done.stdout else done.stderr

    return call


@pytest.fixture
def kept(command, tmp_path):
    """A night that was planned and kept, and its file."""
    code, night = command("nightly", "--as-of", places.DAY, "--record", tmp_path / "nights")
    assert (code, night["shards"]) == (0, 2) and night["referrals"] > 0
    return tmp_path / "nights" / f"{night['run_id']}.night"


def test_a_night_that_was_kept_is_planned_again_with_the_same_plan(command, kept):
    code, told = command("nights", "replay", kept)
    assert (code, told["same"], told["explained"], told["changed"], told["gone"], told["new"]) == (
        0,
        True,
        True,
        {},
        [],
        [],
    )
    assert told["plan"]["was"] == told["plan"]["now"] and told["referrals"] > 0
    assert kept.stat().st_mode & 0o077 == 0


def test_another_plan_is_explained_by_what_has_changed_and_by_nothing_else(kept):
    night = read_night(kept)
    found = planned_again(night, Otherwise("v0009"))
    assert not found.same and found.explained and found.changed == {"model": ("baseline", "v0009")}
    assert found.gone and found.gone <= night.pairs and not found.new & night.pairs
    silent = planned_again(night, Otherwise("baseline"))
    assert not silent.same and not silent.explained and silent.changed == {}


def test_everything_a_plan_rests_on_is_named_when_it_is_another(kept):
    night = read_night(kept)
    assert {"policy", "program", "processor", "numpy", "ortools", "python"} <= set(night.basis)
    earlier = replace(night, basis=dict.fromkeys(night.basis, "earlier"))
    changed = planned_again(earlier, BaselineScorer()).changed
    assert changed == {name: ("earlier", now) for name, now in night.basis.items()}


def test_a_difference_nothing_explains_ends_with_code_one_and_a_model_that_is_gone_is_named(command, kept):
    code, said = command("nights", "replay", kept, "--model", "v0004")
    assert code == 1 and "v0004" in said
    write_night(kept.parent, replace(read_night(kept), plan="0" * 64))
    code, told = command("nights", "replay", kept)
    assert (code, told["same"], told["explained"]) == (1, False, False)


def test_a_file_that_is_no_night_or_was_changed_is_refused(kept, tmp_path):
    night = read_night(kept)
    write_night(kept.parent, replace(night, parts=night.parts[::-1]))
    with pytest.raises(BadInput, match="expected the inputs that were recorded, found others"):
        read_night(kept)
    other = tmp_path / "other.night"
    other.write_bytes(b"something else")
    with pytest.raises(BadInput, match=r"other\.night: expected a night recorded in the form"):
        read_night(other)
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("night.json", json.dumps({"format": "onemonth night 9"}))
    with pytest.raises(BadInput, match="its form is 'onemonth night 9'"):
        read_night(other)


def test_a_night_that_cannot_be_kept_says_so_and_is_finished_by_the_next_start(command, tmp_path):
    (tmp_path / "file").write_text("x")
    code, said = command("nightly", "--as-of", places.DAY, "--record", tmp_path / "file" / "nights")
    assert code == 1 and "expected a folder that can be written to" in said
    code, night = command("nightly", "--as-of", places.DAY)
    assert (code, night["resumed"]) == (0, True) and night["referrals"] > 0
