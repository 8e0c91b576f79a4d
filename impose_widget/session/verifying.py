"""The part of a session that remembers trajectories and has identities checked; it tells, and changes nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np
import pandas as pd

from impose_widget.session import arguments
from impose_widget.session.base import SessionBase
from impose_widget.session.identifying import Identifier
from impose_widget.session.state import Changed
from impose_widget.tracking.bank import TrajectoryBank

Update = TypeVar("Update")
EVERY = 4  # of the frames that a propagation changed, one in so many is verified: a swap lasts, and others wait for it
NAMING = ("initialize",)  # actions that name people by their past themselves


class Verifying(SessionBase):
    """Who was where, and whether a trained decoder would name them so."""

    _identifier: Identifier | None = None

    bank: TrajectoryBank
    """Everybody's trajectory, by frame: windows of the past and of the future; see `tracking.bank`."""

    def _remember(self) -> None:
        self.bank = TrajectoryBank(self._state.tracks, len(self.video), looks=self._state.looks)
        self._state.on_change(self._rewritten)

    def _rewritten(self, changed: Changed) -> None:
        if changed.kind not in NAMING:
            self.bank.changed(changed.track_ids, changed.frames)

    def verify_identities(self, frames: Iterable[int] | None = None) -> pd.DataFrame:
        """Ask the trained ID decoder whether people are who their tracks say; done anyway after a propagation, in every
        fourth frame that it changed.

        What it doubts strongly becomes an issue of kind "swap" until one of the two is changed there. Nobody's identity
        is changed, and whoever a human placed in a frame is not doubted.

        Args:
            frames: those to look at; None for all whose past was changed since they were looked at.

        Returns:
            One row a doubt: frame, track_id, track_id_b (whom they look like), chance.

        Raises:
            ValueError: the session has no ID decoder.
        """
        if self._identifier is None:
            raise ValueError(
                "Expected a session with an ID decoder, got one without (its weights, torch or the skeleton are "
                "missing, or it was opened with association='geometry')."
            )
        with self._state.lock:
            if frames is None:
                wanted = np.unique([f for f, _ in self.bank.stale()]).astype(int)
            else:
                wanted = np.array(arguments.frame_numbers(frames, len(self.video)), int)
            found = self._identifier.swaps(self.bank, wanted)
            self.bank.settled(wanted)
            self._state.doubt(wanted.tolist(), found)
        return pd.DataFrame(found, columns=["frame", "track_id", "track_id_b", "chance"])

    def _verified(self, updates: Iterator[Update]) -> Iterator[Update]:
        """The same updates; when they are over, identities in the frames that they changed are verified."""
        touched: set[int] = set()
        end = self._state.on_change(lambda changed: touched.update(changed.frames.tolist()))
        try:
            yield from updates
        finally:
            end()
        if self._identifier is not None and touched:
            self.verify_identities(sorted(touched)[::EVERY])
