"""Who plans the parts of a night: processes of this machine, or a Dask cluster where one is named. joblib is the only way to either."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import joblib
from joblib.externals.loky.process_executor import BrokenProcessPool

from service.settings import Settings

ATTEMPTS = 4
"""How often parts are handed out when workers die under them."""


@contextmanager
def workforce(settings: Settings) -> Iterator[int]:
    """Engage the workers these settings name; yields how many work at once."""
    if settings.dask_scheduler is None:
        processes = settings.workers or os.cpu_count() or 1
        with joblib.parallel_config(backend="loky", n_jobs=processes):
            yield processes
        return
    from distributed import Client

    with Client(settings.dask_scheduler, set_as_default=False) as client:
        client.wait_for_workers(1, timeout=60)
        with joblib.parallel_config(backend="dask", client=client, wait_for_workers_timeout=60):
            yield sum(client.nthreads().values())


def handed_out(
    work: Callable[..., tuple[int, Any]], parts: Sequence[int], arguments: Callable[[int], Iterable[Any]]
) -> Iterator[tuple[int, Any]]:
    """Yield ``work(*arguments(n))``, which begins with ``n``, for every part as it comes; parts whose worker died are handed out again."""
    left = list(parts)
    for attempt in range(ATTEMPTS):
        jobs = None if len(left) > 1 else 1
        pool = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1, pre_dispatch="1.5 * n_jobs")
        try:
            for n, found in pool(joblib.delayed(work)(*arguments(n)) for n in list(left)):
                left.remove(n)
                yield n, found
            return
        except BrokenProcessPool:
            if attempt == ATTEMPTS - 1:
                raise
