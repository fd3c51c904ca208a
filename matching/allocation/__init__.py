"""Who is referred where tonight: the problem, the plan, the price of waiting, the certificate."""

from matching.allocation.certificate import Certificate, Violation, certify, plan_value
from matching.allocation.problem import AllocationProblem
from matching.allocation.reserve import Forecast, class_prices, shadow_prices
from matching.allocation.solve import Allocation, allocate

__all__ = [
    "Allocation",
    "AllocationProblem",
    "Certificate",
    "Forecast",
    "Violation",
    "allocate",
    "certify",
    "class_prices",
    "plan_value",
    "shadow_prices",
]
