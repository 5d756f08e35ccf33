"""timm's networks: names, input sizes, modules. Accuracies come from the user's copy of its result table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.architectures.torchvision_import import torchvision_models
from advisor.errors import AdvisorError

if TYPE_CHECKING:
    from torch import nn

LIBRARY = "timm"


def timm_library() -> Any:
    """The module `timm`.

    Raises:
        AdvisorError: it is not installed; so have it all functions here.
    """
    torchvision_models()  # timm imports torchvision, and would fail where that needs our help
    try:
        import timm
    except ModuleNotFoundError:
        raise AdvisorError(
            "timm is not installed", "install it: pip install 'dnn-advisor[zoo]'"
        ) from None
    return timm


def names() -> list[str]:
    """The names of all architectures."""
    return list(timm_library().list_models())


def sizes(name: str) -> tuple[int, ...]:
    """The input size of the architecture's default set of weights, or of the set after the dot."""
    return (int(_described(name).input_size[-1]),)


def is_tied(name: str) -> bool:
    """Whether the network takes images of its own size only."""
    return bool(_described(name).fixed_input_size)


def build(name: str, size: int) -> nn.Module:  # noqa: ARG001  (one that is tied has been checked)
    """The network with random weights."""
    module: nn.Module = timm_library().create_model(name, pretrained=False)
    return module


def _described(name: str) -> Any:
    try:
        return timm_library().models.get_pretrained_cfg(name, allow_unregistered=False)
    except RuntimeError as error:
        architecture = name.partition(".")[0]
        raise AdvisorError(f"timm's {architecture}: {error}", "name it without weights") from None
