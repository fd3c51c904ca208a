"""Every error OneMonth raises on purpose.

::

    OneMonthError
    ├── BadInput                 a value, row, column or file that cannot be used
    │   ├── TableError           a table of the data dictionary: names table, row, column, found, expected
    │   ├── PolicyError          a policy row: unknown key, overlap, impossible date, unit that does not fit
    │   ├── PromiseError         a clock started before recognition, an impossible date, a pause past its limit
    │   └── AllocationError      a plan that cannot be posed: shapes, NaN, negative capacity, impossible lock
    ├── NotFound                 an identifier nothing answers to
    ├── Conflict                 somebody else was faster, or the state does not allow the step
    ├── NotReady                 something that has to exist first does not (no outcomes yet, no store)
    └── ModelRefused             a model file that is not what the registry wrote
        └── TrialUnfinished      the trial of a model was ended from outside or took too long

A message says what was expected, what came, and what to do.
"""


class OneMonthError(Exception):
    """Root of every error this software raises on purpose."""


class BadInput(OneMonthError):
    """A value that cannot be used; nothing was stored."""


class TableError(BadInput):
    """A table of the data dictionary does not hold what it must."""


class PolicyError(BadInput):
    """A policy row or a policy question that cannot be answered."""


class PromiseError(BadInput):
    """Facts from which no promise clock can be computed."""


class AllocationError(BadInput):
    """An allocation problem that cannot be posed or solved."""


class NotFound(OneMonthError):
    """Nothing answers to this identifier."""


class Conflict(OneMonthError):
    """The step is not possible from the present state."""


class NotReady(OneMonthError):
    """Something that has to exist first does not."""


class ModelRefused(OneMonthError):
    """A stored model is not what the registry wrote, so it was not opened."""


class TrialUnfinished(ModelRefused):
    """The trial of a stored model was ended from outside or took too long: it was not opened, and its files may be as they should."""
