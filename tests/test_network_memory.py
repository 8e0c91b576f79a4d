"""Encoder memories: found again, bounded, the oldest given up first, right when many ask at once."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from impose_widget.model.config import tiny
from impose_widget.model.impose import IMPose
from impose_widget.network_memory import Memories, bytes_of

NARROW = {"width": 32, "heads": 4, "points": 2, "feedforward": 32, "keypoint_layers": 1}


@pytest.fixture(scope="module")
def network() -> IMPose:
    torch.manual_seed(0)
    return IMPose(tiny(**NARROW)).eval()


def frame(t: int) -> np.ndarray:
    return np.random.default_rng(t).integers(0, 255, (32, 48, 3), np.uint8)


def test_ten_thousand_frames_stay_within_the_bound(network: IMPose, monkeypatch: pytest.MonkeyPatch) -> None:
    memories = Memories(network, torch.device("cpu"))
    one = memories.of(frame(0), (32, 48))
    size = bytes_of(one._replace(tokens=one.tokens.half()))
    assert memories.bytes == size > 1000
    memories = Memories(network, torch.device("cpu"), bound=int(30.5 * size))
    # What the encoder makes is of no account here, only that it is as large as it is.
    monkeypatch.setattr(memories, "_encoded", lambda *_: one._replace(tokens=one.tokens.half()))
    blank = np.zeros((8, 8, 3), np.uint8)
    for t in range(10_000):
        blank[0, :2, 0] = divmod(t, 100)
        memories.of(blank, (32, 48))
        assert memories.bytes == size * len(memories) <= 30.5 * size
    assert len(memories) == 30


def test_the_oldest_is_given_up_and_comes_again_the_same(network: IMPose) -> None:
    memories = Memories(network, torch.device("cpu"), bound=1)
    size = memories.of(frame(0), (32, 48)) and memories.bytes
    memories = Memories(network, torch.device("cpu"), bound=int(3.5 * size))  # guesses differ in number
    first = memories.of(frame(0), (32, 48)).tokens
    for t in (1, 2, 0, 3):  # 1 is the oldest when 3 comes
        memories.of(frame(t), (32, 48))
    made: list[int] = []
    real = memories._encoded
    memories._encoded = lambda image, limits: made.append(1) or real(image, limits)
    assert torch.equal(memories.of(frame(0), (32, 48)).tokens, first) and not made
    memories.of(frame(1), (32, 48))
    assert len(made) == 1 and len(memories) == 3
    memories.of(frame(0), (32, 64))  # another scale is another memory
    assert len(made) == 2


def test_threads_may_ask_at_once(network: IMPose) -> None:
    memories = Memories(network, torch.device("cpu"))
    alone = [memories.of(frame(t), (32, 48)).tokens for t in range(4)]
    memories = Memories(network, torch.device("cpu"), bound=memories.bytes * 5 // 8)
    wrong: list[int] = []

    def ask(seed: int) -> None:
        for t in np.random.default_rng(seed).integers(0, 4, 12):
            if not torch.equal(memories.of(frame(int(t)), (32, 48)).tokens, alone[t]):
                wrong.append(int(t))

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and 1 <= len(memories) <= 3
    assert memories.bytes == sum(bytes_of(m) for m in memories._kept.values())
