"""Network in Network with batch normalisation."""

from __future__ import annotations

from torch import nn


def bn_nin() -> nn.Module:
    """Four blocks of a spatial and two 1 x 1 convolutions, each normalised.

    Input (n, 3, 224, 224), output (n, 1000).

    Source: M. Lin, Q. Chen, S. Yan, arXiv:1312.4400; S. Zagoruyko, imagenet-validation.torch, 2016.
    """
    return nn.Sequential(
        *_block(3, 96, kernel=11, stride=4, padding=5),
        nn.MaxPool2d(3, 2, 1),
        *_block(96, 256, kernel=5, stride=1, padding=2),
        nn.MaxPool2d(3, 2, 1),
        *_block(256, 384, kernel=3, stride=1, padding=1),
        nn.MaxPool2d(3, 2, 1),
        *_block(384, 1024, kernel=3, stride=1, padding=1),
        nn.AvgPool2d(7),
        nn.Flatten(),
        nn.Linear(1024, 1000),
    )


def _block(inputs: int, outputs: int, kernel: int, stride: int, padding: int) -> list[nn.Module]:
    return [
        *_unit(nn.Conv2d(inputs, outputs, kernel, stride, padding)),
        *_unit(nn.Conv2d(outputs, outputs, 1)),
        *_unit(nn.Conv2d(outputs, outputs, 1)),
    ]


def _unit(convolution: nn.Conv2d) -> list[nn.Module]:
    return [convolution, nn.BatchNorm2d(convolution.out_channels, eps=1e-3), nn.ReLU()]
