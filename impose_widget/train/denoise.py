"""Tasks with a known answer: people who are there, said wrongly, to be put right.

Denoising (DN-DETR, Click-Pose): boxes and keypoints with noise, some keypoints kept clean, as if a human had placed
them. Feedback (Click-Pose): the network's own people with their worst keypoints put right, which is what it will meet.
Neither is seen by the queries that find people: both are decoded for themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from impose_widget.model.heads import PERSON, Prediction
from impose_widget.model.impose import IMPose
from impose_widget.model.memory import Memory
from impose_widget.model.selection import Queries
from impose_widget.train.samples import Targets


@dataclass(frozen=True, slots=True)
class Noise:
    """How wrong people are said.

    Attributes:
        groups: how often each image's people are said.
        box: of a box: its centre by up to this share of half its size, its size by this share.
        keypoint: of a keypoint: by up to this share of half its person's size.
        label: how likely a label is another one (networks with labels).
    """

    groups: int = 3
    box: float = 0.4
    keypoint: float = 0.4
    label: float = 0.5


def clean_counts(n: tuple[int, ...], keypoints: int, generator: torch.Generator) -> Tensor:
    """How many keypoints of each person are right: c of 0..K-1 with a likelihood of 1/(c+1)² (Click-Pose)."""
    chance = 1.0 / torch.arange(1, keypoints + 1, dtype=torch.float64) ** 2
    flat = torch.multinomial(chance, max(int(torch.tensor(n).prod()), 1), replacement=True, generator=generator)
    return flat[: int(torch.tensor(n).prod())].view(n)


def denoise(
    network: IMPose, memory: Memory, targets: Targets, noise: Noise, generator: torch.Generator
) -> tuple[list[Prediction], Targets, Tensor]:
    """Decode people said wrongly.

    Returns:
        What each layer says of groups × N people; the targets repeated to fit; (B, groups × N) who of them is real.
    """
    g = noise.groups
    many = Targets(
        *(t.repeat(1, g, *[1] * (t.dim() - 2)) for t in targets[:4]), targets.sizes, targets.crowds, targets.complete
    )
    boxes, keypoints, free = noisy(many, noise, generator)
    group = torch.arange(g, device=boxes.device).repeat_interleave(targets.boxes.shape[1])
    seen = (group[:, None] == group) & many.real[:, None]  # own group alone: the others know the answer
    person = _person_content(network, memory, boxes, noise, generator)
    queries, said = network.decoder.boxes(Queries(person, boxes, real=many.real), memory, _heads(seen))
    content = network.keypoint_content(queries.content, free)
    people = network.decoder.given(queries.content, queries.boxes, keypoints, content)._replace(seen=seen)
    frozen = free if network.lock is not None else None
    _, later, _ = network.decoder.keypoints(people, memory, frozen)
    return said + later, many, many.real


def _heads(seen: Tensor) -> Tensor:
    """(B, 1, Q, Q), in which everybody sees at least themselves."""
    return (seen | torch.eye(seen.shape[-1], dtype=torch.bool, device=seen.device))[:, None]


def noisy(targets: Targets, noise: Noise, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Boxes (B, N, 4) and keypoints (B, N, K, 2) with noise, and which keypoints are not clean (B, N, K).

    Keypoints that nobody labelled are anywhere near the middle of the person.
    """
    device = targets.boxes.device

    def uniform(*shape: int) -> Tensor:
        return (2 * torch.rand(*shape, generator=generator) - 1).to(device)

    b, n, k = targets.labelled.shape
    centre, size = targets.boxes[..., :2], targets.boxes[..., 2:]
    moved = (centre + uniform(b, n, 2) * noise.box * size / 2).clamp(0.001, 0.999)
    boxes = torch.cat([moved, (size * (1 + uniform(b, n, 2) * noise.box)).clamp(0.002, 1)], -1)
    start = torch.where(targets.labelled[..., None], targets.keypoints, centre[:, :, None])
    keypoints = start + uniform(b, n, k, 2) * noise.keypoint * size[:, :, None] / 2
    order = torch.rand(b, n, k, generator=generator).to(device).masked_fill(~targets.labelled, 2.0).argsort(-1)
    place = order.argsort(-1)  # labelled keypoints first, in random order
    clean = (place < clean_counts((b, n), k, generator).to(device)[..., None]) & targets.labelled
    keypoints = torch.where(clean[..., None], targets.keypoints, keypoints.clamp(0, 1))
    return boxes, keypoints, ~clean


def _person_content(network: IMPose, memory: Memory, boxes: Tensor, noise: Noise, generator: torch.Generator) -> Tensor:
    if network.label is None:
        return network.person_content(memory, boxes)
    shape = boxes.shape[:2]
    other = torch.randint(0, len(network.label) - 1, shape, generator=generator)
    wrong = torch.rand(shape, generator=generator) < noise.label
    return network.label[torch.where(wrong, other, PERSON).to(boxes.device)]


def feedback(
    network: IMPose, memory: Memory, final: Prediction, person: Tensor, targets: Targets, generator: torch.Generator
) -> tuple[list[Prediction], Tensor]:
    """Decode the network's own people again, the worst keypoints of each put right and held.

    Args:
        network: whose.
        memory: of the images.
        final: what it said.
        person: (B, N) which prediction each labelled person is, -1 for none.
        targets: who is there.
        generator: of the number of corrections: at least one.

    Returns:
        What each keypoint layer says of N people; and (B, N) who of them is real.
    """
    real = person >= 0
    row = person.clamp(min=0)
    image = torch.arange(len(row), device=row.device)[:, None]
    boxes, keypoints = final.boxes[image, row].detach(), final.keypoints[image, row].detach()
    off = ((keypoints - targets.keypoints) * targets.sizes[:, None, None]).norm(dim=-1)
    place = off.masked_fill(~targets.labelled, -1.0).argsort(-1, descending=True).argsort(-1)  # worst first
    count = 1 + clean_counts(tuple(real.shape), off.shape[-1] - 1, generator).to(row.device)
    placed = (place < count[..., None]) & targets.labelled
    keypoints = torch.where(placed[..., None], targets.keypoints, keypoints)
    boxes = enclosing(boxes, keypoints, placed)
    refined = network.refine(memory, boxes, keypoints, ~placed, seen=real[:, None])
    return refined.layers, real


def enclosing(boxes: Tensor, keypoints: Tensor, placed: Tensor) -> Tensor:
    """Boxes (B, N, 4) enlarged to contain the keypoints that a human placed (Click-Pose)."""
    low = torch.where(placed[..., None], keypoints, torch.inf).amin(2)
    high = torch.where(placed[..., None], keypoints, -torch.inf).amax(2)
    low = torch.minimum(boxes[..., :2] - boxes[..., 2:] / 2, low)
    high = torch.maximum(boxes[..., :2] + boxes[..., 2:] / 2, high)
    return torch.cat([(low + high) / 2, high - low], -1)
