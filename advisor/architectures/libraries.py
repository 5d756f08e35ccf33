"""The networks of torchvision and timm: found by name, built, counted; a library loads when first used."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from advisor.architectures.design import Design, Identified, LackingNetworkError, Published
from advisor.architectures.names import Written, read_name
from advisor.errors import AdvisorError, closest, first_line, shown

if TYPE_CHECKING:
    from torch import nn


def is_installed(library: str) -> bool:
    """Whether a library could be imported; it is not."""
    from importlib.util import find_spec

    return sys.modules.get(library, library) is not None and find_spec(library) is not None


class Library(Protocol):
    """What is asked of a library; each method raises `AdvisorError` where it is not installed."""

    def names(self) -> list[str]:
        """The names of all classification networks."""

    def sizes(self, name: str) -> tuple[int, ...]:
        """The input sizes at which a network was published, the first one first."""

    def is_tied(self, name: str) -> bool:
        """Whether the network takes images of the published sizes only."""

    def build(self, name: str, size: int) -> nn.Module:
        """The network with random weights, without heads that only training uses."""


_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_kept: object = None  # torch drops the definitions when their library is collected


def torchvision_models() -> ModuleType:
    """The module `torchvision.models`, imported as it is where that works.

    torchvision's wheel registers Python implementations for the operators `torchvision::nms` and
    `torchvision::qnms`, whose schemas its CUDA-linked library would have defined. Beside a torch that
    was built without CUDA that library does not load, and the import ends with "operator
    torchvision::nms does not exist". Defining the two schemas beforehand lets everything but these two
    operators work; no classification network uses them.

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
    import torch

    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    global _kept  # noqa: PLW0603
    library = torch.library.Library("torchvision", "DEF")
    for schema in _SCHEMAS:
        library.define(schema)
    _kept = library
    import torchvision.models

    module: ModuleType = torchvision.models
    return module


def timm_library() -> Any:
    """The module `timm`.

    Raises:
        AdvisorError: it is not installed.
    """
    torchvision_models()  # timm imports torchvision, and would fail where that needs our help
    try:
        import timm
    except ModuleNotFoundError:
        raise AdvisorError(
            "timm is not installed", "install it: pip install 'dnn-advisor[zoo]'"
        ) from None
    return timm


class Torchvision:
    """torchvision's classification networks and their published accuracies."""

    _AT_A_SIZE: Mapping[str, str] = {"vit_": "image_size", "maxvit_": "input_size"}
    """Networks whose weights are tied to an input size, and the argument that takes it."""
    _WITH_HEADS = ("googlenet", "inception_v3")
    """Networks with auxiliary heads, which serve training alone."""

    def names(self) -> list[str]:
        """See `Library`."""
        models: Any = torchvision_models()
        return list(models.list_models(module=models))

    def sizes(self, name: str) -> tuple[int, ...]:
        """See `Library`."""
        return tuple(dict.fromkeys(_crop_size(each) for each in _sets_of(name)))

    def is_tied(self, name: str) -> bool:
        """See `Library`."""
        return name.startswith(tuple(self._AT_A_SIZE))

    def build(self, name: str, size: int) -> nn.Module:
        """See `Library`."""
        options: dict[str, object] = (
            {"aux_logits": False, "init_weights": False} if name in self._WITH_HEADS else {}
        )
        for start, argument in self._AT_A_SIZE.items():
            if name.startswith(start):
                options[argument] = (size, size) if argument == "input_size" else size
        models: Any = torchvision_models()
        module: nn.Module = models.get_model(name, weights=None, **options)
        return module

    def published(self, name: str) -> list[Published]:
        """The sets of weights whose accuracy on ImageNet-1k is stated, in torchvision's order."""
        found = []
        for each in _sets_of(name):
            stated = each.meta["_metrics"]["ImageNet-1K"]
            # Some sets are features of other work, with no classifier.
            if not math.isnan(stated["acc@1"]):
                design = Design("torchvision", name, _crop_size(each))
                found.append(Published(design, each.name, stated["acc@1"], stated["acc@5"]))
        return found


def _sets_of(name: str) -> list[Any]:
    models: Any = torchvision_models()
    return list(models.get_model_weights(name))


def _crop_size(weights: Any) -> int:
    return int(weights.transforms.keywords["crop_size"])


