"""MobileNetV2 of width 1.5 as MoveNet MultiPose has it: batch norm folded into the convolutions."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

# (output channels, stride, how many) of the inverted residuals; the first has no expansion.
STAGES = ((24, 1, 1), (40, 2, 2), (48, 2, 3), (96, 2, 4), (144, 1, 3), (240, 2, 3), (480, 1, 1))
STEM, HEAD, EXPANSION = 48, 1280, 6
STRIDE_4, STRIDE_8, STRIDE_16 = 2, 5, 9  # last blocks of these strides (at 16, of 96 channels)


class SameConv(nn.Conv2d):
    """A 3×3 convolution with TensorFlow's SAME padding: for stride 2 and even sides, right and below only."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1, groups: int = 1, bias: bool = True) -> None:
        super().__init__(inputs, outputs, 3, stride, padding=1 if stride == 1 else 0, groups=groups, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x if self.stride[0] == 1 else F.pad(x, (0, 1, 0, 1)))


class InvertedResidual(nn.Module):
    """Widen, filter each channel, narrow; added to the input where the shapes allow it."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.expand = nn.Conv2d(inputs, wide, 1) if expansion > 1 else None
        self.depthwise = SameConv(wide, wide, stride, groups=wide)
        self.project = nn.Conv2d(wide, outputs, 1)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.expand is None else F.relu6(self.expand(x), inplace=True)
        y = self.project(F.relu6(self.depthwise(y), inplace=True))
        return x + y if self.adds else y


class MobileNetV2(nn.Module):
    """Features of an image at strides 4, 8, 16 and 32."""

    channels = (40, 48, 96, HEAD)  # of the maps that `forward` returns

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConv(3, STEM, stride=2)
        blocks, inputs = [], STEM
        for stage, (outputs, stride, count) in enumerate(STAGES):
            for i in range(count):
                blocks.append(InvertedResidual(inputs, outputs, stride if i == 0 else 1, EXPANSION if stage else 1))
                inputs = outputs
        self.blocks = nn.ModuleList(blocks)
        self.head = nn.Conv2d(inputs, HEAD, 1)

    def early(self, image: Tensor) -> Tensor:
        """The map of stride 8 alone, (B, 48, H/8, W/8): what things look like rather than what they are."""
        x = F.relu6(self.stem(image), inplace=True)
        for block in self.blocks[: STRIDE_8 + 1]:
            x = block(x)
        return x

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(B, 3, H, W) in -1..1, sides multiples of 32, to maps (B, C, H/s, W/s) for s = 4, 8, 16, 32."""
        x = F.relu6(self.stem(image), inplace=True)
        maps = []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in (STRIDE_4, STRIDE_8, STRIDE_16):
                maps.append(x)
        return *maps, F.relu6(self.head(x), inplace=True)
