"""Running the jobs of a study: one after the other, in several processes, or on a Dask cluster."""

from __future__ import annotations

import functools
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from impose_widget.evaluate.study import Job, run_job


def run_jobs(
    jobs: Sequence[Job], folder: Path | None = None, workers: int = 1, dask: str | None = None
) -> Iterator[tuple[Job, dict[str, Any]]]:
    """Each job with its result, as they finish.

    Args:
        jobs: what to do.
        folder: where results and detections are kept, so that what was done is not done again; on a cluster a folder
            that all machines see. None keeps nothing.
        workers: processes on this machine; 1 runs in this one.
        dask: address of a Dask scheduler (tcp://…:8786), to run on its workers instead; they need this package.

    Raises:
        ImportError: Dask is asked for and not installed.
        OSError: there is no scheduler at that address.
    """
    if dask is not None:
        yield from _on_cluster(jobs, folder, dask)
    elif workers > 1 and len(jobs) > 1:
        yield from _in_processes(jobs, folder, workers)
    else:
        for job in jobs:
            yield job, run_job(job, folder)


def _in_processes(jobs: Sequence[Job], folder: Path | None, workers: int) -> Iterator[tuple[Job, dict[str, Any]]]:
    # Forking a process that has loaded torch or a video decoder is not safe.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=context, initializer=_one_thread) as pool:
        futures = {pool.submit(run_job, job, folder): job for job in jobs}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _one_thread() -> None:
    """Processes beside each other: each library in each of them would otherwise take every core."""
    import cv2

    os.environ["OMP_NUM_THREADS"] = "1"  # torch reads it when it is first imported
    cv2.setNumThreads(1)


def _on_cluster(jobs: Sequence[Job], folder: Path | None, address: str) -> Iterator[tuple[Job, dict[str, Any]]]:
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise ImportError(
            "Expected Dask for dask=…, got none; install it with pip install 'impose-widget[evaluate]'."
        ) from error
    with Client(address, timeout="10s", set_as_default=False) as client:
        work = functools.partial(run_job, folder=folder)
        futures = {client.submit(work, job, pure=False): job for job in jobs}
        for future in as_completed(list(futures), loop=client.loop):
            yield futures[future], future.result()
