"""Looks: pooled over parts of the body, kept by reading, heard by the decoder, remembered by the bank."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from impose_widget.core.identities import exchange
from impose_widget.core.tracks import Draft
from impose_widget.model.id_config import IdentityConfig
from impose_widget.model.id_decoder import IdDecoder
from impose_widget.model.id_file import begin_from, load_identity, save_identity
from impose_widget.model.relations import likeness
from impose_widget.tracking.bank import TrajectoryBank
from impose_widget.tracking.decoding import Decoding
from impose_widget.tracking.looks import PARTS, Looks, pooled
from impose_widget.tracking.people import People
from tests.tracking.made import SIZE, weights
from tests.tracking.test_bank import tracks


def test_a_part_is_the_mean_of_its_known_keypoints() -> None:
    looks = np.arange(34, dtype=np.float16).reshape(1, 17, 2)
    known = np.ones((1, 17), bool)
    known[0, [9, 10]] = False
    looks[0, 5] = np.nan  # outside the image
    out = pooled(looks, known).reshape(4, 2)
    assert out[0].tolist() == [4, 5] and out[2].tolist() == [15, 16]
    assert out[1].tolist() == pytest.approx(looks[0, [6, 11, 12]].astype(float).mean(0).tolist())
    known[0, list(PARTS[3])] = False
    assert (pooled(looks, known).reshape(4, 2)[3] == 0).all()
    assert pooled(looks[:0], known[:0]).shape == (0, 8)


def test_looks_are_kept_by_reading() -> None:
    kept, rng = Looks(), np.random.default_rng(0)
    assert kept.of(np.array([-1, 3])).shape == (2, 0)
    features = rng.normal(size=(7, 6)).astype(np.float16)
    kept.add(np.arange(2, 5), features[2:5])
    kept.add(np.array([6]), features[6:])
    found = kept.of(np.array([3, -1, 6, 0, 99]))
    assert (found == np.stack([features[3], 0 * features[0], features[6], 0 * features[0], 0 * features[0]])).all()
    for start in range(0, 5000, 50):
        kept.add(np.arange(start, start + 50), np.ones((50, 6)))
    assert kept.nbytes <= 1.6 * 5000 * 6 * 2


def test_the_bank_remembers_what_each_reading_looked_like_whoever_it_is_said_to_be() -> None:
    held, looks = tracks({0: range(20), 1: range(20)}), Looks()
    draft = Draft(held)
    for track_id in (0, 1):
        records = draft.get(track_id, list(range(20)))
        records["reading"] = 20 * track_id + np.arange(20)
        draft.put(track_id, list(range(20)), records)
    held.apply(draft.changes())
    looks.add(np.arange(40), np.repeat([[1.0, 2.0], [3.0, 4.0]], 20, 0))
    bank = TrajectoryBank(held, 20, looks=looks)
    assert bank.window(10).at(9).people.features.tolist() == [[1, 2], [3, 4]]
    draft = Draft(held)
    exchange(draft, 0, 1, np.arange(8, 20))
    held.apply(draft.changes())
    assert bank.window(10).at(9).people.features.tolist() == [[3, 4], [1, 2]]
    assert bank.window(10, backward=True).at(12).people.features.tolist() == [[3, 4], [1, 2]]


def test_likeness_is_over_what_both_show() -> None:
    a, b = torch.tensor([[[1.0, 2, 0, 0]]]), torch.tensor([[[4.0, 0, 5, 0], [0, 0, 7, 7]]])
    assert likeness(a, b)[0, 0].tolist() == [[3, 0.25], [0, 0]]


def test_looks_tell_two_apart_who_stand_together(tmp_path: Path) -> None:
    decoding = Decoding(weights(tmp_path, features=8), SIZE)
    keypoints = np.concatenate([np.full((1, 17, 2), 300.0), np.ones((1, 17, 1))], -1).repeat(2, 0)
    box, score = np.tile([250.0, 250, 100, 100], (2, 1)), np.ones(2)
    features = np.repeat([[1.0], [-1.0]], 8, 1)
    then = People.of(np.zeros(2), keypoints, box, score, features)
    alike, names = decoding.chances(People.of(np.ones(2), keypoints, box, score, features), np.array([3, 8]), then)
    assert names.tolist() == [3, 8] and (alike[:, :2].argmax(1) == [0, 1]).all()
    blind, _ = decoding.chances(People.of(np.ones(2), keypoints, box, score), np.array([3, 8]), then)
    assert np.allclose(blind[0], blind[1], atol=1e-6)  # without looks there is nothing to tell them apart


def test_a_decoder_that_hears_looks_begins_as_the_one_that_did_not(tmp_path: Path) -> None:
    torch.manual_seed(0)
    old = IdDecoder(IdentityConfig())
    for p in old.parameters():  # trained, as it were
        p.data += 0.02 * torch.randn_like(p)
    save_identity(old.state_dict(), old.config, tmp_path / "old.safetensors")
    new = IdDecoder(IdentityConfig(features=8))
    begin_from(new, tmp_path / "old.safetensors")
    save_identity(new.state_dict(), new.config, tmp_path / "new.safetensors")
    rng = np.random.default_rng(0)
    keypoints = np.concatenate([rng.uniform(0, 900, (6, 17, 2)), np.ones((6, 17, 1))], -1)
    people = People.of(np.repeat([0, 1], 3), keypoints, np.tile([250.0, 250, 100, 100], (6, 1)), np.ones(6))
    said = [
        Decoding(tmp_path / f"{name}.safetensors", SIZE).chances(people[3:], np.arange(3), people[:3])[0]
        for name in ("old", "new")
    ]
    assert np.allclose(*said, atol=1e-5)
    assert load_identity(tmp_path / "new.safetensors").config.features == 8
    with pytest.raises(ValueError, match="like the one to be trained"):
        begin_from(IdDecoder(IdentityConfig(pose_width=0)), tmp_path / "old.safetensors")
