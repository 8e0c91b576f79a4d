"""Opening a journal for a video: the right file, the right video, one writer."""

from __future__ import annotations

import warnings
import weakref
from pathlib import Path
from typing import Any

from impose_widget.core.skeleton import Skeleton
from impose_widget.session.filesystem import Lock, journal_path, set_aside
from impose_widget.session.journal import DAMAGE, Journal, damaged

_open: weakref.WeakValueDictionary[Path, OpenJournal] = weakref.WeakValueDictionary()


class OpenJournal:
    """A journal with the right to write it, or without, if another process has it.

    Opening the same journal again in one process (a notebook cell that is run twice) takes it over: the older session
    is closed, nothing is lost, and the newer one can write.
    """

    def __init__(self, journal: Journal, lock: Lock | None) -> None:
        self.journal = journal
        self._lock = lock

    @property
    def path(self) -> Path | None:
        """Where it is; None for memory."""
        return self.journal.path

    def close(self) -> None:
        """Close the file and let others write."""
        self.journal.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def open_journal(
    store: str | Path | None,
    resume: bool,
    video_path: Path | None,
    fingerprint: dict[str, Any],
    skeleton: Skeleton,
) -> OpenJournal:
    """The journal of a video, found or made; see `Session.open` for `store` and `resume`.

    Raises:
        ValueError: the file is no journal, or one of another video, another skeleton or a newer version.
        OSError: it cannot be read or made.
    """
    path = journal_path(store, video_path, fingerprint)
    if path is None:
        journal = Journal(None)
        journal.start(video=fingerprint, skeleton=skeleton.to_json())
        return OpenJournal(journal, None)
    path = path.resolve()
    earlier = _open.get(path)
    if earlier is not None:
        earlier.close()
    lock, writable = _lock(path)
    try:
        if writable and not resume:
            set_aside(path)
        opened = OpenJournal(Journal(path, read_only=not writable), lock if writable else None)
    except BaseException:
        lock.release() if lock is not None else None
        raise
    try:
        _check(opened.journal, fingerprint, skeleton)
    except DAMAGE as error:
        opened.close()
        raise damaged(path, error) from error
    except BaseException:
        opened.close()
        raise
    _open[path] = opened
    return opened


def _lock(path: Path) -> tuple[Lock | None, bool]:
    try:
        lock = Lock(path)
    except OSError:  # a folder that may be read but not written
        if not path.exists():
            raise
        warnings.warn(f"{path} lies in a folder that cannot be written: this session is read-only.", stacklevel=4)
        return None, False
    if lock.acquire():
        return lock, True
    warnings.warn(
        f"{path} is open in another process: this session is read-only. Close it there and open again to edit.",
        stacklevel=4,
    )
    return lock, False


def _check(journal: Journal, fingerprint: dict[str, Any], skeleton: Skeleton) -> None:
    meta = journal.meta()
    if "video" not in meta:
        journal.start(video=fingerprint, skeleton=skeleton.to_json())
        return
    other = meta["video"]
    if other != fingerprint:
        raise ValueError(
            f"Expected the journal of this video ({_describe(fingerprint)}), got one of another ({_describe(other)}) "
            f"in {journal.path}; give store= another path. Nothing was changed."
        )
    held = Skeleton.from_json(meta["skeleton"])
    if held.keypoints != skeleton.keypoints:
        raise ValueError(
            f"Expected a journal with the skeleton {skeleton.name} ({len(skeleton)} keypoints), got one with "
            f"{held.name} ({', '.join(held.keypoints)}) in {journal.path}; give skeleton= that one, or another store=."
        )
    if not journal.read_only:
        journal.start()


def _describe(fingerprint: dict[str, Any]) -> str:
    return ", ".join(f"{key} {str(value)[:12]}" for key, value in fingerprint.items())
