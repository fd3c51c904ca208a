"""Who is referred where tonight: the problem, the plan, the price of waiting, the certificate."""

from matching.allocation.certificate import Certificate, Violation, certify, plan_value
from matching.allocation.problem import AllocationProblem
from matching.allocation.solve import Allocation, allocate

__all__ = ["Allocation", "AllocationProblem", "Certificate", "Violation", "allocate", "certify", "plan_value"]
