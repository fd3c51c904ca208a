"""What a placement would bring, to whom, what is missing to qualify, and the policy row that says so. Shown, never scored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from matching.columns import Table, among, flags, texts
from matching.policy.load import PolicyBook
from matching.policy.schema import PolicyRow
from matching.promise import ZERO_EMPLOYMENT
from matching.reasons import Fact, Reason, Verdict

Row = Mapping[str, object]
"""One row of a canonical table as a mapping; a null cell says unknown."""


@dataclass(frozen=True, slots=True)
class EffectivePay:
    """What a worker is paid a month, in fen, allowance included; None is unknown.

    ``at_minimum_fen`` is what the same worker would have at the minimum wage with the allowance: where it is higher than
    ``total_fen`` the wage lies past the cliff, and a yuan more in wage is hundreds less in hand.
    """

    wage_fen: int | None
    allowance_fen: int | None
    total_fen: int | None
    at_minimum_fen: int | None


@dataclass(slots=True)
class _Test:
    """Conditions of one entitlement, gathered."""

    missing: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def need(self, code: str, met: bool | None) -> None:
        """Note a condition: met, not met, or None where it cannot be told."""
        if met is None:
            self.unknown.append(code)
        elif not met:
            self.missing.append(code)

    @property
    def verdict(self) -> Verdict:
        """What the conditions come to: one that is missing decides, then one that is unknown."""
        return Verdict.NOT_MET if self.missing else Verdict.UNKNOWN if self.unknown else Verdict.MET


@dataclass(frozen=True, slots=True)
class _Case:
    member: Row
    position: Row
    employer: Row | None
    household: Row | None
    there: PolicyBook
    home: PolicyBook

    @property
    def zero(self) -> bool:
        """Whether the member belongs to a zero-employment household."""
        status = None if self.household is None else _value(self.household, "status")
        return status in ZERO_EMPLOYMENT or "zero_employment" in _set(self.member, "categories")

    @property
    def hard(self) -> bool:
        """Whether the member is hard to employ."""
        return self.zero or bool(_set(self.member, "categories"))


def entitlements(
    member: Row,
    position: Row,
    book: PolicyBook,
    as_of: date,
    *,
    employer: Row | None = None,
    household: Row | None = None,
) -> tuple[Reason, ...]:
    """Return what placing this member at this post on a day would bring.

    Parameters
    ----------
    member, position, employer, household : mapping
        One canonical row each; without an employer its kind is unknown, without a household zero employment is told by the member's
        categories alone.
    book : PolicyBook
        Tables of policy; employer rules are those of the workplace, the member's those of the residence.

    Returns
    -------
    tuple of Reason
        Facts of each: ``to`` (employer or member), ``verdict`` (met, not_met, unknown), ``amount_fen`` a month (null: the source names
        none), ``months``, ``missing`` and ``unknown`` (condition codes, ``;``-joined), ``policy_id``, ``source``, ``valid_from``,
        ``valid_to``. A rule without a row in that place and period is left out.
    """
    there = book.at(str(position["region_code"]), as_of)
    case = _Case(member, position, employer, household, there, book.at(str(member["region_code"]), as_of))
    found = (rule(case) for rule in _RULES)
    return tuple(reason for reason in found if reason is not None)


def member_entitlements(
    member: Row, book: PolicyBook, as_of: date, *, trainings: Table | None = None
) -> tuple[Reason, ...]:
    """Return what the member may use whatever the post: free training, guidance, the start-up route.

    ``trainings`` are the member's own rows of that table; without them what was used is unknown. A free course that ran or runs counts
    as used; the entitlement is to *at least* so many, so a further one is a decision, not a refusal.
    """
    home = book.at(str(member["region_code"]), as_of)
    out = [
        r for r in (_training(home, kind, trainings) for kind in ("skill", "startup", "certification")) if r is not None
    ]
    guidance = home.row("guidance.unlimited")
    if guidance is not None and guidance.value is True:
        out.append(_reason("ENTITLEMENT_GUIDANCE", "member", _Test(), guidance, {"unlimited": True}))
    for code, key in (
        ("ENTITLEMENT_START_UP_LOAN", "startup.loan_cap"),
        ("ENTITLEMENT_START_UP_GRANT", "startup.grant"),
    ):
        row = home.row(key)
        if row is not None:
            extra = _loan_terms(home) if key == "startup.loan_cap" else {}
            out.append(_reason(code, "member", _Test(), row, {"amount_fen": _fen(row), **extra}))
    return tuple(out)


def _loan_terms(home: PolicyBook) -> dict[str, Fact]:
    waived, jobs = home.row("startup.counter_guarantee_waived"), home.row("startup.loan_cap_five_jobs")
    return {
        "counter_guarantee_waived": waived is not None and waived.value is True,
        "five_jobs_fen": None if jobs is None else _fen(jobs),
    }


def effective_pay(position: Row, book: PolicyBook, as_of: date) -> EffectivePay:
    """Return the wage with the on-post allowance of the workplace (上岗补贴), which is paid at exactly the minimum wage and not above."""
    there = book.at(str(position["region_code"]), as_of)
    wage, minimum = _whole(position, "wage_min"), there.number_or_none("wage.minimum_month")
    row = there.row("allowance.on_post.amount")
    if row is None:
        return EffectivePay(wage, 0, wage, None if minimum is None else int(minimum))
    amount = _fen(row)
    if wage is None or minimum is None or amount is None:
        return EffectivePay(wage, None, None, None)
    allowance = amount if wage == int(minimum) else 0
    return EffectivePay(wage, allowance, wage + allowance, int(minimum) + amount)


def _post_subsidy(case: _Case) -> Reason | None:
    row = case.there.row("subsidy.post.amount")
    if row is None or case.position["kind"] == "PUBLIC_WELFARE":
        return None
    test = _Test()
    test.need("HARD_TO_EMPLOY", case.hard)
    months = _contract(case, "subsidy.post.min_contract_months", test)
    _insured(case, test)
    return _reason("ENTITLEMENT_POST_SUBSIDY", "employer", test, row, {
        "amount_fen": _fen(row), "months": _capped(case, months, "subsidy.post.max_months"),
    })  # fmt: skip


def _insurance_subsidy(case: _Case) -> Reason | None:
    row = case.there.row("subsidy.insurance.amount")
    if row is None or case.position["kind"] == "PUBLIC_WELFARE":
        return None
    test = _Test()
    test.need("HARD_TO_EMPLOY", case.hard)
    months = _contract(case, "subsidy.insurance.min_contract_months", test)
    _insured(case, test)
    kind = None if case.employer is None else _value(case.employer, "type")
    types = case.there.row("subsidy.insurance.employer_types")
    test.need("EMPLOYER_TYPE", None if kind is None or types is None else kind in case.there.items(types.key))
    if case.position["kind"] == "DISPATCH" or kind == "dispatch_agency":
        dispatch = case.there.row("subsidy.insurance.dispatch")
        test.need("DISPATCH", None if dispatch is None else dispatch.value is True)
        row = dispatch or row
    amount = case.there.row("subsidy.insurance.amount")
    return _reason("ENTITLEMENT_INSURANCE_SUBSIDY", "employer", test, row, {
        "amount_fen": None if amount is None else _fen(amount), "months": _capped(case, months, "subsidy.insurance.max_months"),
        "to_retirement": _near_retirement(case, "subsidy.insurance.near_retire_years"),
    })  # fmt: skip


def _on_post_allowance(case: _Case) -> Reason | None:
    row = case.there.row("allowance.on_post.amount")
    if row is None:
        return None
    pay, minimum = (
        effective_pay(case.position, case.there, case.there.as_of),
        case.there.number_or_none("wage.minimum_month"),
    )
    test = _Test()
    test.need("ZERO_EMPLOYMENT", case.zero)
    at_minimum = None if minimum is None or pay.wage_fen is None else pay.wage_fen == int(minimum)
    test.need("WAGE_EQUALS_MINIMUM", at_minimum)
    return _reason("ENTITLEMENT_ON_POST_ALLOWANCE", "member", test, row, {
        "amount_fen": _fen(row), "wage_fen": pay.wage_fen, "minimum_fen": None if minimum is None else int(minimum),
        "effective_fen": pay.total_fen, "effective_at_minimum_fen": pay.at_minimum_fen,
    })  # fmt: skip


def _welfare_subsidies(case: _Case) -> Reason | None:
    """Both subsidies of public-welfare posts; they attach to the placement of such a member, not to the kind of post."""
    welfare = case.position["kind"] == "PUBLIC_WELFARE"
    row = case.there.row("pw.subsidy.post" if welfare else "pw.subsidy.any_post")
    if row is None or row.value is False:
        return None
    test = _Test()
    if welfare:
        test.need(
            "WELFARE_CATEGORY",
            case.zero or bool(_set(case.member, "categories") & set(case.there.items("pw.eligible_categories"))),
        )
    else:
        test.need("ZERO_EMPLOYMENT", case.zero)
    rule = case.there.row("pw.subsidy.post")
    minimum = (
        case.there.number_or_none("wage.minimum_month") if rule is not None and rule.value == "minimum_wage" else None
    )
    return _reason("ENTITLEMENT_WELFARE_SUBSIDIES", "employer", test, row, {
        "amount_fen": None if minimum is None else int(minimum), "months": case.there.whole("pw.max_months"),
        "to_retirement": _near_retirement(case, "pw.near_retire_years"), "insurance_subsidy": True, "not_together_with": "ENTITLEMENT_POST_SUBSIDY",
    })  # fmt: skip


def _flexible(case: _Case) -> Reason | None:
    row = case.home.row("subsidy.flexible.share")
    if row is None or case.position["kind"] != "FLEXIBLE":
        return None
    test = _Test()
    test.need("OLDER", "older" in _set(case.member, "categories"))
    months = case.home.number_or_none("subsidy.flexible.max_months")
    return _reason("ENTITLEMENT_FLEXIBLE_SUBSIDY", "member", test, row, {
        "share": case.home.number_or_none(row.key), "months": None if months is None else int(months),
    })  # fmt: skip


def _dibao(case: _Case) -> Reason | None:
    """Tell how long the allowance stays and when it is reviewed, so that nobody is put off from a job by not knowing."""
    row = case.home.row("dibao.close_after_months")
    if row is None or case.household is None or _value(case.household, "dibao_status") not in ("receiving", "closing"):
        return None
    kept, contract = (
        case.home.number_or_none("dibao.linkage_months"),
        case.home.number_or_none("dibao.linkage_contract_months"),
    )
    have = _whole(case.position, "contract_months")
    applies = None if kept is None else True if contract is None else None if have is None else have >= contract
    return _reason("ENTITLEMENT_DIBAO_LINKAGE", "member", _Test(), row, {
        "review_after_months": case.home.whole(row.key), "kept_months": None if kept is None or applies is False else int(kept),
        "kept_contract_months": None if contract is None else int(contract), "kept_applies": applies,
    })  # fmt: skip


_RULES: tuple[Callable[[_Case], Reason | None], ...] = (
    _post_subsidy, _insurance_subsidy, _on_post_allowance, _welfare_subsidies, _flexible, _dibao,
)  # fmt: skip


def _training(home: PolicyBook, kind: str, trainings: Table | None) -> Reason | None:
    row = home.row(f"training.free_{kind}")
    if row is None:
        return None
    used = None
    if trainings is not None:
        taken = flags(trainings, "free") & among(texts(trainings, "state"), ("running", "completed"))
        used = int((taken & (texts(trainings, "kind") == kind)).sum())
    allowed = home.whole(row.key)
    left = None if used is None else max(allowed - used, 0)
    return _reason(
        f"ENTITLEMENT_TRAINING_{kind.upper()}",
        "member",
        _Test(),
        row,
        {"at_least": allowed, "used": used, "left": left},
    )


def _contract(case: _Case, key: str, test: _Test) -> int | None:
    months, least = _whole(case.position, "contract_months"), case.there.number_or_none(key)
    test.need("CONTRACT_MONTHS", None if months is None or least is None else months >= least)
    return months


def _insured(case: _Case, test: _Test) -> None:
    kinds = case.there.row("subsidy.insurance.kinds")
    test.need(
        "INSURANCE", None if kinds is None else set(case.there.items(kinds.key)) <= _set(case.position, "insured")
    )


def _capped(case: _Case, months: int | None, key: str) -> int | None:
    """Return the months a subsidy would run: the contract, capped where a cap is known."""
    cap = case.there.number_or_none(key)
    return months if cap is None or months is None else min(months, int(cap))


def _near_retirement(case: _Case, key: str) -> bool | None:
    """Whether the subsidy may run to retirement instead: None where birth, sex or the rule is not known."""
    years = case.there.number_or_none(key)
    month = case.there.retirement_month(str(_value(case.member, "birth_month") or ""), str(case.member["sex"]))
    if years is None or month is None:
        return None
    left = (int(month[:4]) - case.there.as_of.year) * 12 + int(month[5:]) - case.there.as_of.month
    return 0 < left <= 12 * years


def _reason(code: str, to: str, test: _Test, row: PolicyRow, facts: Mapping[str, Fact]) -> Reason:
    days = {
        name: None if day is None else day.isoformat()
        for name, day in (("valid_from", row.valid_from), ("valid_to", row.valid_to))
    }
    return Reason(code, {
        "to": to, "verdict": test.verdict.value, **facts, "missing": ";".join(test.missing), "unknown": ";".join(test.unknown),
        "policy_id": row.id, "source": row.source, **days,
    })  # fmt: skip


def _fen(row: PolicyRow) -> int | None:
    return int(row.value) if isinstance(row.value, (int, float)) else None


def _value(row: Row, name: str) -> object:
    value = row.get(name)
    return None if value is None or value is pd.NA or value is pd.NaT or value != value else value


def _whole(row: Row, name: str) -> int | None:
    value = _value(row, name)
    return None if value is None else int(value)  # type: ignore[call-overload]


def _set(row: Row, name: str) -> set[str]:
    return {x for x in str(_value(row, name) or "").split(";") if x}
