"""The ID decoder: causal, blind to the order of people and to which word is whose, and able to say "somebody new"."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from impose_widget.model.id_config import IdentityConfig
from impose_widget.model.id_decoder import IdDecoder
from impose_widget.model.id_file import load_identity, save_identity
from impose_widget.model.relations import Observations

SMALL = IdentityConfig(pose_width=16, box_width=16, word_width=32, head_width=16, layers=3, window=8, words=6)
PAPER = replace(SMALL, relations=False)


def decoder(config: IdentityConfig = SMALL, seed: int = 0) -> IdDecoder:
    """One whose weights are random everywhere, so that nothing is zero by luck."""
    torch.manual_seed(seed)
    net = IdDecoder(config)
    with torch.no_grad():
        for p in net.parameters():
            p.add_(0.1 * torch.randn_like(p))
    return net.eval()


def people(frames: list[int], seed: int = 0, size: tuple[float, float] = (640, 360)) -> Observations:
    """One row a frame given, at random places."""
    rng = np.random.default_rng(seed)
    n = len(frames)
    at = rng.uniform((100, 80), (540, 280), (n, 1, 2))
    xy = at + rng.normal(0, (15, 35), (n, 17, 2))
    low, high = xy.min(1), xy.max(1)

    def tensor(a):
        return torch.from_numpy(np.asarray(a, np.float32))[None]

    return Observations(
        torch.tensor(frames)[None],
        tensor(xy),
        tensor(rng.uniform(0, 1, (n, 17))),
        tensor(np.concatenate([low, high - low], 1)),
        tensor(rng.uniform(0.3, 0.9, n)),
        tensor(rng.normal(0, 2, (n, 2))),
        torch.ones(1, n, dtype=torch.bool),
        torch.tensor([size]),
    )


def rows(o: Observations, at: torch.Tensor) -> Observations:
    return Observations(*(t[:, at] for t in o[:7]), o.size, None)


def changed(o: Observations, at: torch.Tensor, seed: int = 9) -> Observations:
    """The same but for some rows, in which other people stand elsewhere."""
    other = people(o.frame[0].tolist(), seed)

    def pick(a, b):
        return torch.where(at.reshape(1, -1, *[1] * (a.ndim - 2)), b, a)

    return Observations(o.frame, *(pick(a, b) for a, b in zip(o[1:6], other[1:6], strict=True)), o.real, o.size, None)


CLIP = [0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 4, 4]
WORDS = torch.tensor([[0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0]])


@pytest.mark.parametrize("config", [SMALL, PAPER, replace(SMALL, pose_width=0)], ids=["relations", "paper", "no pose"])
def test_what_comes_later_changes_nothing_before(config: IdentityConfig) -> None:
    net, clip = decoder(config), people(CLIP)
    before = net(clip, clip, WORDS)
    for frame in range(5):
        later = clip.frame[0] >= frame
        words = torch.where(later, (WORDS + 1) % 6, WORDS)
        # names and looks of a frame reach later frames alone, and looks the people beside
        other = net(clip, changed(clip, later), words)
        assert torch.equal(other[:, clip.frame[0] <= frame], before[:, clip.frame[0] <= frame])
        if frame < 4:
            assert not torch.allclose(other[:, clip.frame[0] > frame], before[:, clip.frame[0] > frame])
        seen = net(changed(clip, later), changed(clip, later), words)
        assert torch.equal(seen[:, clip.frame[0] < frame], before[:, clip.frame[0] < frame])


def test_backwards_is_forwards_with_time_turned_round() -> None:
    net, clip = decoder(), people(CLIP)
    turned = clip._replace(frame=-clip.frame)
    out = net(turned, turned, WORDS)
    first = changed(clip, clip.frame[0] == 0)._replace(frame=-clip.frame)
    assert torch.equal(net(first, first, WORDS)[:, clip.frame[0] > 0], out[:, clip.frame[0] > 0])


def test_beyond_the_window_nobody_is_remembered() -> None:
    net = decoder()
    now = people([20, 20], seed=1)
    old, other = people([5, 12], seed=2), people([5, 12], seed=3)
    words = torch.tensor([[0, 1]])
    assert torch.equal(net(now, old, words), net(now, other, words))
    near = old._replace(frame=torch.tensor([[13, 19]]))
    assert not torch.allclose(net(now, near, words), net(now, old, words))


def test_the_order_of_people_does_not_matter() -> None:
    net, clip = decoder(), people(CLIP)
    out = net(clip, clip, WORDS)
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(CLIP)))
    assert torch.allclose(net(rows(clip, order), clip, WORDS), out[:, order], atol=1e-5)
    assert torch.allclose(net(clip, rows(clip, order), WORDS[:, order]), out, atol=1e-5)


def test_which_word_is_whose_does_not_matter_but_for_its_vector() -> None:
    net, clip = decoder(), people(CLIP)
    out = net(clip, clip, WORDS)
    order = torch.tensor([3, 5, 0, 1, 4, 2])  # word w is now called order[w]
    whole = torch.cat([order, torch.tensor([6])])
    with torch.no_grad():
        dictionary, read = net.dictionary.weight.clone(), net.read.weight.clone()
        net.dictionary.weight[:, whole], net.read.weight[whole] = dictionary, read
    assert torch.allclose(net(clip, clip, order[WORDS])[..., whole], out, atol=1e-4)


def test_padding_is_not_there() -> None:
    net, clip = decoder(), people(CLIP)
    out = net(clip, clip, WORDS)
    padded = people([*CLIP, 1, 2, 0], seed=0)
    padded = Observations(
        *(torch.cat([a, b[:, len(CLIP) :]], 1) for a, b in zip(clip[:6], padded[:6], strict=True)),
        torch.cat([clip.real, torch.zeros(1, 3, dtype=torch.bool)], 1),
        clip.size,
    )
    words = torch.cat([WORDS, torch.tensor([[4, 4, 4]])], 1)
    assert torch.allclose(net(padded, padded, words)[:, : len(CLIP)], out, atol=1e-5)


def test_without_history_everybody_is_new_and_nothing_breaks() -> None:
    torch.manual_seed(0)
    net = IdDecoder(IdentityConfig())
    now, nobody = people([0, 0, 0]), rows(people([0]), torch.zeros(0, dtype=torch.long))
    out = net(now, nobody, torch.zeros(1, 0, dtype=torch.long))
    assert torch.isfinite(out).all() and (out.argmax(-1) == net.newborn).all()


def test_untrained_it_says_who_stands_where_somebody_stood() -> None:
    torch.manual_seed(0)
    net = IdDecoder(IdentityConfig()).eval()
    then = people([0, 0, 0, 0], seed=4)
    now = then._replace(frame=then.frame + 1, xy=then.xy + 1, box=then.box + torch.tensor([1.0, 1, 0, 0]))
    then = then._replace(velocity=torch.zeros_like(then.velocity))
    words = torch.tensor([[7, 49, 0, 23]])
    assert torch.equal(net(now, then, words).argmax(-1), words)


def test_features_of_the_image_are_heard() -> None:
    net = decoder(replace(SMALL, features=5))
    clip = people(CLIP)._replace(features=torch.randn(1, len(CLIP), 5))
    other = clip._replace(features=torch.randn(1, len(CLIP), 5))
    assert not torch.allclose(net(clip, clip, WORDS), net(clip, other, WORDS))


def test_a_file_gives_the_decoder_back_and_others_are_refused(tmp_path: Path) -> None:
    net, clip = decoder(), people(CLIP)
    save_identity(net.state_dict(), net.config, tmp_path / "id.safetensors")
    back = load_identity(tmp_path / "id.safetensors")
    assert back.config == net.config and not back.training
    assert torch.allclose(back(clip, clip, WORDS), net(clip, clip, WORDS), atol=0.05)  # half precision on disk
    with pytest.raises(FileNotFoundError, match="does not exist"):
        load_identity(tmp_path / "none.safetensors")
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="does not say so"):
        load_identity(tmp_path / "other.safetensors")
    (tmp_path / "text.safetensors").write_text("hello")
    with pytest.raises(ValueError, match="cannot be read"):
        load_identity(tmp_path / "text.safetensors")
    save_identity({"a": torch.zeros(1)}, net.config, tmp_path / "short.safetensors")
    with pytest.raises(ValueError, match="missing"):
        load_identity(tmp_path / "short.safetensors")
