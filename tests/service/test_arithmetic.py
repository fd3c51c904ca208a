"""Numpy rounds alike on every machine: the newest instructions are left unused, whoever starts Python and for whatever."""

import os
import subprocess
import sys

import numpy as np

from service.arithmetic import COMMON, go_without


def used_here():
    found = np.lib.introspect.opt_func_info(func_name="^(exp|log|log1p|expm1)$", signature="float64")
    return {kind["current"] for kinds in found.values() for kind in kinds.values()}


def test_a_processor_that_knows_more_goes_without():
    environment = {}
    go_without("flags : fma avx2 avx512f avx512_vnni", environment)
    assert environment == COMMON


def test_one_that_knows_no_more_than_others_is_left_alone():
    environment = {}
    go_without("flags : fma avx2", environment)
    assert environment == {}


def test_what_somebody_has_set_stands():
    environment = {"OPENBLAS_CORETYPE": "Zen"}
    go_without("flags : avx512f", environment)
    assert environment["OPENBLAS_CORETYPE"] == "Zen"


def test_no_function_of_numpy_uses_the_newest_instructions_here():
    assert not [name for name in used_here() if "X86_V4" in name or "AVX512" in name]


def test_python_of_this_checkout_does_so_before_anything_is_imported():
    bare = {k: v for k, v in os.environ.items() if k not in COMMON}
    told = "import os, sys; print('service.arithmetic' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], env=bare, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
