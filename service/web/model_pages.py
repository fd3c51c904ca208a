"""The analyst's pages: versions and their history, one version, two beside each other, the watch, the shadow, departures, data to take away."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from matching.errors import NotFound, NotReady
from models.registry import GATE_LIMITS
from service.api.audit import packed
from service.api.context import AnOffice, RequestId
from service.api.guard import MAX_BODY_BYTES
from service.use_cases import model_life
from service.use_cases import watch as watching
from service.use_cases.approvals import listed, propose
from service.use_cases.promotion import PROMOTION, ROLLBACK
from service.use_cases.training_export import LEAST_ALIKE, training_data
from service.web import charts
from service.web.card_blocks import card_blocks
from service.web.charts import Chart
from service.web.form_fields import SEE_OTHER, Words
from service.web.model_charts import calibration, figure, interval_text, points, whiskers
from service.web.view import language_of, render
from service.web.wording import Wording
from service.wiring import Office

router = APIRouter(include_in_schema=False, max_body_size=MAX_BODY_BYTES)

Version = Annotated[str, Path(pattern=r"^v\d{4,9}$")]
Named = Annotated[str, Query(pattern=r"^(v\d{4,9})?$")]
SCORERS = ("model", "current", "rule", "logistic", "skill_overlap", "first_come", "random")
"""Scorers in the order they are listed."""

DRAWN = ("model", "logistic")
"""Scorers whose skill is drawn: one that was never calibrated would hide the difference."""

TELL = {"text": interval_text, "figure": figure, "points": points, "percent": charts.percent}
"""How figures are written, for templates."""


@router.get("/models")
def models_page(request: Request, office: AnOffice) -> HTMLResponse:
    """List versions, what was in charge when and who decided, and the steps that wait for a second person."""
    waiting = [a for k in (PROMOTION, ROLLBACK) for a in listed(office, state="proposed", kind=k.name)[0]]
    return _page(request, office, "models.html", "models", found=model_life.versions(office), terms=model_life.terms(office)[::-1],
                 history=model_life.history(office)[::-1], waiting=waiting)  # fmt: skip


@router.get("/models/compare")
def comparison_page(request: Request, office: AnOffice, first: Named = "", second: Named = "") -> HTMLResponse:
    """Show two versions beside each other."""
    names = [str(row["version"]) for row in model_life.versions(office)["items"]]
    found, drawn = None, {}
    if len(names) > 1 or first:
        found = model_life.compare(office, first or None, second or None)
        sides = [model_life.version(office, found[k])["evaluation"] for k in ("first", "second")]
        drawn = _drawn(sides, Wording(language_of(request, office)), ("model",))
    return _page(request, office, "model_compare.html", "model-compare", names=names, found=found, drawn=drawn)


@router.get("/models/watch")
def watch_page(request: Request, office: AnOffice) -> HTMLResponse:
    """Show drift of inputs and of calibration since the version in charge was put there."""
    try:
        found = watching.watch(office)
    except NotReady:
        return _page(request, office, "model_watch.html", "model-watch", found=None, drawn={})
    weeks = [str(w["week"]) for w in found["weeks"]]
    gaps = {d: [_gap(w["horizons"].get(d)) for w in found["weeks"]] for d in ("7", "14", "30")}
    drawn = {
        "gap": whiskers(weeks, [gaps["14"]], points),
        "psi": charts.lines(weeks, [[w["largest_psi"] for w in found["weeks"]]]),
    }
    return _page(request, office, "model_watch.html", "model-watch", found=found, drawn=drawn, gaps=gaps)


@router.get("/models/shadow")
def shadow_page(request: Request, office: AnOffice, version: Named = "") -> HTMLResponse:
    """Show what the version in the shadow would have shown differently."""
    names = [str(row["version"]) for row in model_life.versions(office)["items"]]
    try:
        found: dict[str, Any] | None = model_life.shadow(office, version or None)
    except NotFound:
        if version:
            raise
        found = None
    days = found["days"] if found else []
    drawn = {
        "same": whiskers(
            [d["on"] for d in days], [[d["same_first"] for d in days], [d["overlap"] for d in days]], charts.percent
        )
    }
    return _page(request, office, "model_shadow.html", "model-shadow", names=names, found=found, drawn=drawn)


@router.get("/models/overrides")
def overrides_page(request: Request, office: AnOffice) -> HTMLResponse:
    """Show whether departures from the list did better than the list, by reason."""
    return _page(request, office, "model_overrides.html", "model-overrides", found=watching.overrides(office))


@router.get("/models/data")
def training_page(request: Request, office: AnOffice) -> HTMLResponse:
    """Offer the pseudonymised data."""
    return _page(request, office, "training_data.html", "training-data", least=LEAST_ALIKE)


@router.post("/models/data")
def training_form(office: AnOffice) -> Response:
    """Return the pseudonymised data as a file."""
    found = training_data(office)
    return packed(f"training-{office.today():%Y%m%d}.zip", found.archive())


@router.get("/models/{version}")
def model_page(request: Request, office: AnOffice, version: Version) -> HTMLResponse:
    """Show one version: figures with intervals, calibration, groups, gates, card, history; propose it for production."""
    found, language = model_life.version(office, version), language_of(request, office)
    evaluation = found["evaluation"]
    scorers = sorted(evaluation["scorers"].items(), key=lambda each: SCORERS.index(each[0]))
    waiting = [a for a in listed(office, state="proposed", kind=PROMOTION.name)[0] if a.object_id == version]
    w = Wording(language)
    names = [w.label("scorer", n) for n in DRAWN]
    return _page(request, office, "model.html", "model", found=found, e=evaluation, card=card_blocks(found["cards"][language]),
                 drawn=_drawn([evaluation], w, DRAWN), shown_names=names, scorers=scorers, waiting=waiting, limits=GATE_LIMITS, least=LEAST_ALIKE)  # fmt: skip


@router.post("/models/{version}/promotion")
def promotion_form(
    office: AnOffice, request_id: RequestId, version: Version, reason: Words = "", override: Words = ""
) -> RedirectResponse:  # fmt: skip
    """Propose that a version answers; a second person decides."""
    payload = {"override": override.strip()} if override.strip() else {}
    propose(office, PROMOTION, version, payload, reason, request_id=request_id)
    return RedirectResponse("/models", SEE_OTHER)


@router.post("/models/{version}/rollback")
def rollback_form(office: AnOffice, request_id: RequestId, version: Version, reason: Words = "") -> RedirectResponse:
    """Propose to take the version in charge back; a second person decides."""
    propose(office, ROLLBACK, version, {}, reason, request_id=request_id)
    return RedirectResponse("/models", SEE_OTHER)


def _page(request: Request, office: Office, template: str, here: str, **shown: Any) -> HTMLResponse:
    return render(request, office, office.now(), template, here=here, tell=TELL, **shown)


def _drawn(sides: list[Mapping[str, Any]], w: Wording, scorers: Sequence[str]) -> dict[str, Chart]:
    """Return the plots of one or more evaluations: skill and gap by horizon, calibration."""
    horizons = [str(d) for d in sides[0]["horizons"] if all(str(d) in map(str, e["horizons"]) for e in sides)]
    labels = [w("model.days", days=int(d)) for d in horizons]
    each = [e["scorers"][name]["horizons"] for e in sides for name in scorers]
    return {
        "skill": whiskers(labels, [[h[d]["brier_skill"] for d in horizons] for h in each]),
        "gap": whiskers(labels, [[h[d]["gap"] for d in horizons] for h in each], points),
        "calibration": calibration([e["calibration"] for e in sides]),
    }


def _gap(horizon: Mapping[str, Any] | None) -> list[float | None] | None:
    return horizon["gap"] if horizon and horizon["n"] else None
