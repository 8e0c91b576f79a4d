"""Which part may import which: the table below is the architecture, and a part without a row in it is an error."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.packaging.imports import PACKAGE, imports_of, parts


@dataclass(frozen=True, slots=True)
class Layer:
    """What a part may import: our parts and other packages, at its top or (lazy) only inside functions."""

    ours: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    lazy_ours: frozenset[str] = frozenset()
    lazy_others: frozenset[str] = frozenset()


def layer(ours: str = "", others: str = "", lazy_ours: str = "", lazy_others: str = "") -> Layer:
    return Layer(*(frozenset(words.split()) for words in (ours, others, lazy_ours, lazy_others)))


LAYERS = {
    "core": layer(others="numpy pandas", lazy_others="cv2 yaml"),
    "video": layer("core", "numpy", lazy_others="av cv2 simplejpeg"),
    "io": layer(
        "core",
        "numpy pandas",
        lazy_ours="associate",
        lazy_others="cv2 defusedxml h5py ndx_pose pyarrow pynwb sleap_io xarray yaml",
    ),
    "render": layer("core", "numpy pandas", "io", "cv2"),
    "associate": layer("core", "numpy scipy"),
    "propagate": layer("confidence core", "numpy", lazy_others="cv2 scipy"),
    "points": layer("core propagate", "numpy", "detect model", "cotracker cv2 tapnet torch"),
    "model": layer("core", "impose_kernels numpy safetensors torch"),
    "tracking": layer("associate core", "numpy scipy", "model", "torch"),
    "train": layer(
        "core detect model points propagate tracking", "cv2 lightning_fabric numpy pandas scipy torch tqdm", "io"
    ),
    "second_look": layer("core", "numpy", lazy_others="cv2"),
    "detect": layer("core second_look", "numpy", "model", "cv2 torch"),
    "cutting": layer("core", "numpy", lazy_others="cv2"),
    "network_memory": layer(others="numpy", lazy_ours="model", lazy_others="cv2 torch"),
    "network_detector": layer("core cutting detect network_memory", "numpy", "model", "torch"),
    "issues": layer("core", "numpy pandas"),
    "guidelines": layer("core io", "numpy pandas", lazy_others="cv2"),
    "review": layer("core", "numpy pandas scipy", "io"),
    "session": layer(
        "core video associate propagate issues tracking",
        "numpy pandas scipy tqdm",
        "detect guidelines io network_detector review",
        "platformdirs xarray",
    ),
    "protocol": layer(others="numpy"),
    "worker": layer(),
    "widget": layer(
        "core protocol render session video worker",
        "anywidget numpy pandas tqdm traitlets",
        "guidelines io review",
        "IPython cv2 simplejpeg",
    ),
    "evaluate": layer(
        "core video propagate",
        "numpy pandas scipy",
        "detect io session",
        "cotracker cv2 dask distributed matplotlib torch tqdm",
    ),
    "dataset": layer("core guidelines", "numpy pandas", "io session", "cv2 distributed"),
    "player": layer("core render session video", "numpy pandas", "", "ipycanvas ipywidgets traitlets"),
    "confidence": layer(others="numpy"),
    "synthesize": layer("core", "cv2 numba numpy pandas scipy", "io video"),
    "cli": layer(
        "",
        "numpy typer",
        "__version__ core dataset detect evaluate guidelines io model player render session synthesize train video",
        "av cv2 platformdirs rich torch",
    ),
    "__init__": layer(),
    "__main__": layer("cli"),
}


@pytest.mark.parametrize("part", sorted(parts()))
def test_a_part_imports_only_what_its_layer_may(part: str) -> None:
    assert part in LAYERS, f"{part} has no row in the table of layers: say what it may import"
    allowed = LAYERS[part]
    for file in parts()[part]:
        for found in imports_of(file):
            if found.ours and found.name == part:
                continue
            at_top, inside = (allowed.ours, allowed.lazy_ours) if found.ours else (allowed.others, allowed.lazy_others)
            where = f"{found.file.relative_to(PACKAGE.parent)}:{found.line}"
            if found.lazy:
                assert found.name in at_top | inside, f"{where} imports {found.name}, which {part} must not know"
            else:
                assert found.name in at_top, f"{where} imports {found.name} at the top" + (
                    "; only inside a function" if found.name in inside else f", which {part} must not know"
                )


def test_the_table_has_no_row_too_many() -> None:
    assert set(LAYERS) == set(parts())


def test_layers_point_one_way() -> None:
    graph = {name: (row.ours | row.lazy_ours) & set(LAYERS) for name, row in LAYERS.items()}
    done: set[str] = set()
    while graph:
        free = {name for name, needs in graph.items() if needs <= done}
        assert free, f"these import each other in a circle: {sorted(graph)}"
        done |= free
        graph = {name: needs for name, needs in graph.items() if name not in done}


def test_torch_is_known_to_the_networks_alone() -> None:
    users = {name for name, row in LAYERS.items() if "torch" in row.others | row.lazy_others}
    # The command line only asks which version there is, evaluation hands frames to a tracker of the user's.
    assert users == {
        "points",
        "model",
        "train",
        "tracking",
        "detect",
        "network_detector",
        "network_memory",
        "cli",
        "evaluate",
    }


def test_compute_kernels_know_torch_alone_and_leave_the_name_kernels_to_others() -> None:
    folder = PACKAGE.parent / "kernels"
    assert not (folder / "__init__.py").exists()
    for file in sorted((folder / "impose_kernels").rglob("*.py")):
        for found in imports_of(file):
            allowed = {"torch", "impose_kernels"} | ({"triton"} if file.name == "fused.py" else set())
            assert not found.ours and found.name in allowed, f"{file}:{found.line} imports {found.name}"
