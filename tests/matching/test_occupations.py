"""The occupation suggested for a title, and how often the suggestion is right on titles it has not seen."""

import sys

import numpy as np
import pytest

from matching.occupations import Suggester, known_titles, occupation_names, suggest
from models.simulation.occupations import TRADES

FOLDS = 10


def hits(suggester, cases):
    """Return the shares of (title, code) found first and among the first three."""
    found = [[s.code for s in suggester.suggest(title)] for title, _ in cases]
    return (
        np.mean([f[:1] == [code] for f, (_, code) in zip(found, cases, strict=True)]),
        np.mean([code in f for f, (_, code) in zip(found, cases, strict=True)]),
    )


def learned(titles):
    names = occupation_names()
    return Suggester([*titles["title"], *names.values()], [*titles["code"], *names])


def test_titles_held_out_find_their_group_far_more_often_than_the_commonest_group_would(capsys):
    titles = known_titles()
    fold = np.random.default_rng(0).integers(FOLDS, size=len(titles))
    parts = []
    for k in range(FOLDS):
        held = list(titles[fold == k].itertuples(index=False, name=None))
        parts.append((len(held), *hits(learned(titles[fold != k]), held)))
    count = sum(n for n, _, _ in parts)
    first, three = (sum(p[0] * p[j] for p in parts) / count for j in (1, 2))
    commonest = titles["code"].value_counts(normalize=True)
    with capsys.disabled():
        sys.stdout.write(f"\n{count} held-out titles, {titles['code'].nunique()} of {len(occupation_names())} groups: first {first:.1%}, among three {three:.1%}; "
              f"the commonest group {commonest.iloc[0]:.1%}, the three commonest {commonest.iloc[:3].sum():.1%}\n")  # fmt: skip
    assert first > 0.45 and three > 0.65


def test_everyday_titles_of_another_list_are_found_without_having_been_seen():
    cases = sorted({job[::-1] for trade in TRADES for job in trade.jobs})
    titles = known_titles()
    unseen = titles[~titles["title"].isin([title for title, _ in cases])]
    first, three = hits(learned(unseen), cases)
    assert len(cases) == 34 and first >= 26 / 34 and three >= 29 / 34


def test_duties_help_where_the_title_says_little():
    bare = [s.code for s in suggest("普工")]
    told = [s.code for s in suggest("普工", "操作平车缝制服装，裁剪布料，车衣")]
    assert "61101" not in bare and "61101" in told


def test_a_suggestion_is_ordered_scored_and_says_what_it_is_like():
    [first, *rest] = suggest("包装工（夜班）")
    assert (first.code, first.name_zh, first.like) == ("69901", "包装人员", "包装工")
    assert 0 < first.score <= 1 + 1e-9 and all(s.score <= first.score for s in rest)


@pytest.mark.parametrize("title", ["", "???", "123", "人员"])
def test_a_title_without_words_gets_no_suggestion(title):
    assert suggest(title) == ()


def test_every_known_title_has_a_group_that_exists_and_stands_once():
    titles = known_titles()
    assert set(titles["code"]) <= set(occupation_names()) and titles["title"].is_unique
