"""What a click buys: scores, a simulated annotator, protocols, baselines and reports.

from impose_widget.evaluate import Clip, evaluate
report = evaluate([Clip("clip.mp4", "labels.json")], methods=["impose", "detections"], experiments=["curve"])
report.readable()["curves"]
report.save("report")
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from impose_widget.evaluate.experiments import EXPERIMENTS
from impose_widget.evaluate.report import Report
from impose_widget.evaluate.running import run_jobs
from impose_widget.evaluate.study import METHODS, WINDOW, Clip, jobs_of
from impose_widget.evaluate.truth import Truth, read_truth, truth_of_arrays, truth_of_poses

__all__ = [
    "EXPERIMENTS",
    "METHODS",
    "Clip",
    "Report",
    "Truth",
    "evaluate",
    "read_truth",
    "truth_of_arrays",
    "truth_of_poses",
]


def evaluate(
    clips: Clip | Sequence[Clip],
    methods: Sequence[str] = METHODS,
    experiments: Sequence[str] = ("curve",),
    options: dict[str, dict[str, Any]] | None = None,
    folder: str | Path | None = None,
    workers: int = 1,
    dask: str | None = None,
    window: int | None = WINDOW,
    progress: Callable[[int, int], None] | bool | None = None,
    command: str = "",
) -> Report:
    """Measure what a click buys on videos with labels, for several methods, all in the same way.

    Args:
        clips: videos with their labels.
        methods: names from `METHODS`, NAME=FILE with somebody's results, cotracker3=CHECKPOINT.
        experiments: names from `EXPERIMENTS`.
        options: experiment -> its options (see `experiments`).
        folder: where results are kept; the same call goes on from there. None keeps nothing.
        workers: processes.
        dask: address of a Dask scheduler, to run there instead.
        window: longest part of a video that is one tracklet; None for no limit.
        progress: None for a bar, False for none, or a function that is called with (jobs done, of how many).
        command: one line that makes the same again, for the report.

    Raises:
        ValueError, OSError: labels, a name or a file cannot be used; nothing was run.
    """
    from tqdm.auto import tqdm

    jobs = jobs_of([clips] if isinstance(clips, Clip) else clips, methods, experiments, options, window)
    keep = None if folder is None else Path(folder)
    results: dict[int, dict[str, Any]] = {}
    order = {id(job): i for i, job in enumerate(jobs)}
    with tqdm(total=len(jobs), desc="evaluating", unit="job", disable=progress is not None) as bar:
        for job, result in run_jobs(jobs, keep, workers, dask):
            results[order[id(job)]] = result
            bar.update()
            bar.set_postfix_str(f"{job.label}, {job.experiment}", refresh=False)
            if callable(progress):
                progress(len(results), len(jobs))
    return Report([results[i] for i in sorted(results)], command)
