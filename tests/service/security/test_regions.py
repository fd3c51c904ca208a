"""Region scopes: a city holds its districts and streets, a scope is written and read back, nothing else is a region."""

import pandas as pd
import pytest

from matching.errors import BadInput
from service.security.regions import EVERYWHERE, heads_of, read, within, written


@pytest.mark.parametrize(
    ("code", "head"),
    [
        ("440000", "44"), ("440100", "4401"), ("441900", "4419"), ("440103", "440103"), ("440103001", "440103001"), ("440000000", "44"),
        ("440100000", "4401"), ("440103000", "440103"), ("440010", "440010"), ("440110", "440110"), ("441000", "4410"), ("440100001", "440100001"),
    ],
)  # fmt: skip
def test_a_code_is_cut_to_what_all_places_inside_it_begin_with(code, head):
    assert heads_of([code]) == (head,)


def test_heads_are_sorted_and_each_is_there_once():
    assert heads_of(["440103", "440100", "440104", "440100"]) == ("4401", "440103", "440104")
    assert heads_of([]) == ()


@pytest.mark.parametrize(
    "code", ["", "44010", "4401030", "44010300", "4401030011", "44010a", " 440103", "440103\n", "*", "%"]
)
def test_what_is_no_code_is_refused_and_said_in_short(code):
    with pytest.raises(BadInput, match="expected a code of 6 or 9 digits"):
        heads_of([code])


def test_a_long_text_is_not_repeated_whole():
    with pytest.raises(BadInput, match="found '" + "x" * 20 + "'$"):
        heads_of(["x" * 21])


@pytest.mark.parametrize("heads", [(), ("44",), ("440103", "440104001")])
def test_a_scope_is_stored_and_read_back(heads):
    assert read(written(heads)) == heads
    assert written(()) == EVERYWHERE and written(("44", "4501")) == "44;4501"


def test_an_empty_scope_is_no_scope():
    with pytest.raises(ValueError, match="never empty"):
        read("")


def test_a_place_is_within_by_its_head_and_one_without_a_code_is_nowhere():
    codes = pd.Series(["440103001", "440104", None, "4401"], dtype="str")
    assert within(codes, ("440103", "4402")).tolist() == [True, False, False, False]
    assert within(codes, ("4401",)).tolist() == [True, True, False, True]
    assert within(codes, ()).tolist() == [True] * 4
