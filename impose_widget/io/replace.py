"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new file to write, in the same folder, which takes the place of `path` when the block ends well.

    If anything goes wrong, the new file is removed and what was at `path` is untouched.

    Raises:
        OSError: of the kind that the system gave, with a sentence for users.
    """
    target = Path(os.path.realpath(path))
    partial = _beside(target)
    try:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        partial.touch(exist_ok=False)
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise type(error)(f"{path} could not be written ({reason}); check the folder and the free space.") from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


@contextlib.contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """A new folder to fill, which becomes `path` when the block ends well; there must be nothing but an empty one.

    Raises:
        OSError: of the kind that the system gave, with a sentence for users.
    """
    target = Path(os.path.realpath(path))
    partial = _beside(target)
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise FileExistsError(errno.EEXIST, "it is there and not an empty folder; give a new name")
        partial.mkdir()
        yield partial
        if target.exists():
            target.rmdir()
        partial.replace(target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise type(error)(f"{path} could not be written ({reason}); check the folder and the free space.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name[:80]}-{os.getpid()}-{secrets.token_hex(4)}")
