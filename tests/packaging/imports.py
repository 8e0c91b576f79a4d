"""What a source file imports, when: read from its syntax tree, without running it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "impose_widget"


@dataclass(frozen=True, slots=True)
class Import:
    """One import: `name` is a part of ours ("core") or somebody else's package ("numpy"); `lazy` inside a function."""

    file: Path
    line: int
    name: str
    ours: bool
    lazy: bool


def parts() -> dict[str, list[Path]]:
    """Our parts (folders and single modules of the package) and their files."""
    out = {}
    for path in sorted(PACKAGE.iterdir()):
        if path.is_dir() and any(path.rglob("*.py")):
            out[path.name] = sorted(path.rglob("*.py"))
        elif path.suffix == ".py":
            out[path.stem] = [path]
    return out


def imports_of(file: Path) -> Iterator[Import]:
    """All imports of a file that can run; those for type checkers only are left out, and so is the standard library."""
    for node, lazy in _walk(ast.parse(file.read_text(encoding="utf-8")), False):
        for module in _modules(node, file):
            top, _, rest = module.partition(".")
            if top == "impose_widget":
                yield Import(file, node.lineno, rest.partition(".")[0] or "__init__", True, lazy)
            elif top not in sys.stdlib_module_names:
                yield Import(file, node.lineno, top, False, lazy)


def _modules(node: ast.AST, file: Path) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        if node.level:
            above = file.relative_to(PACKAGE.parent).parts[: -node.level]
            return [".".join([*above, node.module or ""])]
        if node.module == "impose_widget":
            return [f"impose_widget.{alias.name}" for alias in node.names]
        return [node.module or ""]
    return []


def _walk(node: ast.AST, lazy: bool) -> Iterator[tuple[ast.AST, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        inside = lazy or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        yield child, inside
        yield from _walk(child, inside)
