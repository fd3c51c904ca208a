"""The version in the shadow: loaded beside the one in charge, never in its way."""

import threading

from matching.errors import ModelRefused, NotReady
from matching.scoring import Scorer
from models.registry import Registry
from models.registry_history import shadow_of


class ShadowScorer:
    """Holds the scorer that runs in the shadow of a registry, and sees a change of it at once.

    ``trouble`` says why a version that should run does not; the version in charge answers all the same.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        self._stamp: tuple[int, ...] | None = None
        self._scorer: Scorer | None = None
        self.trouble: str | None = None

    def current(self) -> Scorer | None:
        """Return the scorer in the shadow, None when there is none or it was refused; one ``stat`` when nothing changed."""
        with self._lock:
            stamp = self._registry.stamp()
            if stamp != self._stamp:
                self._stamp, self._scorer, self.trouble = stamp, *self._load()
            return self._scorer

    def _load(self) -> tuple[Scorer | None, str | None]:
        try:
            version = shadow_of(self._registry.history())
            if version is None or (self._scorer is not None and self._scorer.version == version):
                return (None if version is None else self._scorer), None
            return self._registry.load(version), None
        except (ModelRefused, NotReady) as error:
            return None, str(error)
