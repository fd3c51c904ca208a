"""Everything a use case needs, put together once: store, index, policy, scorer, clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from types import TracebackType

import pandas as pd
import structlog

from matching.arrays import Bools
from matching.baseline import BaselineScorer
from matching.errors import ModelRefused
from matching.policy.load import PolicyBook, load_policy
from matching.scoring import Scorer
from models.registry import Registry
from service.clock import local_today
from service.index import Index
from service.live_index import LiveIndex
from service.security.regions import within
from service.settings import Settings
from service.shadow import Shadow
from service.storage.store import Store

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Office:
    """One office at work: what every use case is given. Closes its store when used in a ``with``.

    ``actor``, ``role`` and ``regions`` (heads of region codes, empty for all) are the caller's; ``reads`` names the restricted
    columns the caller may read here.
    """

    settings: Settings
    store: Store
    index: LiveIndex
    scorer: Callable[[], Scorer]
    policy: Callable[[date], PolicyBook]
    today: Callable[[], date] = local_today
    actor: str = "office"
    role: str = "caseworker"
    regions: tuple[str, ...] = ()
    reads: frozenset[str] = frozenset()
    registry: Registry = field(kw_only=True)
    shadow: Shadow = field(kw_only=True)

    def now(self) -> Index:
        """Return the index as the store stands now, with the people of the caller's regions."""
        return self.index.at(self.today(), self.regions)

    def sees(self, region_codes: pd.Series) -> Bools:
        """Return (n,) whether each region code lies in the caller's scope; every list of people is narrowed by this."""
        return within(region_codes, self.regions)

    def __enter__(self) -> "Office":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.store.close()


def open_store(settings: Settings) -> Store:
    """Open the store of these settings; migrations that are due run first."""
    return Store.open(settings)


def open_office(settings: Settings, *, day: date | None = None) -> Office:
    """Put an office together; ``day`` stands still in place of the clock (what-if, demonstrations, tests)."""
    store = open_store(settings)
    registry = Registry(settings.home / "models")

    @lru_cache(maxsize=8)
    def policy(as_of: date) -> PolicyBook:
        """Return the policy in force on a day, read once."""
        return load_policy(settings.region_code, as_of)

    today = local_today if day is None else lambda: day
    shadow = Shadow(registry, settings.home / "shadow")
    return Office(
        settings,
        store,
        LiveIndex(store, policy),
        _answering(registry),
        policy,
        today,
        registry=registry,
        shadow=shadow,
    )


def _answering(registry: Registry) -> Callable[[], Scorer]:
    """Return the scorer in charge; where its features or its files are not what this release expects, the written rule answers and the log
    says so once for each reason, not at each request."""

    told: list[str] = []

    def scorer() -> Scorer:
        """Return the scorer in charge today."""
        try:
            found = registry.current_scorer()
        except ModelRefused as refused:
            if told != [str(refused)]:
                told[:] = [str(refused)]
                log.error("model.refused", answers=BaselineScorer.version, reason=str(refused))
            return BaselineScorer()
        told.clear()
        return found

    return scorer
