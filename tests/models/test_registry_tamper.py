"""A changed, foreign or missing byte anywhere in a version or in the history is refused, with what was expected and found."""

import json
import random
import shutil
import sys
from contextlib import contextmanager

import numpy as np
import pytest

from matching.errors import ModelRefused, NotFound, TrialUnfinished
from models import registry_golden
from models.ranker import PlacementRanker
from models.registry import Registry
from models.registry_check import check_array, check_parts, check_trees
from models.registry_golden import golden_scores, score_in_child
from models.trained import RULE_ONLY, Blend, TrainedRanker
from tests.models import region

WHEN = "2026-06-10"


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A registry with one version in production, to be copied and spoilt."""
    folder = tmp_path_factory.mktemp("sound")
    registry = Registry(folder / "models")
    registry.promote(registry.save(region.trained(), region.evaluation(), made_by="a", made_at=WHEN), by="h", at=WHEN)
    return folder


WATCHED: list[tuple[str, list[str]]] = []


def _note(event, args):
    for folder, found in WATCHED if event == "open" else ():
        if isinstance(args[0], str) and args[0].startswith(folder):
            found.append(args[0])


sys.addaudithook(_note)


@contextmanager
def opened(folder):
    """Note the files of a folder that this process opens meanwhile."""
    found = []
    WATCHED.append((str(folder), found))
    yield found
    WATCHED.pop()


@pytest.fixture
def spoilt(sound, tmp_path):
    shutil.copytree(sound, tmp_path / "copy")
    return Registry(tmp_path / "copy" / "models")


def boosted():
    """Return a scorer that has trees, grown on an interaction that curves cannot draw."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4_000, 46)).astype(np.float32)
    y = (rng.random(4_000) < np.where(x[:, 0] * x[:, 1] > 0, 0.8, 0.1)).astype(float)
    ranker = PlacementRanker(random_state=0, n_threads=1, max_rounds=30).fit(
        x, y, rng.integers(1, 20, 4_000), groups=np.arange(4_000) // 4
    )
    return TrainedRanker(ranker, Blend(0.0, 0.2, 0.8), RULE_ONLY, {})


@pytest.fixture(scope="module")
def trees():
    _, parts = boosted().to_state()
    texts = {
        name: part if isinstance(part, str) else part.decode() for name, part in parts.items() if name.endswith(".txt")
    }
    assert texts
    return sorted(texts.items())[0]


@pytest.mark.parametrize("seed", range(100))
def test_any_changed_byte_of_any_file_is_refused(spoilt, seed):
    draw = random.Random(seed)
    files = sorted(p for p in (spoilt.folder / "versions" / "v0001").iterdir())
    path = files[seed % len(files)]
    content = bytearray(path.read_bytes())
    if seed % 7 == 0:
        content = content[: draw.randrange(len(content))]
    else:
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.chmod(0o644)
    path.write_bytes(bytes(content))
    with pytest.raises(ModelRefused, match="expected"):
        spoilt.current_scorer()


def test_what_was_refused_is_not_opened_again_before_a_file_changes(spoilt):
    path = spoilt.folder / "versions" / "v0001" / "state.json"
    sound = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(sound[:-1] + b" ")
    with opened(spoilt.folder) as first, pytest.raises(ModelRefused) as refused:
        spoilt.current_scorer()
    with opened(spoilt.folder) as again, pytest.raises(ModelRefused, match="expected") as told:
        spoilt.current_scorer()
    assert str(path) in first and not again and str(told.value) == str(refused.value)
    path.write_bytes(sound[:-1] + b"\t")
    with opened(spoilt.folder) as changed, pytest.raises(ModelRefused):
        spoilt.current_scorer()
    assert str(path) in changed
    path.write_bytes(sound)
    assert spoilt.current_scorer().version == "v0001"


def test_a_trial_that_was_ended_from_outside_is_tried_again(spoilt, monkeypatch):
    monkeypatch.setattr(registry_golden, "SECONDS", 0.001)
    with pytest.raises(TrialUnfinished, match="still busy"):
        spoilt.current_scorer()
    monkeypatch.undo()
    assert spoilt.current_scorer().version == "v0001"


def test_a_signature_in_another_spelling_is_refused(spoilt):
    path = spoilt.folder / "versions" / "v0001" / "manifest.sig"
    path.chmod(0o644)
    path.write_text(path.read_text("ascii").upper(), "ascii")
    with pytest.raises(ModelRefused, match="signature"):
        spoilt.current_scorer()


@pytest.mark.parametrize("seed", range(20))
def test_any_changed_byte_of_the_history_is_refused(spoilt, seed):
    log = spoilt.folder / "history.jsonl"
    content = bytearray(log.read_bytes())
    at = random.Random(seed).randrange(len(content) - 1)
    content[at] ^= 1
    log.write_bytes(bytes(content))
    with pytest.raises(ModelRefused, match="history"):
        spoilt.current_scorer()


def test_a_line_of_the_history_taken_out_or_moved_is_refused(spoilt):
    log = spoilt.folder / "history.jsonl"
    first, second = log.read_bytes().splitlines(keepends=True)
    for wrong in (second, second + first, first + first):
        log.write_bytes(wrong)
        with pytest.raises(ModelRefused, match="history line"):
            spoilt.current_scorer()


