"""The curve of a run: a CSV file that grows line by line, and TensorBoard beside it where it is installed."""

from __future__ import annotations

import csv
from importlib.util import find_spec
from pathlib import Path
from typing import Any


class Log:
    """Numbers by step. Lines of steps that a run does again, from its last checkpoint on, are replaced."""

    COLUMNS = ("step", "epoch", "rate", "seconds", "loss", "detect", "denoise", "refine")

    def __init__(self, folder: Path, first_step: int, columns: tuple[str, ...] = COLUMNS) -> None:
        path = folder / "log.csv"
        kept = []
        if path.is_file():
            with path.open(newline="") as file:
                kept = [row for row in csv.DictReader(file) if int(row["step"]) <= first_step]
        self._file = path.open("w", newline="")
        self._csv = csv.DictWriter(self._file, columns, extrasaction="ignore")
        self._csv.writeheader()
        self._csv.writerows(kept)
        self._file.flush()
        self._board: Any = None
        if find_spec("tensorboard") is not None:
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=first_step + 1)

    def write(self, numbers: dict[str, float]) -> None:
        """One line; all numbers go to TensorBoard, the columns to the file."""
        self._csv.writerow({k: f"{v:.6g}" for k, v in numbers.items()})
        self._file.flush()
        if self._board is not None:
            for name, value in numbers.items():
                self._board.add_scalar(name.replace(".", "/"), value, int(numbers["step"]))

    def close(self) -> None:
        """Close both."""
        self._file.close()
        if self._board is not None:
            self._board.close()
