"""The wheel: everything a user needs is in it, nothing else is, and it runs from there."""

from __future__ import annotations

import configparser
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.packaging.imports import ROOT

ASSETS = (
    "movenet_multipose.safetensors",
    "identity.safetensors",
    "store_aisle.mp4",
    "store_aisle.corrections.json",
    "store_aisle.labels.json",
    "store_aisle.md",
)
KINDS = {".py", ".typed", ".safetensors", ".mp4", ".json", ".md", ".png", ".js", ".css"}  # .png: plots of the cards
LIMIT = 30_000_000  # bytes
BUNDLE_LIMIT = 200_000


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture(scope="session")
def wheel(built: Path) -> zipfile.ZipFile:
    """The wheel, built from the sdist."""
    (path,) = built.glob("*.whl")
    return zipfile.ZipFile(path)


def inside(wheel: zipfile.ZipFile) -> set[str]:
    return {name for name in wheel.namelist() if ".dist-info/" not in name}


def test_it_holds_every_source_file_and_asset(wheel: zipfile.ZipFile) -> None:
    sources = {p.relative_to(ROOT).as_posix() for p in (ROOT / "impose_widget").rglob("*.py")}
    assert sources <= inside(wheel)
    assert {f"impose_widget/assets/{name}" for name in ASSETS} <= inside(wheel)
    assert "impose_widget/py.typed" in inside(wheel)


def test_it_holds_the_front_end_as_built_and_nothing_it_was_built_from(wheel: zipfile.ZipFile) -> None:
    static = {n for n in inside(wheel) if n.startswith("impose_widget/static/")}
    assert static == {"impose_widget/static/widget.js", "impose_widget/static/widget.css"}
    script = wheel.read("impose_widget/static/widget.js").decode()
    assert "export{" in script or "export default" in script
    assert "sourceMappingURL" not in script
    assert sum(wheel.getinfo(name).file_size for name in static) < BUNDLE_LIMIT


def test_it_holds_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in inside(wheel)}
    assert tops <= {"impose_widget", "impose_kernels"}
    assert {Path(name).suffix for name in inside(wheel)} <= KINDS
    assert not [n for n in inside(wheel) if "__pycache__" in n or ".impose" in n or "/." in n]
    assert sum(i.file_size for i in wheel.infolist()) < LIMIT
    (path,) = [wheel.filename]
    assert Path(str(path)).name.endswith("-py3-none-any.whl")


def test_licences_and_notice_go_along(wheel: zipfile.ZipFile) -> None:
    texts = {Path(n).name: wheel.read(n).decode() for n in wheel.namelist() if "/licenses/" in n}
    assert "Apache License" in texts["LICENSE"]
    for credit in ("MoveNet", "CC BY 4.0", "intel-iot-devkit/sample-videos"):
        assert credit in texts["NOTICE"]


def test_it_names_the_command_and_what_it_needs(wheel: zipfile.ZipFile) -> None:
    (entry,) = [n for n in wheel.namelist() if n.endswith("entry_points.txt")]
    parser = configparser.ConfigParser()
    parser.read_string(wheel.read(entry).decode())
    assert parser["console_scripts"]["impose-widget"] == "impose_widget.cli:main"
    (metadata,) = [n for n in wheel.namelist() if n.endswith("/METADATA")]
    needs = [line for line in wheel.read(metadata).decode().splitlines() if line.startswith("Requires-Dist")]
    assert not [n for n in needs if "torchvision" in n or "opencv-python>" in n]
    assert [n for n in needs if "opencv-python-headless" in n]


def test_it_works_where_nothing_of_the_checkout_is(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import impose_widget; print(impose_widget.__file__)\n"
        "from impose_widget.cli import main; sys.argv = ['impose-widget', '--version']; main()\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    where, version = run.stdout.strip().splitlines()
    assert where.startswith(str(tmp_path))
    assert version == f"impose-widget {tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']['version']}"


def test_the_sdist_holds_the_tests_and_no_journals(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {n.partition("/")[2] for n in archive.getnames()}
    assert {"tests/__main__.py", "constraints.txt", "LICENSE", "NOTICE", "README.md", "CHANGELOG.md"} <= names
    assert {"js/hatch_build.py", "js/package-lock.json", "js/src/index.ts", "js/test/setup.ts"} <= names
    assert {f"impose_widget/static/widget.{kind}" for kind in ("js", "css", "sha256")} <= names
    assert not [n for n in names if "node_modules" in n]
    assert not [n for n in names if ".impose" in n or "__pycache__" in n or n.startswith((".git/", ".venv"))]


def test_versions_agree() -> None:
    import impose_widget

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == impose_widget.__version__
    assert f"## {project['version']}" in (ROOT / "CHANGELOG.md").read_text()


def test_every_requirement_has_a_pinned_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(r for extra in project["optional-dependencies"].values() for r in extra)]
    pins = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    names = {w.split(">")[0].split("<")[0].split("[")[0].lower() for w in wanted} - {"impose-widget"}
    assert names <= pins
    text = (ROOT / "constraints.txt").read_text()
    assert "://" not in text and "@" not in text


def test_there_is_no_import_package_called_kernels() -> None:
    assert not (ROOT / "kernels" / "__init__.py").exists()
