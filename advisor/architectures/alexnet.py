"""AlexNet in its grouped Caffe form, and its two-tower twin with batch normalisation."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def alexnet() -> nn.Module:
    """AlexNet as BVLC Caffe has it: one tower, three convolutions in two groups.

    Input (n, 3, 224, 224), output (n, 1000). Pools round up, as Caffe's do, so that 6 x 6 is left
    for the linear layers. torchvision's `alexnet` is another network.

    Source: A. Krizhevsky, I. Sutskever, G. E. Hinton, NIPS 2012; BVLC Caffe's `bvlc_alexnet`.
    """
    pool = nn.MaxPool2d(3, 2, ceil_mode=True)
    norm = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75)
    return nn.Sequential(
        *(nn.Conv2d(3, 96, 11, 4), nn.ReLU(), norm, pool),
        *(nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU(), norm, pool),
        *(nn.Conv2d(256, 384, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(384, 384, 3, padding=1, groups=2), nn.ReLU()),
        *(nn.Conv2d(384, 256, 3, padding=1, groups=2), nn.ReLU(), pool),
        nn.Flatten(),
        *(nn.Linear(256 * 6 * 6, 4096), nn.ReLU(), nn.Dropout()),
        *(nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout()),
        nn.Linear(4096, 1000),
    )


def bn_alexnet() -> nn.Module:
    """AlexNet in two separate towers, with batch normalisation.

    Input (n, 3, 224, 224), output (n, 1000). That normalisation follows the first two linear
    layers, too, is inferred: with it the parameters equal those that the paper plots.

    Source: S. Zagoruyko, imagenet-validation.torch, 2016.
    """
    return nn.Sequential(
        _Towers(_tower(), _tower()),
        nn.Flatten(),
        *(nn.Linear(256 * 6 * 6, 4096), nn.BatchNorm1d(4096), nn.ReLU(), nn.Dropout()),
        *(nn.Linear(4096, 4096), nn.BatchNorm1d(4096), nn.ReLU(), nn.Dropout()),
        nn.Linear(4096, 1000),
    )


def _tower() -> nn.Sequential:
    pool = nn.MaxPool2d(3, 2)
    return nn.Sequential(
        *(nn.Conv2d(3, 48, 11, 4, 2), nn.BatchNorm2d(48), nn.ReLU(), pool),
        *(nn.Conv2d(48, 128, 5, 1, 2), nn.BatchNorm2d(128), nn.ReLU(), pool),
        *(nn.Conv2d(128, 192, 3, 1, 1), nn.BatchNorm2d(192), nn.ReLU()),
        *(nn.Conv2d(192, 192, 3, 1, 1), nn.BatchNorm2d(192), nn.ReLU()),
        *(nn.Conv2d(192, 128, 3, 1, 1), nn.BatchNorm2d(128), nn.ReLU(), pool),
    )


class _Towers(nn.Module):
    """Two towers on the same input, their channels side by side."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.first = first
        self.second = second

    def forward(self, images: Tensor) -> Tensor:
        return torch.cat((self.first(images), self.second(images)), dim=1)
