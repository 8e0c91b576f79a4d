"""The build hook: the bundle is made once, from what is there, with whatever Node there is, and never for nothing."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.packaging.imports import ROOT

JS = ROOT / "js"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the front end's sources, with its tools if they are there, and no bundle."""
    shutil.copytree(JS, tmp_path / "js", ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    (tmp_path / "impose_widget").mkdir()
    if (JS / "node_modules").is_dir():
        (tmp_path / "js" / "node_modules").symlink_to(JS / "node_modules")
    return tmp_path


def hook_of(checkout: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build_copy", checkout / "js" / "hatch_build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_builds_once_and_again_when_a_source_changes(checkout: Path) -> None:
    hook = hook_of(checkout)
    assert not hook.is_fresh()
    hook.build()
    assert hook.is_fresh()
    bundle = checkout / "impose_widget" / "static" / "widget.js"
    made = bundle.stat().st_mtime_ns
    hook.build()
    assert bundle.stat().st_mtime_ns == made
    source = checkout / "js" / "src" / "keys.ts"
    source.write_text(source.read_text() + '\nexport const late = "a line that came later";\n')
    assert not hook.is_fresh()
    hook.build()
    assert hook.is_fresh() and bundle.stat().st_mtime_ns > made


def test_a_broken_source_fails_with_one_sentence_and_leaves_no_stamp(checkout: Path) -> None:
    hook = hook_of(checkout)
    (checkout / "js" / "src" / "index.ts").write_text("export default (;\n")
    with pytest.raises(RuntimeError, match=r"npm run build.*IMPOSE_SKIP_JS=1"):
        hook.build()
    assert not hook.is_fresh()


def test_without_node_on_the_path_the_python_package_is_used(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = hook_of(checkout)
    monkeypatch.setenv("PATH", str(checkout))
    assert hook.node_of_machine() is None
    node, npm = hook.find_node()
    assert node.is_file() and npm[1].endswith("npm-cli.js")
    monkeypatch.setenv("PATH", os.pathsep.join([str(checkout), "/bin", "/usr/bin"]))
    monkeypatch.setattr(hook, "node_of_machine", lambda: None)
    hook.build()
    assert hook.is_fresh()


def test_it_asks_for_node_only_when_it_will_be_used(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = hook_of(checkout)
    needed = hook.FrontEndBuildHook.dependencies
    monkeypatch.setattr(hook, "node_of_machine", lambda: None)
    assert needed(None) == [hook.NODE]
    monkeypatch.setenv("IMPOSE_SKIP_JS", "1")
    assert needed(None) == []
    monkeypatch.delenv("IMPOSE_SKIP_JS")
    monkeypatch.setattr(hook, "is_fresh", lambda: True)
    assert needed(None) == []


def test_skipping_leaves_the_front_end_alone(checkout: Path) -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(checkout / 'js')!r}); import hatch_build\n"
        "hatch_build.FrontEndBuildHook.initialize(None, 'standard', {})\n"
    )
    environment = os.environ | {"IMPOSE_SKIP_JS": "1"}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True, timeout=60)
    assert not (checkout / "impose_widget" / "static").exists()


def test_versions_of_the_front_end_are_exact_and_name_no_host() -> None:
    package = json.loads((JS / "package.json").read_text())
    for group in ("dependencies", "devDependencies"):
        assert all(version[0].isdigit() for version in package[group].values())
    lock = json.loads((JS / "package-lock.json").read_text())
    assert not [name for name, entry in lock["packages"].items() if "resolved" in entry]
    assert "omit-lockfile-registry-resolved=true" in (JS / ".npmrc").read_text()
    assert "registry=" not in (JS / ".npmrc").read_text().replace("lockfile-registry", "")
