"""HDF5 is read in a process of its own: a file that hangs or crashes its library is one sentence, and nothing else."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import pytest

import impose_widget as iw
from impose_widget.io import apart
from tests.io.posed import some_poses

h5py = pytest.importorskip("h5py")
pytest.importorskip("sleap_io")


@pytest.fixture
def circle(tmp_path: Path) -> Path:
    """A file in which libhdf5 runs in circles: a text's length that makes the next object in its heap the same one."""
    path = tmp_path / "circle.analysis.h5"
    iw.write(some_poses(3, 2), path)
    with h5py.File(path, "a") as file:
        del file["video_path"]
        file["video_path"] = "a title that is nowhere else"
    data = bytearray(path.read_bytes())
    text = data.find(b"a title that is nowhere else")
    data[text - 8 : text] = struct.pack("<Q", 2**64 - 16)  # its header of 16 bytes added, this is nothing
    path.write_bytes(data)
    return path


def test_a_file_that_hangs_is_given_up_and_the_next_one_is_read(
    circle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "PATIENCE", 2.0)
    began = time.monotonic()
    with pytest.raises(ValueError, match=r"^Expected a sound HDF5 file, got .*circle.* longer than 2 s\.$"):
        iw.read(circle)
    assert time.monotonic() - began < 30
    iw.write(some_poses(3, 2), tmp_path / "good.analysis.h5")
    assert len(iw.read(tmp_path / "good.analysis.h5")) == len(some_poses(3, 2))


def test_a_helper_that_dies_is_a_sentence(circle: Path) -> None:
    assert apart._HELPER.ready()
    killer = threading.Timer(0.5, apart._HELPER._process.kill)
    killer.start()
    with pytest.raises(ValueError, match="made HDF5 crash"):
        iw.read(circle)
    killer.join()


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupt_stops_a_read_that_hangs(circle: Path) -> None:
    code = "import signal, sys, impose_widget as iw\nfrom impose_widget.io import apart\napart._HELPER.ready()\n"
    code += "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's background jobs ignore it
    code += "print('ready', flush=True)\niw.read(sys.argv[1])"
    run = subprocess.Popen([sys.executable, "-c", code, str(circle)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.stdout.readline() == b"ready\n"
    time.sleep(0.5)
    run.send_signal(signal.SIGINT)
    assert b"KeyboardInterrupt" in run.communicate(timeout=30)[1]


def test_the_table_and_the_sentences_are_the_same_as_from_this_process(tmp_path: Path) -> None:
    from impose_widget.io.registry import read_here

    path = tmp_path / "a.slp"
    iw.write(some_poses(3, 2), path)
    here, there = read_here(path, None, None), iw.read(path)
    pd.testing.assert_frame_equal(here, there)
    assert here.attrs == there.attrs
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(ValueError, match=r"^Expected a SLEAP file") as error_here:
        read_here(path, None, None)
    with pytest.raises(ValueError, match=r"^Expected a SLEAP file") as error_there:
        iw.read(path)
    assert str(error_here.value) == str(error_there.value)


def test_it_is_read_here_where_no_process_can_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    iw.write(some_poses(3, 2), tmp_path / "a.slp")
    monkeypatch.setattr(apart, "_HELPER", apart._Helper())
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    assert len(iw.read(tmp_path / "a.slp")) == len(some_poses(3, 2))
