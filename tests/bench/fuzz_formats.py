"""Damaged files for every reader, for as long as you like: `python -m tests.bench.fuzz_formats --minutes 5`.

Each round takes a good file, damages it (bytes turned, cut, doubled, moved; numbers, names and brackets of text
replaced by nasty ones), and reads it. Right is: a table of poses, or one sentence in a ValueError, in less than ten
seconds; a file of HDF5 that makes its library hang or crash is counted by itself ("stopped"), and is right if it is one
sentence as soon as patience with it ends. Wrong is everything else; it is printed with the seed that makes it again,
and the exit code is 1.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import pandas as pd

import impose_widget as iw
from impose_widget.io import registry
from impose_widget.io.apart import PATIENCE
from impose_widget.io.columns import DTYPES
from tests.io.posed import everything_stated, some_poses

NASTY = (
    'NaN Infinity -Infinity null true -1 0 1e400 -0.0 1e-320 99999999999999999999 2147483648 "" "1" [] {} [[]] '
    '"\\u0000" "<script>alert(1)</script>" ../../etc/passwd \\ufeff \x00 \xff ; , : < > & \' "'
).split(" ")
SLOW = 10.0  # seconds
RIGHT = ("read", "refused", "stopped")


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The same bytes with one to four things wrong."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        kind = rng.randrange(7)
        at = rng.randrange(max(len(out), 1))
        if kind == 0 and out:
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del out[at:]
        elif kind == 2:
            end = min(len(out), at + rng.randint(1, 200))
            out[at:at] = out[at:end]
        elif kind == 3:
            del out[at : at + rng.randint(1, 200)]
        elif kind == 4:
            out[at : at + rng.randint(0, 8)] = rng.randbytes(rng.randint(1, 8))
        else:
            _replace_token(out, at, rng)
    return bytes(out)


def _replace_token(out: bytearray, at: int, rng: random.Random) -> None:
    """A number, word or bracket near a place becomes something nasty."""
    found = re.compile(rb"-?\d+\.?\d*|\"[^\"]*\"|\w+|[\[\]{}<>]").search(bytes(out[at : at + 400]))
    if found:
        start, end = found.span()
        out[at + start : at + end] = rng.choice(NASTY).encode("utf-8", "surrogatepass")


def good_files(name: str, folder: Path) -> list[Path]:
    """Files of a format to begin with."""
    kind = registry.modules()[name].FORMAT
    out = []
    for i, poses in enumerate((some_poses(3, 2), everything_stated())):
        path = folder / f"good{i}{kind.suffixes[0] if kind.suffixes else ''}"
        iw.write(poses, path, name)
        out.append(path)
    return out


def damage_copy(good: Path, target: Path, rng: random.Random) -> None:
    """Put a damaged copy of a file, or of a folder with one damaged file in it, at `target`."""
    if good.is_file():
        target.write_bytes(damaged(good.read_bytes(), rng))
        return
    files = sorted(p for p in good.rglob("*") if p.is_file())
    broken = rng.choice(files)
    for file in files:
        to = target / file.relative_to(good)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(damaged(file.read_bytes(), rng) if file == broken else file.read_bytes())


def verdict_of(path: Path, name: str | None) -> str:
    """`read`, `refused`, `stopped`, or what is wrong."""
    began = time.monotonic()
    try:
        poses = iw.read(path, name)
        result = "read" if list(poses) == list(DTYPES) and isinstance(poses, pd.DataFrame) else "no table of poses"
    except (ValueError, IsADirectoryError, NotADirectoryError) as error:
        text = str(error)
        result = "refused" if text.startswith("Expected") and "\n" not in text else f"unclear: {text[:300]!r}"
        if "made HDF5 crash" in text and time.monotonic() - began < PATIENCE + SLOW:
            return "stopped"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        result = f"{type(error).__name__}: {str(error)[:300]}"
    seconds = time.monotonic() - began
    return result if seconds < SLOW else f"slow ({seconds:.0f} s): {result}"


def fuzz(name: str, seconds: float, seed: int) -> tuple[Counter, list[str]]:
    """Damage files of one format for some seconds; what came of it, and what was wrong."""
    counts, wrong = Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        goods = good_files(name, Path(folder))
        stop = time.monotonic() + seconds
        while time.monotonic() < stop:
            rng = random.Random(f"{name} {seed}")
            target = Path(folder) / f"bad{seed}{goods[0].suffix}"
            damage_copy(rng.choice(goods), target, rng)
            result = verdict_of(target, None if rng.random() < 0.2 else name)
            counts[result if result in RIGHT else "wrong"] += 1
            if result not in RIGHT:
                wrong.append(f"{name}, seed {seed}: {result}")
            _remove(target)
            seed += 1
    return counts, wrong


def _remove(path: Path) -> None:
    if path.is_file():
        path.unlink()
        return
    for file in sorted(path.rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    path.rmdir()


def main() -> int:
    """Fuzz every reader in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="in all")
    parser.add_argument("--seed", type=int, default=0, help="where to begin; with --rounds 1 makes one case again")
    parser.add_argument("--formats", nargs="*", default=list(registry.modules()))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    failures = []
    print(f"{'format':16} {'files':>8} {'read':>8} {'refused':>8} {'stopped':>8} {'wrong':>6}")
    for name in arguments.formats:
        counts, wrong = fuzz(name, 60 * arguments.minutes / len(arguments.formats), arguments.seed)
        numbers = " ".join(f"{counts[c]:8}" for c in RIGHT)
        print(f"{name:16} {sum(counts.values()):8} {numbers} {counts['wrong']:6}", flush=True)
        failures += wrong
    for line in failures:
        print(line)
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
