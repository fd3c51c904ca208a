"""The policy officer's commands."""

import json

import pytest
from typer.testing import CliRunner

from service.cli import app

ROW = """
[[row]]
id = "our-pause"
key = "promise.pause_max_days"
region = "440100"
value = {value}
unit = "{unit}"
source = "our own notice of 2026"
verified_on = 2026-11-01
valid_from = {first}
"""


def run(*words):
    return CliRunner().invoke(app, ["policy", *map(str, words)])


def answer(*words):
    found = run(*words, "--json")
    assert found.exit_code == 0, found.output
    return json.loads(found.output.splitlines()[-1])


@pytest.fixture
def ours(tmp_path):
    def write(value=10, unit="day", first="2026-12-01", name="ours.toml"):
        path = tmp_path / name
        path.write_text(ROW.format(value=value, unit=unit, first=first), encoding="utf-8")
        return path

    return write


def test_a_city_s_own_rows_are_checked(ours):
    path = ours()
    assert answer("check", path)["rows"] == 1 and answer("check", path.parent)["keys"] == ["promise.pause_max_days"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"unit": "month"}, "row our-pause: promise.pause_max_days is stated in day, found unit 'month'"),
        ({"value": "-3"}, "row our-pause: promise.pause_max_days expects a number of day"),
        ({"first": '"2026-02-30"'}, "row our-pause: expected valid_from as a date YYYY-MM-DD, found '2026-02-30'"),
    ],
)
def test_a_row_that_cannot_be_is_named(ours, row, message):
    found = run("check", ours(**row))
    assert found.exit_code == 1 and f"ours.toml, {message}" in " ".join(found.output.split())


def test_rows_that_overlap_are_both_named(ours, tmp_path):
    ours()
    text = ours(name="second.toml").read_text("utf-8").replace("our-pause", "our-second")
    (tmp_path / "second.toml").write_text(text, encoding="utf-8")
    found = run("check", tmp_path)
    assert found.exit_code == 1 and "overlap for promise.pause_max_days in 440100" in " ".join(found.output.split())
    assert run("check", tmp_path / "nowhere.toml").exit_code == 1


def test_the_row_that_answers_is_shown_with_place_and_day():
    here = answer("show", "wage.minimum_month", "--region", "440100", "--as-of", "2025-06-01")
    assert (here["row"]["value"], here["unit"], here["row"]["region"]) == (250000, "fen/month", "440100")
    assert answer("show", "wage.minimum_month", "--region", "440100", "--as-of", "2006-06-01")["row"] is None
    assert run("show", "wage.minimum").exit_code == 1


def test_two_days_differ_by_the_numbers_that_changed_between_them():
    items = answer("diff", "2025-02-28", "2025-03-01", "--region", "440300")["items"]
    changed = {c["key"]: (c["before"]["value"], c["after"]["value"]) for c in items}
    assert changed["wage.minimum_month"] == (236000, 252000)
    assert answer("diff", "2025-03-01", "2025-03-01", "--region", "440300")["items"] == []


def test_two_tables_differ_by_the_rows_they_bring(ours, tmp_path):
    before, after = ours(10, name="a.toml"), ours(12, name="b.toml")
    [change] = answer("diff", before, after, "--region", "440103", "--as-of", "2026-12-05")["items"]
    assert (change["before"]["value"], change["after"]["value"]) == (10, 12)
    assert answer("diff", before, after, "--region", "440300", "--as-of", "2026-12-05")["items"] == []


def test_a_published_variant_of_the_promise_is_compared_with_what_is_in_force():
    items = answer("diff", "2026-06-10", "ten_days", "--region", "440300", "--as-of", "2026-06-10")["items"]
    changed = {c["key"]: c["after"]["value"] for c in items}
    assert changed["promise.duration"] == "P10WD" and {k.rpartition(".")[0] for k in changed} == {"promise"}
    assert run("diff", "2026-06-10", "mars").exit_code == 1
