"""Every architecture that can be built by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from advisor.architectures.alexnet import alexnet, bn_alexnet
from advisor.architectures.bn_nin import bn_nin
from advisor.architectures.enet import enet
from advisor.architectures.identity import is_own
from advisor.architectures.timm_zoo import timm_library
from advisor.architectures.torchvision_import import torchvision_models
from advisor.architectures.zoo import build_design, find
from advisor.errors import AdvisorError, closest, shown

if TYPE_CHECKING:
    from torch import nn


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
        from advisor.architectures.user_module import made

        return made(name).eval()
    if "@" not in name:
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
