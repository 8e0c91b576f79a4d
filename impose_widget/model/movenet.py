"""MoveNet MultiPose (Google, Apache-2.0) as a plain module: MobileNetV2, a feature pyramid, six CenterNet heads.

Source: the released TF.js graph; the architecture follows "Objects as Points" (Zhou et al. 2019).
"""

from __future__ import annotations

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from impose_widget.model.mobilenet import MobileNetV2, SameConv

STRIDE = 4  # pixels of the input per cell of the heads' maps
PIXEL_SCALE = 0.007843017578125  # 1/127.5 as the graph has it, in float16
HEADS = {"centre": 1, "box_scale": 2, "box_offset": 2, "heatmap": 17, "regression": 34, "offset": 34}


class MoveNetMaps(NamedTuple):
    """What the network says of B images of H×W pixels; all float32, coordinates y before x, in cells of 4 pixels.

    Attributes:
        features: (B, 24, H/4, W/4), what the heads look at.
        pyramid: maps at strides 8, 16 and 32: (B, 24, …), (B, 32, …), (B, 64, …).
        centre: (B, 1, H/4, W/4) logits: a person's centre is here.
        box_scale: (B, 2, H/4, W/4) height and width of the person centred here.
        box_offset: (B, 2, H/4, W/4) from the cell to the centre of the box.
        heatmap: (B, 17, H/4, W/4) logits: this keypoint of anybody is here.
        regression: (B, 34, H/4, W/4) 17 × (y, x) from the centre to its keypoints, roughly.
        offset: (B, 34, H/4, W/4) 17 × (y, x) from the cell to the keypoint, finely.
    """

    features: Tensor
    pyramid: tuple[Tensor, Tensor, Tensor]
    centre: Tensor
    box_scale: Tensor
    box_offset: Tensor
    heatmap: Tensor
    regression: Tensor
    offset: Tensor


class SeparableConv(nn.Module):
    """3×3 per channel, then 1×1, then ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.depthwise = SameConv(inputs, inputs, groups=inputs, bias=False)
        self.pointwise = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.pointwise(self.depthwise(x)), inplace=True)


class FeaturePyramid(nn.Module):
    """From coarse to fine: double the size, add the finer map, filter."""

    def __init__(self, channels: tuple[int, int, int, int]) -> None:
        super().__init__()
        sides = (24, 32, 64, 64)
        self.lateral = nn.ModuleList(nn.Conv2d(c, s, 1) for c, s in zip(channels, sides, strict=True))
        self.smooth = nn.ModuleList((SeparableConv(24, 24), SeparableConv(32, 24), SeparableConv(64, 32)))

    def forward(self, maps: tuple[Tensor, ...]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Backbone maps at strides 4, 8, 16, 32 to pyramid maps (24, 24, 32, 64 channels) at the same strides."""
        x = self.lateral[3](maps[3])
        out = [x]
        for level in (2, 1, 0):
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)  # half-pixel centres
            x = self.smooth[level](x + self.lateral[level](maps[level]))
            out.append(x)
        return out[3], out[2], out[1], out[0]


class MoveNet(nn.Module):
    """The whole network up to its heads; `decode.decode` makes people of them."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = MobileNetV2()
        self.pyramid = FeaturePyramid(self.backbone.channels)
        self.heads = nn.ModuleDict(
            {name: nn.Sequential(SeparableConv(24, 96), nn.Conv2d(96, n, 1)) for name, n in HEADS.items()}
        )

    def forward(self, image: Tensor) -> MoveNetMaps:
        """(B, 3, H, W) uint8 or float RGB 0 to 255, sides multiples of 32."""
        return self.maps_of(self.backbone(self.normalised(image)))

    @staticmethod
    def normalised(image: Tensor) -> Tensor:
        """RGB 0 to 255 as the backbone wants it, -1 to 1."""
        return image.float() * PIXEL_SCALE - 1.0

    def maps_of(self, backbone_maps: tuple[Tensor, ...]) -> MoveNetMaps:
        """Pyramid and heads on what the backbone gave."""
        features, *pyramid = self.pyramid(backbone_maps)
        return MoveNetMaps(features, tuple(pyramid), **{name: head(features) for name, head in self.heads.items()})
