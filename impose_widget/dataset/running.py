"""The same work for many videos: one after the other, in several processes, or on a Dask cluster."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any


def run_all(
    work: Callable[[Any], Any], jobs: Sequence[Any], workers: int = 1, dask: str | None = None
) -> Iterator[tuple[Any, Any]]:
    """Each job with its result, as they finish; an exception of a job is its result.

    Args:
        work: a function at the top of a module.
        jobs: its arguments.
        workers: processes on this machine; 1 runs in this one.
        dask: address of a Dask scheduler (tcp://…:8786), to run on its workers instead; they need this package and see
            the same folders.

    Raises:
        ImportError: Dask is asked for and not installed.
        OSError: there is no scheduler at that address.
    """
    if dask is not None:
        yield from _on_cluster(work, jobs, dask)
    elif workers > 1 and len(jobs) > 1:
        # Forking a process that has loaded torch or a video decoder is not safe.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=context, initializer=_one_thread) as pool:
            futures = {pool.submit(work, job): job for job in jobs}
            try:
                for future in as_completed(futures):
                    yield futures[future], future.exception() or future.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
    else:
        for job in jobs:
            yield job, _result(work, job)


def _result(work: Callable[[Any], Any], job: Any) -> Any:
    try:
        return work(job)
    except Exception as error:
        return error


def _one_thread() -> None:
    """Processes beside each other: each library in each of them would otherwise take every core."""
    import cv2

    os.environ["OMP_NUM_THREADS"] = "1"  # torch reads it when it is first imported
    cv2.setNumThreads(1)


def _on_cluster(work: Callable[[Any], Any], jobs: Sequence[Any], address: str) -> Iterator[tuple[Any, Any]]:
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise ImportError(
            "Expected Dask for dask=…, got none; install it with pip install 'impose-widget[evaluate]'."
        ) from error
    with Client(address, timeout="10s", set_as_default=False) as client:
        futures = {client.submit(_result, work, job, pure=False): job for job in jobs}
        for future in as_completed(list(futures), loop=client.loop):
            yield futures[future], future.result()
