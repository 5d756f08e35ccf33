"""Networks of the user's own that a catalog has rows of: what they are called, and what is in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from advisor.architectures.names import IN_BOTH, is_own_file
from advisor.catalog.counting import own_architecture, own_network
from advisor.catalog.entries import read_shape
from advisor.catalog.records import OWN, Architecture
from advisor.catalog.store import Catalog
from advisor.catalog.text_file import NAME, NAME_EXPECTED
from advisor.errors import AdvisorError, shown

MOST_NAME = 80
"""How many characters of a file's name a network is called by."""


@dataclass(frozen=True)
class Measurable:
    """A network of the user's own that can be measured.

    Attributes:
        architecture: as the catalog will have it.
        made_from: the file's absolute path, or `module:factory`.
        content: tells it from every other network.
        any_batch: whether it takes batches of any size; else it takes one image at a time.
    """

    architecture: Architecture
    made_from: str
    content: str
    any_batch: bool

    @property
    def is_onnx(self) -> bool:
        """Whether it is a file of the ONNX format."""
        return self.made_from.endswith(".onnx")


def split_shape(text: str) -> tuple[str, tuple[int, int, int] | None]:
    """`module:factory@160` or `@3x160x160` in its parts; a file tells its own input.

    Raises:
        AdvisorError: what stands behind the @ is no size.
    """
    what, at, size = text.partition("@")
    if is_own_file(text) or not at:
        return text, None
    shape = read_shape(size if "x" in size else f"3x{size}x{size}")
    if shape is None:
        hint = "write it like my_nets:make@160 or my_nets:make@3x160x160"
        raise AdvisorError(f"{shown(size)} in {shown(text)} is no input size", hint)
    return what, shape


def split_name(text: str) -> tuple[str, str]:
    """`my_net=net.onnx` in its parts; the name is "" where none is given.

    Raises:
        AdvisorError: what stands before the sign is no name.
    """
    name, equals, what = text.partition("=")
    if not equals or Path(text).is_file():
        return "", text
    if not NAME.fullmatch(name):
        raise AdvisorError(f"{shown(name)} is no name for a network", f"give {NAME_EXPECTED}")
    return name, what


def measurable_own(catalog: Catalog, text: str) -> Measurable:
    """The network that someone wants measured.

    A name stands for one content as long as the catalog has it, so that no rows of unlike networks are
    ever taken together.

    Args:
        catalog: everything that is known.
        text: "net.onnx", "net.pt2", "module:factory" or "module:factory@160", after "NAME=" where it is
            to be called otherwise than the file or the factory.

    Raises:
        AdvisorError: it cannot be read, run or counted; or its name is that of another network.
    """
    given, whole = split_name(text)
    what, shape = split_shape(whole)
    own = own_network(what, shape)
    name = _name(given, what, own.input_shape[-1])
    if not own.counts.operations or not own.counts.params:
        raise AdvisorError(f"{what}: nothing in it is multiplied with weights", "is it a network?")
    architecture = own_architecture(name, own)
    _check_name(catalog, architecture, what, whole)
    return Measurable(architecture, _found(what), own.content, own.any_batch)


def _check_name(catalog: Catalog, network: Architecture, what: str, whole: str) -> None:
    """Refuse a name that the catalog, or a library, has for another network."""
    bare = network.name.partition("@")[0]
    hint = f"call it otherwise: advisor measure {bare}-2={whole}"
    if bare in IN_BOTH:
        raise AdvisorError(f"{what}: both torchvision and timm have a network {shown(bare)}", hint)
    if network.name not in catalog.architectures:
        return
    other = catalog.architectures[network.name]
    if other.family != OWN:
        raise AdvisorError(f"{what}: the catalog has another network {shown(other.name)}", hint)
    if other.reference != network.reference:
        told = f"{what} is not what was measured as {other.name}: its content is another"
        raise AdvisorError(told, hint)


def _name(given: str, what: str, size: int) -> str:
    """The network's name with its size."""
    if given:
        bare, at, written = given.partition("@")
        if at and written != str(size):
            hint = f"call it {bare}, or {bare}@{size}"
            raise AdvisorError(f"{given}: the images of {what} are {size} wide", hint)
    elif is_own_file(what):
        bare = Path(what).stem
    else:
        bare = what.replace(":", ".")
    clean = re.sub(r"[^A-Za-z0-9._+-]+", "-", bare).lstrip("._+-")[:MOST_NAME]
    if not clean:
        raise AdvisorError(f"{what}: its name says nothing", f"give {NAME_EXPECTED}: NAME={what}")
    return f"{clean}@{size}"


def _found(what: str) -> str:
    """What to make it from, wherever a process begins."""
    return str(Path(what).resolve()) if is_own_file(what) else what


def same_content(catalog: Catalog, architecture: Architecture) -> Architecture:
    """The network of the catalog that was measured of the same file or code; else the one given."""
    return next(
        (
            each
            for name, each in catalog.zoo.architectures.items()
            if catalog.zoo.networks[name].library == OWN
            and each.reference == architecture.reference
        ),
        architecture,
    )
