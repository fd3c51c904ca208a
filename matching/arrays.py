"""Short names for array types."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Float32s = NDArray[np.float32]
Ints = NDArray[np.int64]
Bits = NDArray[np.uint32]
Bools = NDArray[np.bool_]
