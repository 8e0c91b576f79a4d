"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
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
    partial = target.with_name(f".{target.name[:80]}-{os.getpid()}-{secrets.token_hex(4)}")
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
