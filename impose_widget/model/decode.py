"""From the maps of MoveNet to people: as its own graph does it, but for everyone, not for six.

A person is a peak of the centre map. Each keypoint is where its heatmap, weighted by the distance from where the
centre expects it and cut to the person's box, is highest; a last offset places it within the cell.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from impose_widget.model.movenet import STRIDE, MoveNetMaps

PEAK_WINDOW = 5  # cells; a centre is the highest in it
PEAK_TOLERANCE = 1.0132789611816406e-06
DISTANCE_SCALE = 0.300048828125  # of the shorter side of the map: how far from the expected place a keypoint may be
SCORED_KEYPOINT = 0.126953125  # keypoints above it count in the person's score


class People(NamedTuple):
    """People in one image of H×W pixels, best centre first.

    Attributes:
        keypoints: (N, 17, 3) x, y in pixels of the input (0 to W, 0 to H), and a score 0 to 1.
        box: (N, 4) x, y, width, height in pixels of the input.
        score: (N,) 0 to 1.
        cell: (N, 2) row and column of the centre in the maps: where features of the person can be read.
    """

    keypoints: Tensor
    box: Tensor
    score: Tensor
    cell: Tensor


@torch.inference_mode()
def decode(maps: MoveNetMaps, lowest: float = 0.0, limit: int = 64) -> list[People]:
    """People of each image of a batch.

    Args:
        maps: of B images.
        lowest: centres that score less are not looked at.
        limit: at most so many people an image; 6 gives the rows of the released graph.
    """
    centre = maps.centre.sigmoid()
    highest = F.max_pool2d(centre, PEAK_WINDOW, 1, PEAK_WINDOW // 2)
    peaks = torch.where((centre - highest).abs() < PEAK_TOLERANCE, centre, 0.0).flatten(1)
    score, place = peaks.topk(min(limit, peaks.shape[1]), dim=1)
    heat = maps.heatmap.sigmoid()
    return [_people(maps, heat, b, score[b], place[b], lowest) for b in range(len(centre))]


def _people(maps: MoveNetMaps, heat: Tensor, b: int, centre: Tensor, place: Tensor, lowest: float) -> People:
    keep = centre >= lowest
    centre, place = centre[keep], place[keep]
    height, width = heat.shape[2:]
    row, column = place // width, place % width
    box = _boxes(maps, b, row, column, height, width)  # (N, 4) top, left, bottom, right, in cells
    expected = maps.regression[b, :, row, column].T.reshape(-1, 17, 2) + torch.stack([row, column], 1)[:, None]

    # (N, 17, H) and (N, 17, W): the weight is a product of one of rows and one of columns, and so is the box
    scale = min(height, width) * DISTANCE_SCALE
    y, x = torch.arange(height, device=heat.device), torch.arange(width, device=heat.device)
    rows = torch.exp(-((y - expected[..., :1]) ** 2) / scale)
    columns = torch.exp(-((x - expected[..., 1:]) ** 2) / scale)
    rows = rows * ((y >= box[:, None, :1]) & (y < box[:, None, 2:3]))
    columns = columns * ((x >= box[:, None, 1:2]) & (x < box[:, None, 3:]))
    weighted = (heat[b] * rows[..., None] * columns[..., None, :]).flatten(2)  # (N, 17, HW)
    best = weighted.argmax(2)  # (N, 17)

    # A keypoint scores what it scores for whoever it fits best, as in the graph.
    shared = weighted.amax(0) if len(weighted) else weighted.new_zeros(17, height * width)
    score = shared[torch.arange(17, device=heat.device), best]
    offset = maps.offset[b].reshape(17, 2, -1)[torch.arange(17, device=heat.device), :, best]  # (N, 17, 2)
    at = torch.stack([best % width + offset[..., 1], best // width + offset[..., 0]], -1) * STRIDE
    counted = score > SCORED_KEYPOINT
    person = centre * (score * counted).sum(1) / counted.sum(1).clamp(min=1)
    top_left, bottom_right = box[:, :2].flip(1) * STRIDE, box[:, 2:].flip(1) * STRIDE
    return People(
        torch.cat([at, score[..., None]], -1),
        torch.cat([top_left, bottom_right - top_left], 1),
        person,
        torch.stack([row, column], 1),
    )


def _boxes(maps: MoveNetMaps, b: int, row: Tensor, column: Tensor, height: int, width: int) -> Tensor:
    half = maps.box_scale[b, :, row, column].T.clamp(min=0) / 2
    middle = maps.box_offset[b, :, row, column].T + torch.stack([row, column], 1)
    limit = torch.tensor([height, width], device=half.device)
    return torch.cat([(middle - half).clamp(min=0).minimum(limit), (middle + half).clamp(min=0).minimum(limit)], 1)
