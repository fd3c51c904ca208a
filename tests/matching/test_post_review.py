"""What a post officer is shown when a post comes in."""

from datetime import date

import numpy as np
import pytest

from matching.policy.load import load_policy
from matching.post_review import QUARANTINES, hourly_fen, review_posts, unlawful_words
from tests.matching.people import position, table

TODAY = date(2026, 6, 10)
POLICY = load_policy("440103", TODAY)


def shown(**changes) -> list[tuple]:
    """Return (code, quarantine, found) of one post."""
    return list(
        review_posts(table("positions", position(**changes)), POLICY)[["code", "quarantine", "found"]].itertuples(
            index=False, name=None
        )
    )


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("仓管员限男性", "DISCRIMINATORY_SEX"), ("收银员（女）", "DISCRIMINATORY_SEX"), ("文员 女士优先", "DISCRIMINATORY_SEX"), ("搬運工 只招男", "DISCRIMINATORY_SEX"),
        ("客服，未婚", "DISCRIMINATORY_MARRIAGE"), ("已婚已育优先 保洁", "DISCRIMINATORY_MARRIAGE"), ("保安 限本地户口", "DISCRIMINATORY_HUKOU"),
        ("司機 本地戶籍優先", "DISCRIMINATORY_HUKOU"), ("普工 不招外省人", "DISCRIMINATORY_HUKOU"), ("服务员 限汉族", "DISCRIMINATORY_ETHNICITY"),
        ("普工 少数民族勿扰", "DISCRIMINATORY_ETHNICITY"), ("护工 无宗教信仰", "DISCRIMINATORY_RELIGION"), ("店员 残疾人勿扰", "DISCRIMINATORY_DISABILITY"),
        ("仓管 性别要求：男", "DISCRIMINATORY_SEX"), ("普工 民族：汉族", "DISCRIMINATORY_ETHNICITY"), ("门卫 户籍要求: 本市", "DISCRIMINATORY_HUKOU"),
        ("面点师 乙肝除外", "DISCRIMINATORY_CARRIER"), ("厨工 两对半正常", "DISCRIMINATORY_CARRIER"), ("文员 需交押金", "FEE_CHARGED"), ("学徒 收取培训费", "FEE_CHARGED"),
    ],
)  # fmt: skip
def test_a_title_with_a_condition_no_employer_may_set_waits_for_an_officer(title, code):
    found = shown(title=title)
    assert [(c, q) for c, q, _ in found] == [(code, True)] and found[0][2] in title


@pytest.mark.parametrize(
    "title",
    [
        "男装导购",
        "女鞋车间普工",
        "婚庆策划",
        "户口协管员",
        "民族食品包装工",
        "残疾人服务员",
        "妇女儿童活动中心保洁",
        "收费站收费员",
        "限时配送员",
        "保洁（早班）",
        "宗教场所保安",
        "包装工",
        "保洁 性别：男女不限",
        "文员 性别要求：不限",
        "普工 户籍：不限 民族：不限",
    ],
)
def test_a_title_that_only_sounds_like_one_passes(title):
    assert unlawful_words(title) == {} and shown(title=title) == []


def test_several_conditions_are_all_named():
    assert set(unlawful_words("文员 女士优先 未婚 本地户口优先")) == {
        "DISCRIMINATORY_SEX",
        "DISCRIMINATORY_MARRIAGE",
        "DISCRIMINATORY_HUKOU",
    }


