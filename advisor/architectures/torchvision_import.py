"""Importing torchvision beside a torch that was built without CUDA.

torchvision's wheel registers Python implementations for the operators `torchvision::nms` and
`torchvision::qnms`, whose schemas its CUDA-linked library would have defined. Beside CPU torch that
library does not load, and the import ends with "operator torchvision::nms does not exist". Defining
the two schemas beforehand lets everything but these two operators work; no classification network
uses them.
"""

from __future__ import annotations

from types import ModuleType

from advisor.errors import AdvisorError

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_library: object = None  # torch drops the definitions when their library is collected


def torchvision_models() -> ModuleType:
    """The module `torchvision.models`, imported as it is where that works.

    Raises:
        AdvisorError: torchvision is not installed.
    """
    try:
        import torchvision.models
    except ModuleNotFoundError:
        raise AdvisorError(
            "torchvision is not installed", "install it: pip install 'dnn-advisor[measure]'"
        ) from None
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        return _import_with_schemas()
    module: ModuleType = torchvision.models
    return module


def _import_with_schemas() -> ModuleType:
    import sys

    import torch

    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    global _library  # noqa: PLW0603
    library = torch.library.Library("torchvision", "DEF")
    for schema in _SCHEMAS:
        library.define(schema)
    _library = library
    import torchvision.models

    module: ModuleType = torchvision.models
    return module
