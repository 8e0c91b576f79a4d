"""How far a call is, shown or told."""

from __future__ import annotations

from collections.abc import Callable

from tqdm import tqdm

Progress = Callable[[int, int], None] | bool | None


class Bar:
    """Progress as the user wants it: a bar, nothing, or a call."""

    def __init__(self, progress: Progress, total: int, what: str, unit: str) -> None:
        if not (progress is None or isinstance(progress, bool) or callable(progress)):
            raise TypeError(f"Expected progress as None, False or a function, got {progress!r}.")
        self._call = progress if callable(progress) else None
        self._total = total
        silent = progress is False or self._call is not None
        self._bar = tqdm(total=total, desc=what, unit=unit, disable=silent, leave=False, delay=0.5)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def to(self, done: int) -> None:
        """Show how much is done."""
        self._bar.update(done - self._bar.n)
        if self._call is not None:
            self._call(done, self._total)
