"""Every architecture that can be built by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from advisor.architectures.alexnet import alexnet, bn_alexnet
from advisor.architectures.bn_nin import bn_nin
from advisor.architectures.enet import enet
from advisor.architectures.torchvision_import import torchvision_models
from advisor.errors import AdvisorError, closest, shown

if TYPE_CHECKING:
    from torch import nn


def build(name: str) -> nn.Module:
    """The architecture of that name with random weights, in evaluation mode, on the CPU.

    Args:
        name: one of `BUILDERS`.

    Raises:
        AdvisorError: the name is unknown, or a library that it needs is not installed.
    """
    if name not in BUILDERS:
        raise AdvisorError(f"unknown architecture {shown(name)}", closest(name, BUILDERS))
    return BUILDERS[name]().eval()


def _from_torchvision(factory: str, **options: object) -> Callable[[], nn.Module]:
    def build_() -> nn.Module:
        module: nn.Module = getattr(torchvision_models(), factory)(weights=None, **options)
        return module

    return build_


def _inception_v4() -> nn.Module:
    torchvision_models()  # timm imports torchvision, and would fail where that needs our help
    try:
        import timm
    except ModuleNotFoundError:
        raise AdvisorError(
            "timm is not installed", "install it: pip install 'dnn-advisor[measure]'"
        ) from None
    module: nn.Module = timm.create_model("inception_v4", pretrained=False)
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
