"""Trained versions: what there is, what answers, how it fares, what runs in the shadow."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import ConfigDict, Field

from service.api.audit import ZipResponse, packed
from service.api.context import AnOffice
from service.errors import responses
from service.schemas import Out
from service.use_cases import model_life
from service.use_cases import watch as watching
from service.use_cases.training_export import training_data

router = APIRouter(prefix="/api/v1/models", tags=["models"])

Version = Annotated[str, Path(pattern=r"^v\d{4,9}$", description="a version such as v0001")]
Named = Annotated[str | None, Query(pattern=r"^v\d{4,9}$", description="a version such as v0001")]


class VersionsOut(Out):
    """Every version, what answers (null: the baseline), and what runs in the shadow."""

    items: list[dict[str, Any]]
    production: str | None
    shadow: str | None


class TermOut(Out):
    """A stretch in which one version answered; ``until`` null: it still does."""

    version: str
    since: str
    until: str | None
    by: str
    approved_by: str | None
    why: str | None


class HistoryOut(Out):
    """What was registered, put in charge, taken back and run in the shadow."""

    items: list[dict[str, Any]]
    terms: list[TermOut] = Field(description="what was in production when, oldest first")


class VersionOut(Out):
    """A version: manifest, evaluation, history and cards in Chinese and English."""

    version: str
    production: bool
    manifest: dict[str, Any]
    evaluation: dict[str, Any]
    history: list[dict[str, Any]]
    cards: dict[str, str]


class ComparisonOut(Out):
    """The second version's figures minus the first's: [difference, low, high]; null where they saw different referrals."""

    first: str
    second: str
    same_test: bool
    test: list[dict[str, Any]]
    figures: dict[str, list[float | None]]
    gates: dict[str, list[str]]


class WatchOut(Out):
    """Inputs and calibration since the version was put in charge, by week, with alarms."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())
    version: str
    as_of: date
    since: date
    weeks: list[dict[str, Any]]
    inputs: list[dict[str, Any]]
    overall: dict[str, dict[str, Any]]
    alarms: list[dict[str, Any]]
    notes: list[str]


class OverridesOut(Out):
    """Whether officers who departed from the list did better than it, by reason; never by officer."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())
    as_of: date
    verdict: str
    followed: dict[str, Any]
    departed: dict[str, Any]
    reasons: list[dict[str, Any]]


class ShadowOut(Out):
    """What the version in the shadow would have shown differently."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())
    version: str
    running: str | None
    lists: int
    days: list[dict[str, Any]]


@router.get("", responses=responses())
def get_model_versions(office: AnOffice) -> VersionsOut:
    """List versions, oldest first."""
    return VersionsOut(**model_life.versions(office))


@router.get("/history", responses=responses())
def get_model_history(office: AnOffice) -> HistoryOut:
    """What was in production when, and who decided."""
    return HistoryOut(items=model_life.history(office), terms=[TermOut(**asdict(t)) for t in model_life.terms(office)])


@router.get("/compare", responses=responses("not-found"))
def get_model_comparison(office: AnOffice, first: Named = None, second: Named = None) -> ComparisonOut:
    """Compare two versions; left out, what answers and the newest."""
    return ComparisonOut(**model_life.compare(office, first, second))


@router.get("/watch", responses=responses())
def get_model_watch(office: AnOffice, since: date | None = None) -> WatchOut:
    """How the version in charge has fared; the answer of a day is made once."""
    return WatchOut(**watching.watch(office, since=since))


@router.get("/overrides", responses=responses())
def get_model_overrides(office: AnOffice) -> OverridesOut:
    """Whether departures from the list did better than the list."""
    return OverridesOut(**watching.overrides(office))


@router.get("/shadow", responses=responses("not-found"))
def get_model_shadow(office: AnOffice, version: Named = None) -> ShadowOut:
    """Differences between what was shown and what the version in the shadow would have shown."""
    return ShadowOut(**model_life.shadow(office, version))


@router.post("/training-data", response_class=ZipResponse, responses=responses("too-large", "media-type"))
def post_training_data(office: AnOffice) -> ZipResponse:
    """Pseudonymised data of the caller's regions, at least five people alike; each export is an entry of the journal."""
    return packed(f"training-{office.today():%Y%m%d}.zip", training_data(office).archive())


@router.get("/{version}", responses=responses("not-found"))
def get_model_version(office: AnOffice, version: Version) -> VersionOut:
    """One version with everything known of it."""
    return VersionOut(**model_life.version(office, version))
