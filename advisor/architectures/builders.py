"""Every architecture that can be built by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from advisor.architectures.alexnet import alexnet, bn_alexnet
from advisor.architectures.bn_nin import bn_nin
from advisor.architectures.dispatched import without_gradients, without_random_initialisation
from advisor.architectures.enet import enet
from advisor.architectures.libraries import build_design, find, timm_library, torchvision_models
from advisor.architectures.names import has_size, is_own
from advisor.architectures.user_module import made
from advisor.errors import AdvisorError, closest, shown

BLOCK = 1 << 20
"""How many random numbers a quickly built network's weights are repeated from."""


def build(name: str) -> nn.Module:
    """The architecture of that name with random weights, in evaluation mode, on the CPU.

    Args:
        name: one of `BUILDERS`, a network of torchvision's or timm's as `name@size`, or the user's own as
            `module:factory`.

    Raises:
        AdvisorError: the name is unknown, a library that it needs is not installed, or the user's code
            does not make a network.
    """
    if name in BUILDERS:
        return BUILDERS[name]().eval()
    if is_own(name):
        return made(name).eval()
    if not has_size(name):
        raise AdvisorError(f"unknown architecture {shown(name)}", closest(name, BUILDERS))
    return build_design(find(name))


def _from_torchvision(factory: str, **options: object) -> Callable[[], nn.Module]:
    def build_() -> nn.Module:
        module: nn.Module = getattr(torchvision_models(), factory)(weights=None, **options)
        return module

    return build_


def _inception_v4() -> nn.Module:
    module: nn.Module = timm_library().create_model("inception_v4", pretrained=False)
    return module


BUILDERS: Mapping[str, Callable[[], nn.Module]] = {
    "alexnet": alexnet,
    "bn-alexnet": bn_alexnet,
    "bn-nin": bn_nin,
    "enet": enet,
    "googlenet": _from_torchvision("googlenet", aux_logits=False, init_weights=False),
    "vgg-16": _from_torchvision("vgg16"),
    "vgg-19": _from_torchvision("vgg19"),
    "resnet-18": _from_torchvision("resnet18"),
    "resnet-34": _from_torchvision("resnet34"),
    "resnet-50": _from_torchvision("resnet50"),
    "resnet-101": _from_torchvision("resnet101"),
    "resnet-152": _from_torchvision("resnet152"),
    "inception-v3": _from_torchvision("inception_v3", aux_logits=False, init_weights=False),
    "inception-v4": _inception_v4,
}
"""The paper's 14 networks, in its order."""


def quick_build(name: str) -> nn.Module:
    """The architecture of that name, its weights drawn once and repeated, in evaluation mode.

    The weights are scaled by their fan-in, so that activations stay in an ordinary range: numbers too
    small for normal floats would be slow, and zeros would draw less power than a real network does.
    In fp32, whatever the code that makes it prefers: a row says in what format it ran.

    Raises:
        AdvisorError: as `build`.
    """
    with without_random_initialisation() as left:
        module = build(name)
    block = torch.randn(BLOCK, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for tensor in left:  # whatever kind of layer it belongs to: its memory holds anything
            _draw(tensor, block)
        for layer in module.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                _draw(layer.weight, block)
                if layer.bias is not None:
                    layer.bias.zero_()
    return without_gradients(module.float())


def _draw(parameter: Tensor, block: Tensor) -> None:
    """Weights from the block, by their fan-in; one number a channel is a bias, and zero."""
    if parameter.dim() < 2:
        parameter.zero_()
        return
    scaled = block * math.sqrt(2 / parameter[0].numel())
    in_order = parameter.is_contiguous()  # which one in another memory format is not
    flat = parameter.view(-1) if in_order else parameter.new_empty(parameter.numel())
    for start in range(0, len(flat), BLOCK):
        piece = flat[start : start + BLOCK]
        piece.copy_(scaled[: len(piece)])
    if not in_order:
        parameter.copy_(flat.view(parameter.shape))