WELFARE = {"kind": "PUBLIC_WELFARE", "pw_subtype": "cleaning", "declared_on": date(2026, 6, 1)}


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        (WELFARE, []), ({**WELFARE, "pw_subtype": "administration"}, ["WELFARE_TYPE_NOT_ALLOWED"]), ({**WELFARE, "pw_subtype": None}, ["WELFARE_TYPE_NOT_ALLOWED"]),
        ({**WELFARE, "declared_on": None}, ["WELFARE_NOT_DECLARED"]), ({**WELFARE, "wage_min": 240_000, "wage_max": 249_999}, ["BELOW_MINIMUM_WAGE"]),
        ({**WELFARE, "wage_min": 250_000, "wage_max": 250_000}, []),
        ({**WELFARE, "wage_min": 210_000, "wage_max": 210_000, "hours_week": 20}, []),
        ({**WELFARE, "wage_min": 120_000, "wage_max": 120_000, "hours_week": 20}, ["BELOW_MINIMUM_WAGE"]),
        ({"kind": "DISPATCH", "user_unit_id": "E2", "contract_months": 24}, []),
        ({"kind": "DISPATCH", "contract_months": 24}, ["DISPATCH_WITHOUT_USER_UNIT"]),
        ({"kind": "DISPATCH", "user_unit_id": "E2", "contract_months": 23}, ["DISPATCH_CONTRACT_SHORT"]),
        ({"kind": "DISPATCH", "user_unit_id": "E2", "contract_months": None}, []),
        ({"kind": "COMMUNITY_BASE", "valid_until": date(2026, 9, 1)}, []), ({"kind": "COMMUNITY_BASE"}, ["BASE_ORDERS_END_UNKNOWN"]),
        ({"wage_type": "piece", "wage_min": 410_000, "wage_max": 420_000}, ["PIECE_BELOW_HOURLY_MINIMUM"]),
        ({"wage_type": "piece", "wage_min": 411_000, "wage_max": 420_000}, []),
        ({"lift_kg": 25}, []), ({"lift_kg": 25.5}, ["LOAD_BARRED_FOR_WOMEN"]),
    ],
)  # fmt: skip
def test_each_kind_of_post_is_held_to_its_rules(changes, codes):
    found = shown(**changes)
    assert [c for c, _, _ in found] == codes and all(q == (c in QUARANTINES) for c, q, _ in found)


def test_piece_wages_are_told_by_the_hour():
    posts = table("positions", position(wage_min=303_334, hours_week=40), position(position_id="P2", hours_week=0))
    np.testing.assert_allclose(hourly_fen(posts), [1750.0038, np.nan], rtol=1e-6)


def test_findings_come_in_the_order_of_the_posts_whatever_their_index():
    posts = table(
        "positions",
        position(title="女士优先"),
        position(position_id="P2"),
        position(position_id="P0", title="女士优先", kind="COMMUNITY_BASE"),
    )
    posts.index = [7, 3, 5]
    found = review_posts(posts, POLICY)
    assert list(zip(found["position_id"], found["code"], strict=True)) == [
        ("P1", "DISCRIMINATORY_SEX"), ("P0", "BASE_ORDERS_END_UNKNOWN"), ("P0", "DISCRIMINATORY_SEX"),
    ]  # fmt: skip
    assert review_posts(table("positions"), POLICY).empty


@pytest.mark.parametrize("column", ["duties", "required_certificates", "excluded_task_tags", "accommodations_offered"])
def test_unlawful_words_are_found_in_every_text_of_a_post_and_the_column_is_named(column):
    found = review_posts(table("positions", position(**{column: "只招男"})), POLICY)
    assert found[["code", "quarantine", "field", "found"]].to_numpy().tolist() == [
        ["DISCRIMINATORY_SEX", True, column, "只招男"]
    ]


@pytest.mark.parametrize("words", ["年龄要求：18至35", "45岁以下"])
def test_an_age_the_employer_states_is_noted_and_holds_nothing_back(words):
    assert [(c, q) for c, q, _ in shown(duties=words)] == [("AGE_STATED", False)]


@pytest.mark.parametrize(
    ("changes", "below"),
    [
        ({"wage_min": 240_000, "wage_max": 249_999}, True), ({"wage_min": 240_000, "wage_max": 250_000}, False),
        ({"kind": "FLEXIBLE", "wage_min": 100_000, "wage_max": 100_000}, False),
        ({"wage_min": 100_000, "wage_max": 100_000, "hours_week": 20, "wage_type": "hourly"}, True),
    ],
)  # fmt: skip
def test_a_post_that_can_only_pay_less_than_the_minimum_wage_waits_for_an_officer(changes, below):
    assert ("BELOW_MINIMUM_WAGE" in [c for c, _, _ in shown(**changes)]) == below
