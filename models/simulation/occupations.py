"""Occupations of the simulated posts: real codes, everyday titles, what each asks of a person.

Codes and names of minor groups are facts of the occupation tree of GB/T 6565 (edition not verified); titles are the everyday names of such
posts. Which dimensions a group asks for is an assumption.
"""

from dataclasses import dataclass

from matching.vocabulary import DIMENSIONS


@dataclass(frozen=True, slots=True)
class Trade:
    """A group of occupations: jobs as (code, title), dimensions asked, field of experience, shares of standing and contact with customers."""

    name: str
    field: str
    jobs: tuple[tuple[str, str], ...]
    dimensions: tuple[str, ...]
    standing: float
    contact: float
    certificate: str = ""
    certificate_share: float = 0.0
    atypical_for: str = ""


TRADES: tuple[Trade, ...] = (
    Trade("production", "production", (
        ("60804", "电子装配工"), ("60504", "电器装配工"), ("60511", "五金装配工"), ("61101", "缝纫工"), ("60902", "注塑工"),
        ("69901", "包装工"), ("61206", "食品加工工"), ("61203", "饮料灌装工")),
        ("manual_dexterity", "finger_dexterity", "motor_coordination", "physical_stamina", "detail_perception"), 0.55, 0.0),
    Trade("service", "service", (
        ("40101", "商场营业员"), ("40101", "超市收银员"), ("40102", "导购员"), ("40202", "仓储分拣员"), ("40201", "仓库保管员"),
        ("40305", "餐厅服务员"), ("40401", "客房服务员"), ("40712", "家政服务员")),
        ("service_orientation", "verbal", "numeracy", "physical_stamina", "digital"), 0.60, 0.75),
    Trade("cleaning", "property", (
        ("40713", "道路保洁员"), ("40713", "公厕保洁员"), ("40702", "楼宇保洁员"), ("40702", "绿化养护员")),
        ("physical_stamina", "manual_dexterity", "motor_coordination"), 0.70, 0.1),
    Trade("guard", "property", (("30202", "保安员"), ("30202", "治安巡防员"), ("30801", "物业秩序维护员")),
        ("physical_stamina", "verbal", "detail_perception", "spatial"), 0.5, 0.5, "security_guard@5", 0.3, "F"),
    Trade("kitchen", "kitchen", (("40301", "中餐厨工"), ("40301", "食堂帮厨"), ("40302", "西点助理"), ("40305", "洗碗工")),
        ("manual_dexterity", "physical_stamina", "motor_coordination", "learning"), 0.8, 0.1),
    Trade("clerk", "clerk", (("30102", "行政文员"), ("30102", "档案整理员"), ("30101", "社区协理员"), ("30101", "窗口引导员")),
        ("clerical_perception", "digital", "verbal", "numeracy"), 0.05, 0.6, atypical_for="M"),
    Trade("care", "care", (("40601", "医院护工"), ("40601", "养老护理员"), ("40712", "托育保育员")),
        ("service_orientation", "verbal", "physical_stamina", "manual_dexterity"), 0.6, 0.8, "nursing_care@5", 0.3, "M"),
)  # fmt: skip
"""Groups of occupations, in a fixed order."""

FIELDS: tuple[str, ...] = ("production", "service", "property", "kitchen", "clerk", "care")
"""Fields of experience of members (section 7.2: six groups, uniform)."""

FIELD_OF_TRADE: tuple[int, ...] = tuple(FIELDS.index(t.field) for t in TRADES)
"""Index of the field of each group."""

TRADE_DIMENSIONS: tuple[tuple[int, ...], ...] = tuple(tuple(DIMENSIONS.index(d) for d in t.dimensions) for t in TRADES)
"""Dimension columns each group asks for."""

FIELD_CODES: tuple[tuple[str, ...], ...] = tuple(
    tuple(sorted({code for t in TRADES if t.field == field for code, _ in t.jobs})) for field in FIELDS
)
"""Occupation codes of each field."""

CERTIFICATES: tuple[str, ...] = tuple(t.certificate for t in TRADES)
"""Certificate some posts of each group require, "" for none."""