def test_a_running_reader_refuses_a_history_that_got_shorter(spoilt):
    assert spoilt.current_scorer().version == "v0001"
    log = spoilt.folder / "history.jsonl"
    log.write_bytes(log.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(ModelRefused, match="first 2 lines"):
        spoilt.current_scorer()


@pytest.mark.parametrize("name", ["evil.txt", "part.extra.npy", "model.pkl", "__pycache__"])
def test_a_foreign_file_in_a_version_is_refused(spoilt, name):
    (spoilt.folder / "versions" / "v0001" / name).write_bytes(b"x")
    with pytest.raises(ModelRefused, match="missing or foreign"):
        spoilt.load("v0001")


def test_a_link_in_place_of_a_file_is_refused(spoilt):
    path = spoilt.folder / "versions" / "v0001" / "state.json"
    target = spoilt.folder / "elsewhere.json"
    target.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(target)
    with pytest.raises(ModelRefused, match="regular file"):
        spoilt.load("v0001")


def test_a_version_the_history_does_not_know_is_not_opened(spoilt):
    shutil.copytree(spoilt.folder / "versions" / "v0001", spoilt.folder / "versions" / "v0002")
    with pytest.raises(NotFound):
        spoilt.load("v0002")
    assert [row["version"] for row in spoilt.list()] == ["v0001"]


def test_a_version_swapped_for_another_signed_one_is_refused(spoilt):
    scorer = region.trained()
    shade = TrainedRanker(scorer.ranker, Blend(-2.0, 0.5, 0.5), scorer.stays, scorer.evidence)
    second = spoilt.save(shade, region.evaluation(), made_by="a", made_at=WHEN)
    versions = spoilt.folder / "versions"
    shutil.rmtree(versions / "v0001")
    shutil.copytree(versions / second, versions / "v0001")
    with pytest.raises(ModelRefused, match="expected sha256"):
        spoilt.load("v0001")


def test_a_sound_tree_text_passes(trees):
    name, text = trees
    check_trees(name, text.encode(), 46)
    assert text.count("Tree=") > 1


def _numbers(text):
    """Places of whole numbers in lines that hold indices."""
    places, at = [], 0
    for line in text.splitlines(keepends=True):
        key, _equals, values = line.partition("=")
        if key in (
            "split_feature",
            "left_child",
            "right_child",
            "num_leaves",
            "decision_type",
            "num_cat",
            "max_feature_idx",
        ):
            start = at + len(key) + 1
            for word in values.split():
                offset = text.index(word, start)
                places.append((offset, word))
                start = offset + len(word)
        at += len(line)
    return places


@pytest.mark.parametrize("seed", range(60))
def test_an_index_set_beyond_its_array_is_caught_before_the_library_reads_it(trees, seed):
    name, text = trees
    draw = random.Random(seed)
    at, word = draw.choice(_numbers(text))
    wrong = str(draw.choice([10**6, -(10**6), 99_999, 2**31 - 1]))
    changed = text[:at] + wrong + text[at + len(word) :]
    with pytest.raises(ModelRefused, match="expected"):
        check_trees(name, changed.encode(), 46)


def test_children_that_form_a_circle_are_caught(trees):
    name, text = trees
    head, body = text.split("Tree=0\n")
    lines = body.splitlines()
    left = next(i for i, line in enumerate(lines) if line.startswith("left_child="))
    right = next(i for i, line in enumerate(lines) if line.startswith("right_child="))
    a, b = (lines[i].partition("=")[2].split() for i in (left, right))
    where = [(side, k) for side in (a, b) for k, child in enumerate(side) if int(child) > 0]
    assert len(where) >= 2
    (s1, k1), (s2, k2) = where[0], where[-1]
    own = str(k2)
    s1[k1], s2[k2] = (s2[k2], own) if own not in ("0", s1[k1]) else (s2[k2], s1[k1])
    lines[left], lines[right] = "left_child=" + " ".join(a), "right_child=" + " ".join(b)
    with pytest.raises(ModelRefused, match="expected"):
        check_trees(name, (head + "Tree=0\n" + "\n".join(lines)).encode(), 46)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"\x80\x04\x95", b"tree\nversion=v4\n", "树".encode()])
def test_things_that_are_no_trees_and_no_arrays_are_refused(content):
    with pytest.raises(ModelRefused):
        check_trees("part.txt", content, 46)
    with pytest.raises(ModelRefused):
        check_array("part.npy", content)


def test_an_array_of_objects_is_refused(tmp_path):
    np.save(tmp_path / "o.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ModelRefused, match="plain array"):
        check_array("o.npy", (tmp_path / "o.npy").read_bytes())


@pytest.mark.parametrize("state", [b"", b"[]", b"\xff", b'{"a":'])
def test_a_state_that_is_no_object_is_refused(state):
    with pytest.raises(ModelRefused, match="expected"):
        check_parts(state, {}, 46)


def test_what_the_trial_process_scores_is_what_this_one_does_and_a_state_it_cannot_read_is_refused():
    scorer = boosted()
    state, parts = scorer.to_state()
    raw = {name: part.encode() if isinstance(part, str) else part for name, part in parts.items()}
    assert score_in_child(json.dumps(state).encode(), raw) == golden_scores(scorer)
    broken = {**state, "ranker": {**state["ranker"], "head": {}}}
    with pytest.raises(ModelRefused, match="trial process"):
        score_in_child(json.dumps(broken).encode(), raw)
