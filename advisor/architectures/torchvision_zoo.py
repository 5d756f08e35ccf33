"""torchvision's classification networks: names, input sizes, published accuracies, modules."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from advisor.architectures.design import Design, Published
from advisor.architectures.torchvision_import import torchvision_models

if TYPE_CHECKING:
    from torch import nn

LIBRARY = "torchvision"

_AT_A_SIZE = {"vit_": "image_size", "maxvit_": "input_size"}
"""Networks whose weights are tied to an input size, and the argument that takes it."""
_WITHOUT_HEADS: dict[str, object] = {"aux_logits": False, "init_weights": False}
_OPTIONS: dict[str, dict[str, object]] = {
    "googlenet": _WITHOUT_HEADS,
    "inception_v3": _WITHOUT_HEADS,
}
"""Auxiliary heads serve training alone."""


def names() -> list[str]:
    """The names of all classification networks.

    Raises:
        AdvisorError: torchvision is not installed; so have it all functions here.
    """
    models: Any = torchvision_models()
    return list(models.list_models(module=models))


def sizes(name: str) -> tuple[int, ...]:
    """The input sizes of the published sets of weights, that of the first set first."""
    return tuple(dict.fromkeys(_size(each) for each in _sets(name)))


def is_tied(name: str) -> bool:
    """Whether the network takes images of the published sizes only."""
    return name.startswith(tuple(_AT_A_SIZE))


def published(name: str) -> list[Published]:
    """The sets of weights whose accuracy on ImageNet-1k is stated, in torchvision's order."""
    found = []
    for each in _sets(name):
        stated = each.meta["_metrics"]["ImageNet-1K"]
        if not math.isnan(
            stated["acc@1"]
        ):  # some sets are features of other work, with no classifier
            design = Design(LIBRARY, name, _size(each))
            found.append(Published(design, each.name, stated["acc@1"], stated["acc@5"]))
    return found


def build(name: str, size: int) -> nn.Module:
    """The network with random weights, without heads that only training uses."""
    options = dict(_OPTIONS.get(name, {}))
    for start, argument in _AT_A_SIZE.items():
        if name.startswith(start):
            options[argument] = (size, size) if argument == "input_size" else size
    models: Any = torchvision_models()
    module: nn.Module = models.get_model(name, weights=None, **options)
    return module


def _sets(name: str) -> list[Any]:
    models: Any = torchvision_models()
    return list(models.get_model_weights(name))


def _size(weights: Any) -> int:
    return int(weights.transforms.keywords["crop_size"])
