"""The kinds of step that need two people."""

from collections.abc import Mapping

from service.use_cases.approvals import Kind
from service.use_cases.clocks import STEPS
from service.use_cases.passing_over import PASS_OVER
from service.use_cases.promotion import PROMOTION, ROLLBACK

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (PROMOTION, ROLLBACK, PASS_OVER, *STEPS.values())}
"""Name → kind; an area adds its own here."""
