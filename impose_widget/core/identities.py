"""Who is who: edits that move whole records between people, and never lose one."""

from __future__ import annotations

import numpy as np

from impose_widget.core.pose import empty_poses
from impose_widget.core.tracks import Draft


def exchange(draft: Draft, a: int, b: int, frames: np.ndarray) -> None:
    """Exchange two people in some frames; where only one of them is, that one changes identity.

    Reassigning is the same thing: where the new identity is already taken, its owner gets the old one in exchange, so
    that nobody is overwritten (and an identity switch of two people who cross is repaired for both at once).
    """
    records_a, records_b = draft.get(a, frames), draft.get(b, frames)
    draft.put(a, frames, records_b)
    draft.put(b, frames, records_a)


def merge(draft: Draft, a: int, b: int, frames: np.ndarray) -> None:
    """Give everything of `b` to `a`. Where both are, `a` stays, but what a human placed for `b` alone is taken."""
    ours, theirs = draft.get(a, frames), draft.get(b, frames)
    take = ~ours["present"] & theirs["present"]
    both = ours["present"] & theirs["present"]
    placed = theirs["anchor"] & ~ours["anchor"] & both[:, None]
    merged = np.where(take, theirs, ours)
    for name in ("xy", "score", "revision", "visibility", "source", "anchor"):
        merged[name] = np.where(placed[..., None] if name == "xy" else placed, theirs[name], merged[name])
    merged["pending"] |= both & theirs["pending"]
    draft.put(a, frames, merged)
    rest = theirs.copy()
    rest[:] = empty_poses(len(frames), draft.n_keypoints)
    # A reading that `a` did not take over must not come back as a new person.
    rest["reading"] = np.where(take, rest["reading"], theirs["reading"])
    draft.put(b, frames, rest)


def remove(draft: Draft, track_id: int, frames: np.ndarray) -> None:
    """Delete a person from some frames; their readings stay behind, so that the model does not find them again."""
    records = draft.get(track_id, frames)
    gone = empty_poses(len(frames), draft.n_keypoints)
    gone["reading"] = records["reading"]
    draft.put(track_id, frames, np.where(records["present"], gone, records))
