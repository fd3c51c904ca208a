"""Named steps at which a run kills itself, so that tests can prove it goes on where it stood. Only a test build has them."""

import os
import signal
from collections.abc import Callable

from service.settings import Settings


def stop_at(settings: Settings) -> Callable[[str], None]:
    """Return a function that is told of each step and, in a test build, kills the process at the one named in ``crash_at``."""

    def reached(step: str) -> None:
        """End this process at once where it is meant to be ended."""
        if settings.test_build and settings.crash_at == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached
