"""The loop: one process or many through Lightning Fabric; legs of any length add up to the same run.

What happens at a step depends on the seed, the step and the state before it alone: the order of clips, augmentation and
noise are drawn from generators that are seeded with them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from impose_widget.core.skeleton import Skeleton
from impose_widget.model.impose import IMPose
from impose_widget.model.network_file import save_network
from impose_widget.train import checkpoint
from impose_widget.train.cache import FeatureSet
from impose_widget.train.data import Video
from impose_widget.train.ema import Average
from impose_widget.train.log import Log
from impose_widget.train.samples import Batch, ClipSet, StepSampler
from impose_widget.train.settings import Place, Settings
from impose_widget.train.task import PoseTask


def train(
    network: IMPose, videos: Sequence[Video], skeleton: Skeleton, settings: Settings, place: Place, show: bool = True
) -> Path:
    """Train a network, or go on where a run in the same folder stopped.

    Args:
        network: where to start from; a run that goes on starts from its own checkpoint.
        videos: what to learn from.
        skeleton: of the keypoints.
        settings: what decides the outcome.
        place: where it happens.
        show: whether to show a bar.

    Returns:
        The weights, averaged, as safetensors; written at every checkpoint.

    Raises:
        ValueError: the folder holds a run with other settings.
    """
    fabric = _fabric(place)
    place.out.mkdir(parents=True, exist_ok=True)
    state = checkpoint.load(place.out, settings)
    run = _Run(fabric, network, videos, skeleton, settings, place, state)
    return run.go(show)


def _fabric(place: Place) -> Fabric:
    accelerator = {"auto": "auto", "cpu": "cpu", "cuda": "cuda"}[place.device]
    here, nodes = launched(os.environ) or (place.processes, 1)
    many: Any = DDPStrategy(find_unused_parameters=True) if here * nodes > 1 else "auto"
    fabric = Fabric(accelerator=accelerator, devices=here, num_nodes=nodes, strategy=many, precision=place.precision)
    fabric.launch()
    return fabric


def launched(environment: Mapping[str, str]) -> tuple[int, int] | None:
    """Processes a node and nodes that torchrun or SLURM have started already; None if nobody has."""
    if "TORCHELASTIC_RUN_ID" in environment:
        here = int(environment["LOCAL_WORLD_SIZE"])
        return here, int(environment["WORLD_SIZE"]) // here
    if int(environment.get("SLURM_NTASKS", 1)) > 1 and environment.get("SLURM_JOB_NAME") not in ("bash", "interactive"):
        nodes = int(environment.get("SLURM_NNODES", 1))
        return int(environment["SLURM_NTASKS"]) // nodes, nodes
    return None


def parameter_groups(network: IMPose, settings: Settings) -> list[dict[str, Any]]:
    """What learns, and how fast."""
    of_backbone, new = [], []
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            (of_backbone if name.startswith("backbone.") else new).append(parameter)
    groups = [{"params": new, "lr": settings.rate, "rate": settings.rate}]
    if of_backbone:
        groups.append({"params": of_backbone, "lr": settings.backbone_rate, "rate": settings.backbone_rate})
    return groups


class _Run:
    """One leg."""

    def __init__(
        self,
        fabric: Fabric,
        network: IMPose,
        videos: Sequence[Video],
        skeleton: Skeleton,
        settings: Settings,
        place: Place,
        state: dict[str, Any] | None,
    ) -> None:
        self.fabric, self.settings, self.place = fabric, settings, place
        self.network = network.train()
        self.average = Average(network, settings.average)
        clips = ClipSet(videos, skeleton, settings.augmentation, settings.clips, settings.seed)
        self.data = self._cached(clips) if settings.variants else clips
        whole = StepSampler(len(clips), settings.batch, settings.seed, 0, 0, fabric.global_rank, fabric.world_size)
        self.steps_of_an_epoch = whole.steps_of_an_epoch
        self.last_step = settings.epochs * self.steps_of_an_epoch
        optimizer = torch.optim.AdamW(parameter_groups(network, settings), weight_decay=settings.decay)
        task = PoseTask(network, skeleton)
        self.step = 0
        if state is not None:
            network.load_state_dict(state["network"])
            optimizer.load_state_dict(state["optimizer"])
            self.average.load_state_dict(state["average"])
            self.step = state["step"]
        self.task, self.optimizer = fabric.setup(task, optimizer)
        self.average.weights = {k: v.to(fabric.device) for k, v in self.average.weights.items()}

    def _cached(self, clips: ClipSet) -> FeatureSet:
        if self.fabric.global_rank == 0:
            FeatureSet(clips, self.network, self.settings.variants, self.place.out / "features")
        self.fabric.barrier()
        return FeatureSet(clips, self.network, self.settings.variants, self.place.out / "features", progress=False)

    def go(self, show: bool) -> Path:
        """Run to the end, or to the end of the leg."""
        fabric, place = self.fabric, self.place
        main = fabric.is_global_zero
        log = Log(place.out, self.step) if main else None
        bar = tqdm(total=self.last_step, initial=self.step, desc="training", unit="steps", disable=not (show and main))
        ends = None if place.minutes is None else time.monotonic() + 60 * place.minutes
        started = time.monotonic()
        try:
            for batch in self._loader():
                losses = self._step(batch)
                self.step += 1
                bar.update()
                due = self.step % place.log_every == 0 or self.step == self.last_step
                if due and log is not None:
                    log.write(self._numbers(losses, time.monotonic() - started))
                stops = bool(fabric.broadcast(ends is not None and time.monotonic() > ends))
                if stops or self.step % place.save_every == 0 or self.step == self.last_step:
                    self._save()
                if stops:
                    break
        finally:
            bar.close()
            if log is not None:
                log.close()
        return place.out / "weights.safetensors"

    def _loader(self) -> DataLoader:
        fabric, s = self.fabric, self.settings
        sampler = StepSampler(
            len(self.data), s.batch, s.seed, self.step, self.last_step, fabric.global_rank, fabric.world_size
        )
        return DataLoader(
            self.data, batch_sampler=sampler, collate_fn=self.data.collate, num_workers=self.place.workers
        )

    def _step(self, batch: Batch) -> dict[str, torch.Tensor]:
        fabric, settings = self.fabric, self.settings
        batch = _moved(batch, fabric.device)
        people = fabric.all_reduce(batch.targets.real.sum().float(), reduce_op="mean").clamp(min=1)
        generator = torch.Generator().manual_seed(
            settings.seed * 1_000_003 + self.step * fabric.world_size + fabric.global_rank
        )
        share = settings.rate_at(self.step, self.steps_of_an_epoch)
        for group in self.optimizer.param_groups:
            group["lr"] = share * group["rate"]
        losses = self.task(batch, people, generator)
        self.optimizer.zero_grad()
        fabric.backward(sum(losses.values()))
        fabric.clip_gradients(self.task, self.optimizer, max_norm=settings.clip, error_if_nonfinite=False)
        self.optimizer.step()
        self.average.update(self.network)
        return losses

    def _numbers(self, losses: dict[str, torch.Tensor], seconds: float) -> dict[str, float]:
        numbers = {k: float(v.detach()) for k, v in losses.items()}
        parts = {
            part: sum(v for k, v in numbers.items() if k.startswith(part)) for part in ("detect", "denoise", "refine")
        }
        rate = self.settings.rate * self.settings.rate_at(self.step - 1, self.steps_of_an_epoch)
        epoch = self.step / self.steps_of_an_epoch
        facts = {"step": self.step, "epoch": epoch, "rate": rate, "seconds": seconds, "loss": sum(numbers.values())}
        return facts | parts | numbers

    def _save(self) -> None:
        if self.fabric.is_global_zero:
            state = {
                "network": self.network.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "average": self.average.state_dict(),
                "step": self.step,
            }
            checkpoint.save(self.place.out, state, self.settings)
            save_network(self.average.weights, self.network.config, self.place.out / "weights.safetensors")
        self.fabric.barrier()


def _moved(batch: Batch, device: torch.device) -> Batch:
    features = batch.features
    if features is not None:
        guess = features.guess
        guess = None if guess is None else type(guess)(*(t.to(device) for t in guess))
        features = features._replace(maps=tuple(m.to(device) for m in features.maps), guess=guess)
    images = None if batch.images is None else batch.images.to(device, non_blocking=True)
    return Batch(images, features, batch.shape, batch.targets.to(device))


def learning(network: nn.Module) -> int:
    """How many numbers learn."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)
