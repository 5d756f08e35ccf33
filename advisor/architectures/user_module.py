"""A network of the user's own, named as `module:factory`. Its code runs only since the user names it."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from copy import deepcopy
from hashlib import blake2b
from pathlib import Path

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from advisor.architectures.design import Complexity, Identified
from advisor.architectures.dispatched import identified_in_place
from advisor.errors import AdvisorError, first_line, shown


def identified(name: str, input_shape: Sequence[int]) -> Identified:
    """Count the network that `module:factory` makes, and digest what it computes.

    Args:
        name: an importable module and a function in it that takes no arguments and returns a
            `torch.nn.Module`; the working directory is looked in, too.
        input_shape: channels, height, width.

    Returns:
        The counts, as far as they are known, and a digest of what it computes; see `identified_in_place`.

    Raises:
        AdvisorError: it cannot be imported, made, or run at that shape; the message says which.
    """
    torch.manual_seed(0)  # so that what branches on values goes the same way each time
    module = made(name)
    try:
        if any(map(is_lazy, module.parameters())):  # their shapes come with the first image
            with torch.no_grad():
                module.eval()(torch.zeros((1, *input_shape)))
        try:
            return identified_in_place(deepcopy(module), input_shape)
        except Exception:  # noqa: BLE001  (it may branch on values; what else it is shows there, too)
            return identified_in_place(module, input_shape, "cpu")
    except (Exception, SystemExit) as error:  # noqa: BLE001  (it may run where nobody looks on)
        return _unwatched(name, input_shape, first_line(error, with_kind=True))


def _unwatched(name: str, input_shape: Sequence[int], why: str) -> Identified:
    """What is known of a network that runs, but not while its operators are looked at.

    Raises:
        AdvisorError: it does not run either.
    """
    module = made(name).eval()
    try:
        with torch.no_grad():
            module(torch.zeros((1, *input_shape)))
    except (Exception, SystemExit) as error:  # noqa: BLE001  (whatever the user's code raises is reported)
        shape = "x".join(map(str, input_shape))
        raise AdvisorError(
            f"{name} fails at input {shape}: {first_line(error, 200, with_kind=True)}",
            f"if it takes another, say so: {name}@160 or {name}@3x160x160",
        ) from None
    parameters = [(key, each.dtype, tuple(each.shape)) for key, each in module.named_parameters()]
    digest = blake2b(f"{name}{input_shape}{module}{parameters}".encode(), digest_size=8)
    if file := getattr(sys.modules[name.partition(":")[0]], "__file__", None):
        digest.update(Path(file).read_bytes())
    params = sum(parameter.numel() for parameter in module.parameters())
    counts = Complexity(params, None, None, None, None, None)
    return Identified(counts, digest.hexdigest(), f"its operators cannot be followed ({why})")


def made(name: str) -> nn.Module:
    """What `module:factory` makes.

    Raises:
        AdvisorError: it cannot be imported or made.
    """
    with _contained():
        return _called(name)


@contextmanager
def _contained() -> Iterator[None]:
    """Undo what code does besides: what it prints is no part of an answer, nor may it move the process.

    It sees no arguments, since those of the command are not meant for it.
    """
    here, dtype, arguments = Path.cwd(), torch.get_default_dtype(), sys.argv[:]
    try:
        sys.argv[1:] = []
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.chdir(here)
        torch.set_default_dtype(dtype)
        torch.set_default_device(None)
        torch.set_grad_enabled(mode=True)
        sys.argv[:] = arguments


def _called(name: str) -> nn.Module:
    place, _, factory_name = name.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        imported = importlib.import_module(place)
    except (Exception, SystemExit) as error:  # noqa: BLE001
        raise AdvisorError(
            f"{name}: {shown(place)} cannot be imported: {first_line(error, 200, with_kind=True)}"
        ) from None
    factory = getattr(imported, factory_name, None)
    if not callable(factory):
        raise AdvisorError(f"{name}: {place} has no function {shown(factory_name)}")
    try:
        module = factory()
    except (Exception, SystemExit) as error:  # noqa: BLE001
        hint = "name a function that takes no arguments" if isinstance(error, TypeError) else ""
        raise AdvisorError(
            f"{name} raises: {first_line(error, 200, with_kind=True)}", hint
        ) from None
    if not isinstance(module, nn.Module):
        kind = type(module).__name__
        raise AdvisorError(f"{name} returns a {kind}, not a torch.nn.Module")
    return module
