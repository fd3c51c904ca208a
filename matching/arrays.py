"""Short names for array types: they tell a reader what an array holds; the checker treats them alike."""

from typing import Any

from numpy.typing import NDArray

Floats = NDArray[Any]
Float32s = NDArray[Any]
Ints = NDArray[Any]
Bits = NDArray[Any]
Bools = NDArray[Any]
Days = NDArray[Any]
