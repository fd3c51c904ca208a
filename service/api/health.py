"""Whether the process lives, and whether it can serve."""

from fastapi import APIRouter

from service.api.context import AnOffice
from service.errors import responses
from service.schemas import HealthOut

router = APIRouter(tags=["health"])


@router.get("/health", responses=responses())
def health() -> HealthOut:
    """Answer as long as the process lives."""
    return HealthOut(status="alive")


@router.get("/ready", responses=responses())
def ready(office: AnOffice) -> HealthOut:
    """Answer when the store answers and a scorer is there; 503 otherwise."""
    return HealthOut(status="ready", model_version=office.scorer().version, store_version=office.store.version())
