"""A frozen backbone's maps, made once for a few augmentations of every clip and kept: then only what learns runs.

Half precision; one file of numbers for all, each map of each input at its place.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset
from tqdm import tqdm

from impose_widget.model.backbone import Features, Guess
from impose_widget.model.impose import IMPose
from impose_widget.train.samples import Batch, ClipSet, Targets

BATCH = 8


class FeatureSet(Dataset):
    """What a `ClipSet` gives, through a frozen backbone, in `variants` augmentations of each clip.

    Every input is padded to the same square, so that any of them make a batch.
    """

    def __init__(self, clips: ClipSet, network: IMPose, variants: int, folder: Path, progress: bool = True) -> None:
        self.clips, self.variants, self.folder = clips, variants, folder
        side = -(-clips.augmentation.long_side // clips.augmentation.multiple) * clips.augmentation.multiple
        self.shape = (side, side)
        self.sizes = None
        count = len(clips) * variants
        done = folder / "features.json"
        facts = {"clips": len(clips), "variants": variants, "seed": clips.seed, "frames": clips.clips.frames}
        if not done.is_file() or json.loads(done.read_text())["facts"] != facts:
            folder.mkdir(parents=True, exist_ok=True)
            self._fill(network, count, facts, progress)
        held = json.loads(done.read_text())
        self.shapes = [tuple(s) for s in held["shapes"]]
        length = sum(int(np.prod(s)) for s in self.shapes)
        self.rows = np.memmap(folder / "features.f16", np.float16, "r", shape=(count, clips.clips.frames, length))
        self.extra = torch.load(folder / "targets.pt", weights_only=True)

    def _fill(self, network: IMPose, count: int, facts: dict, progress: bool) -> None:
        rows = shapes = None
        extra = []
        for n in tqdm(range(count), desc="backbone", unit="clips", disable=not progress):
            index, variant = divmod(n, self.variants)
            batch = self.clips.collate([self.clips[variant, index]])
            images = torch.zeros(len(batch.images), 3, *self.shape, dtype=torch.uint8)
            images[:, :, : batch.shape[0], : batch.shape[1]] = batch.images
            features = network.backbone(images, batch.targets.sizes)
            flat = torch.cat([m.flatten(1) for m in features.maps], 1).half().numpy()
            if rows is None:
                shapes = [tuple(m.shape[1:]) for m in features.maps]
                rows = np.memmap(self.folder / "features.f16", np.float16, "w+", shape=(count, *flat.shape))
            rows[n] = flat
            extra.append((tuple(features.guess), tuple(batch.targets)))
        rows.flush()
        torch.save(extra, self.folder / "targets.pt")
        (self.folder / "features.json").write_text(json.dumps({"facts": facts, "shapes": shapes}))

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, key: tuple[int, int]) -> tuple[np.ndarray, Guess, Targets]:
        epoch, index = key
        n = index * self.variants + int(np.random.default_rng((epoch, index)).integers(self.variants))
        guess, targets = self.extra[n]
        return self.rows[n], Guess(*guess), Targets(*targets)

    def collate(self, items: list[tuple[np.ndarray, Guess, Targets]]) -> Batch:
        """As of `ClipSet`, with maps for images."""
        flat = torch.from_numpy(np.concatenate([i[0] for i in items])).float()
        sizes = [int(np.prod(s)) for s in self.shapes]
        maps = [m.unflatten(1, s) for m, s in zip(flat.split(sizes, 1), self.shapes, strict=True)]
        guess = Guess(*(_filled(t) for t in zip(*(i[1] for i in items), strict=True)))
        targets = Targets(*(_filled(t) for t in zip(*(i[2] for i in items), strict=True)))
        return Batch(None, Features(tuple(maps), guess), self.shape, targets)


def _filled(parts: tuple[Tensor, ...]) -> Tensor:
    """Concatenated along images, filled up with zeros along people."""
    if parts[0].dim() < 2:
        return torch.cat(parts)
    n = max(p.shape[1] for p in parts)
    return torch.cat([torch.cat([p, p.new_zeros(len(p), n - p.shape[1], *p.shape[2:])], 1) for p in parts])
