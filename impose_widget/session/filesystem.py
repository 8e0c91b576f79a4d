"""Where a journal may live, and who may write it: paths, network drives, the lock that dies with its process."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

SUFFIX = ".impose"
_NETWORK = (
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "afs",
    "fuse.sshfs",
    "fuse.s3fs",
    "fuse.gcsfuse",
    "ceph",
    "lustre",
)


def is_network_drive(path: Path) -> bool:
    """Whether a path lies on a drive that other machines share (known on Linux only; elsewhere False)."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return False
    where, best, kind = os.path.realpath(path), "", ""
    for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
        fields = line.split()
        point = fields[1].replace("\\040", " ")
        inside = where == point or where.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind in _NETWORK


def journal_path(store: str | Path | None, video_path: Path | None, fingerprint: dict[str, Any]) -> Path | None:
    """The file of a journal: beside the video for "auto", else in the user's data folder; None for memory only.

    Raises:
        OSError: the folder of an explicit path does not exist or cannot be written.
    """
    if store is None:
        return None
    if str(store) != "auto":
        path = Path(store).expanduser()
        if path.is_dir():
            raise IsADirectoryError(f"Expected store= as the path of a file, got the folder {path}; add a file name.")
        if not path.parent.is_dir():
            raise FileNotFoundError(f"Expected store= in a folder that exists, got {path}; make {path.parent} first.")
        if not path.exists() and not _writable(path.parent):
            raise PermissionError(f"Expected store= in a folder that can be written, got {path}; choose another one.")
        return path
    if video_path is not None:
        beside = video_path.with_name(video_path.name + SUFFIX)
        if beside.exists() or _writable(beside.parent):
            return beside
    import platformdirs

    folder = Path(platformdirs.user_data_dir("impose-widget")) / "journals"
    folder.mkdir(parents=True, exist_ok=True)
    key = hashlib.blake2b(json.dumps(fingerprint, sort_keys=True).encode(), digest_size=8).hexdigest()
    name = video_path.stem if video_path is not None else "frames"
    return folder / f"{name}-{key}{SUFFIX}"


def _writable(folder: Path) -> bool:
    """Whether a file can really be made there (permission bits do not say it all: read-only mounts, quotas)."""
    probe = folder / f".impose-{os.getpid()}"
    try:
        probe.touch()
    except OSError:
        return False
    with contextlib.suppress(OSError):
        probe.unlink()
    return True


def set_aside(path: Path) -> Path | None:
    """Rename a journal (with its side files) that is not to be resumed; returns its new name, None if there is none."""
    if not path.exists():
        return None
    number = 1
    while (aside := path.with_name(f"{path.name}.{number}")).exists():
        number += 1
    for side in ("", "-wal", "-shm"):
        old = path.with_name(path.name + side)
        if old.exists():
            old.rename(aside.with_name(aside.name + side))
    return aside


class Lock:
    """The right to write one journal, held through the operating system: it ends with the process, however that ends.

    The lock is on a file of its own, because locking the database file itself would collide with SQLite's locks on
    network drives.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.with_name(path.name + "-lock").open("a+b")

    def acquire(self) -> bool:
        """Try to take the lock; False if another process (or another session of this one) holds it."""
        try:
            if sys.platform == "win32":
                import msvcrt

                self._file.seek(0)
                msvcrt.locking(self._file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(self._file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.release()
            return False
        return True

    def release(self) -> None:
        """Let others write; the empty lock file stays, because removing it would let two processes in."""
        self._file.close()