class Timm:
    """timm's networks. Their accuracies come from the user's copy of its result table."""

    def names(self) -> list[str]:
        """See `Library`."""
        return list(timm_library().list_models())

    def sizes(self, name: str) -> tuple[int, ...]:
        """The input size of the architecture's default set of weights, or of the set after the dot."""
        return (int(self._described(name).input_size[-1]),)

    def is_tied(self, name: str) -> bool:
        """See `Library`."""
        return bool(self._described(name).fixed_input_size)

    def build(self, name: str, size: int) -> nn.Module:  # noqa: ARG002  (one that is tied was checked)
        """See `Library`."""
        module: nn.Module = timm_library().create_model(name, pretrained=False)
        return module

    def _described(self, name: str) -> Any:
        try:
            return timm_library().models.get_pretrained_cfg(name, allow_unregistered=False)
        except RuntimeError as error:
            architecture = name.partition(".")[0]
            raise AdvisorError(
                f"timm's {architecture}: {error}", "name it without weights"
            ) from None


TORCHVISION = Torchvision()
LIBRARIES: Mapping[str, Library] = {"torchvision": TORCHVISION, "timm": Timm()}


def designs(library: str) -> list[Design]:
    """Every network of a library, at each size at which it was published.

    Raises:
        AdvisorError: the library is not installed.
    """
    here = LIBRARIES[library]
    return [Design(library, name, size) for name in here.names() for size in here.sizes(name)]


def find(text: str) -> Design:
    """The network that a name such as "tv:resnet50@224", "vit_h_14" or "resnet50.a1_in1k" means.

    Raises:
        LackingNetworkError: no library has it.
        AdvisorError: it takes other sizes.
    """
    written = read_name(text)
    if written is None:
        raise AdvisorError(
            f"{shown(text)} is not the name of a network", "write NAME@SIZE, resnet50@224"
        )
    if written.shape and written.size is None:
        hint = f"name it with one size, or measure code of your own: MODULE:FACTORY@{written.shape}"
        raise AdvisorError(f"{shown(text)}: a library's networks are built for square images", hint)
    library = written.library or _library_of(written)
    here = LIBRARIES[library]
    name = written.name
    if name not in here.names():
        alone = written.library or written.tag
        lacks = f"{library} has no" if alone else "neither torchvision nor timm has a"
        known = here.names() if alone else [*TORCHVISION.names(), *here.names()]
        raise LackingNetworkError(f"{lacks} network {shown(name)}", closest(name, known))
    tagged = f"{name}.{written.tag}" if written.tag and library == "timm" else name
    published = here.sizes(tagged)
    size = written.size or published[0]
    if size not in published and here.is_tied(tagged):
        wanted = " or ".join(map(str, published))
        raise AdvisorError(
            f"{library}'s {name} takes no images of {size} x {size} pixels",
            f"it needs {wanted}: {Design(library, name, published[0]).identity}",
        )
    return Design(library, name, size)


def _library_of(written: Written) -> str:
    """The library of a name without a prefix: torchvision's where both have it; a tag is timm's way."""
    if written.tag:
        return "timm"
    return "torchvision" if written.name in TORCHVISION.names() else "timm"


def build_design(design: Design) -> nn.Module:
    """The network with random weights, in evaluation mode, on the CPU.

    Raises:
        AdvisorError: its library cannot make it.
    """
    return LIBRARIES[design.library].build(design.name, design.size).eval()


def count_design(design: Design) -> Identified:
    """What the network costs on paper, as far as that can be counted.

    Raises:
        AdvisorError: it cannot be built, or does not run on an image of that size; the message says which.
    """
    from advisor.architectures.dispatched import identified_in_place

    try:
        return identified_in_place(_quickly_built(design), design.input_shape)
    except AdvisorError:
        raise
    except Exception as error:  # noqa: BLE001  (whatever the library raises is reported)
        sizes = " or ".join(map(str, LIBRARIES[design.library].sizes(design.name)))
        raise AdvisorError(
            f"{design.library}'s {design.name} does not run on {design.size} x {design.size} pixels: "
            f"{first_line(error, 200)}",
            f"it was published for {sizes}",
        ) from None


def _quickly_built(design: Design) -> nn.Module:
    """The network without its weights, or with what their memory holds where it computes with them."""
    import torch

    from advisor.architectures.dispatched import without_random_initialisation

    with without_random_initialisation():
        try:
            with torch.device("meta"):
                return build_design(design)
        except (RuntimeError, NotImplementedError):
            return build_design(design)
