"""ENet adapted to ImageNet, in its authors' version 14."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

EPS = 1e-3


def enet() -> nn.Module:
    """An initial block, twelve bottlenecks at 56 to 7 pixels, and a linear layer.

    Input (n, 3, 224, 224), output (n, 1000).

    Source: A. Paszke, A. Chaurasia, S. Kim, E. Culurciello, arXiv:1606.02147; E. Culurciello,
    Training ENet on ImageNet, 2016.
    """
    return nn.Sequential(
        _Initial(),
        _Bottleneck(16, 64, down=True, internal=64),
        *(_Bottleneck(64, 128), _Bottleneck(128, 128)),
        *(_Bottleneck(128, 256, down=True), _Bottleneck(256, 256), _Bottleneck(256, 256)),
        *(_Bottleneck(256, 512, down=True), _Bottleneck(512, 512), _Bottleneck(512, 512)),
        *(_Bottleneck(512, 1024, down=True), _Bottleneck(1024, 1024), _Bottleneck(1024, 1024)),
        nn.AvgPool2d(7),
        nn.Flatten(),
        nn.Linear(1024, 1000),
    )


class _Initial(nn.Module):
    """A strided convolution beside a pool of the image: 3 to 16 channels, half the pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 13, 3, 2, 1)
        self.pool = nn.MaxPool2d(2, 2)
        self.norm = nn.BatchNorm2d(16, eps=EPS)
        self.activation = nn.PReLU(16)

    def forward(self, images: Tensor) -> Tensor:
        joined = torch.cat((self.convolution(images), self.pool(images)), dim=1)
        activated: Tensor = self.activation(self.norm(joined))
        return activated


class _Bottleneck(nn.Module):
    """A narrow main branch beside the input, pooled and padded with zero channels to match."""

    def __init__(
        self, inputs: int, outputs: int, *, down: bool = False, internal: int | None = None
    ) -> None:
        super().__init__()
        inner = internal or outputs // 4
        size = 2 if down else 1
        self.main = nn.Sequential(
            *(nn.Conv2d(inputs, inner, size, size, bias=False), nn.BatchNorm2d(inner, eps=EPS)),
            nn.PReLU(inner),
            *(nn.Conv2d(inner, inner, 3, 1, 1), nn.BatchNorm2d(inner, eps=EPS)),
            nn.PReLU(inner),
            *(nn.Conv2d(inner, outputs, 1, bias=False), nn.BatchNorm2d(outputs, eps=EPS)),
            nn.Dropout2d(0.1),
        )
        self.skip = nn.MaxPool2d(2, 2) if down else nn.Identity()
        self.extra_channels = outputs - inputs
        self.activation = nn.PReLU(outputs)

    def forward(self, features: Tensor) -> Tensor:
        skipped = self.skip(features)
        if self.extra_channels:
            skipped = functional.pad(skipped, (0, 0, 0, 0, 0, self.extra_channels))
        activated: Tensor = self.activation(self.main(features) + skipped)
        return activated
