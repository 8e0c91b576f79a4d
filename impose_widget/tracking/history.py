"""History: who was where in the frames of the window, and how fast; older frames are forgotten."""

from __future__ import annotations

import dataclasses
from collections import deque

import numpy as np

from impose_widget.tracking.people import People, faster


class History:
    """People with names, frame by frame in one direction of time.

    Args:
        window: how many frames are remembered.
        depth: how many times of each person are shown, the latest; the decoder learned from clips of about so many.
    """

    def __init__(self, window: int, depth: int = 24) -> None:
        self.window, self.depth = window, depth
        self._frames: deque[tuple[int, np.ndarray, People]] = deque()
        self._last: dict[int, People] = {}
        self._seen: dict[int, int] = {}

    def add(self, frame: int, names: np.ndarray, people: People) -> None:
        """Take in the people (N,) of the next frame with their names (N,), each once."""
        velocity = np.zeros((len(people), 2), np.float32)
        known = np.array([int(n) in self._last for n in names], bool)
        if known.any():
            before = People.joined([self._last[int(n)] for n in names[known]])
            first = np.array([self._seen[int(n)] == 1 for n in names[known]])
            velocity[known] = faster(before, people[known], first)
        people = dataclasses.replace(people, velocity=velocity)
        for i, n in enumerate(names.tolist()):
            self._last[n] = people[i : i + 1]
            self._seen[n] = self._seen.get(n, 0) + 1
        self._frames.append((frame, names.copy(), people))
        self.forget(frame)

    def forget(self, frame: int) -> list[int]:
        """Drop what is out of the window at a frame; returns the names that nothing is left of."""
        while self._frames and abs(frame - self._frames[0][0]) >= self.window:
            self._frames.popleft()
        gone = [n for n, p in self._last.items() if abs(frame - int(p.frame[0])) >= self.window]
        for n in gone:
            del self._last[n], self._seen[n]
        return gone

    def rename(self, old: int, new: int) -> None:
        """Somebody turned out to be somebody else: their past is one now."""
        for _, names, _ in self._frames:
            names[names == old] = new
        if old in self._last:
            self._last[new] = self._last.pop(old)
            self._seen[new] = self._seen.pop(old) + self._seen.get(new, 0)

    def rows(self, frame: int) -> tuple[np.ndarray, People]:
        """Names (S,) and people (S,) of the window before a frame."""
        parts = [(n, p) for t, n, p in self._frames if 0 < abs(frame - t) < self.window and len(n)]
        if not parts:
            return np.zeros(0, int), People.nobody()
        names, people = np.concatenate([n for n, _ in parts]), People.joined([p for _, p in parts])
        rows = latest(names, self.depth)
        return names[rows], people[rows]


def latest(names: np.ndarray, depth: int) -> np.ndarray:
    """Indices, ascending, of the last `depth` rows of each name."""
    order = np.argsort(names, kind="stable")
    ends = np.flatnonzero(np.r_[names[order][1:] != names[order][:-1], True])
    end = np.repeat(ends, np.diff(np.r_[-1, ends]))
    return np.sort(order[end - np.arange(len(order)) < depth])
