"""The same sums on every machine: where a processor knows instructions that others lack, numpy and its algebra library go without them.

The newest instructions round the last digit of a logarithm otherwise, and one digit is enough for another plan: the same night gave other
proposals on two machines. Python imports this file when it starts (``scripts/link.sh``), before anything can have loaded numpy. What
somebody has set already stands. See docs/decisions/0032.
"""

import os
from collections.abc import MutableMapping
from pathlib import Path

PROCESSOR = Path("/proc/cpuinfo")

ENOUGH = 8192
"""Characters that tell of the first core; the others are like it."""

COMMON = {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR", "OPENBLAS_CORETYPE": "Haswell"}
"""Names of what is left unused, and of the newest processor whose ways all servers have (x86-64-v3, 2013)."""


def go_without(processor: str, environment: MutableMapping[str, str]) -> None:
    """Put ``COMMON`` into an environment if the processor, as Linux tells of it, knows more than others do."""
    if "avx512f" in processor:
        for name, value in COMMON.items():
            environment.setdefault(name, value)


if PROCESSOR.is_file():
    with PROCESSOR.open(encoding="utf-8", errors="replace") as told:
        go_without(told.read(ENOUGH), os.environ)
