"""The networks of torchvision and timm: found by name, built, counted."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

from advisor.architectures import timm_zoo, torchvision_zoo
from advisor.architectures.complexity import Complexity
from advisor.architectures.design import Design
from advisor.architectures.identity import IN_BOTH, PREFIXES, Written, read_name
from advisor.errors import AdvisorError, closest, shown

if TYPE_CHECKING:
    from torch import nn

LIBRARIES: dict[str, ModuleType] = {"torchvision": torchvision_zoo, "timm": timm_zoo}


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
        AdvisorError: it is none of a library's, both libraries have it, or it takes other sizes.
    """
    written = read_name(text)
    if written is None:
        raise AdvisorError(f"{shown(text)} is no network's name", "write NAME@SIZE, resnet50@224")
    library = written.library or _library_of(written)
    here = LIBRARIES[library]
    name = written.name
    if name not in here.names():
        alone = written.library or written.tag
        lacks = f"{library} has no" if alone else "neither torchvision nor timm has a"
        known = here.names() if alone else [*torchvision_zoo.names(), *here.names()]
        raise AdvisorError(f"{lacks} network {shown(name)}", closest(name, known))
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
    """The library of a name without a prefix; a tag behind a dot is timm's way to write it."""
    if written.tag:
        return "timm"
    if written.name in IN_BOTH:
        both = " or ".join(f"{prefix}:{written.name}" for prefix in PREFIXES)
        raise AdvisorError(f"both torchvision and timm have {shown(written.name)}", f"name {both}")
    return "torchvision" if written.name in torchvision_zoo.names() else "timm"


def build_design(design: Design) -> nn.Module:
    """The network with random weights, in evaluation mode, on the CPU.

    Raises:
        AdvisorError: its library cannot make it.
    """
    module: nn.Module = LIBRARIES[design.library].build(design.name, design.size)
    return module.eval()


def _quickly_built(design: Design) -> nn.Module:
    """The network without its weights, or with what their memory holds where it computes with them."""
    import torch

    from advisor.architectures.bare_build import without_random_initialisation

    with without_random_initialisation():
        try:
            with torch.device("meta"):
                return build_design(design)
        except (RuntimeError, NotImplementedError):
            return build_design(design)


def count_design(design: Design) -> Complexity:
    """What the network costs on paper.

    Raises:
        AdvisorError: it cannot be built, does not run on an image of that size, or does what cannot
            be counted; the message says which.
    """
    from advisor.architectures.dispatched import counted_in_place

    try:
        return counted_in_place(_quickly_built(design), design.input_shape)
    except AdvisorError:
        raise
    except Exception as error:  # noqa: BLE001  (whatever the library raises, it is told)
        lines = str(error).strip().splitlines() or [type(error).__name__]
        sizes = " or ".join(map(str, LIBRARIES[design.library].sizes(design.name)))
        raise AdvisorError(
            f"{design.library}'s {design.name} does not run on {design.size} x {design.size} pixels: "
            f"{lines[0][:200]}",
            f"it was published for {sizes}",
        ) from None
