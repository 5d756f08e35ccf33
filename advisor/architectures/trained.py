"""Networks with trained weights: a state dict of the user's, read as data, in a network built by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from advisor.architectures.builders import build
from advisor.architectures.dispatched import without_gradients
from advisor.errors import AdvisorError, first_line, shown

HELD_UNDER = ("state_dict", "model", "model_state_dict", "state_dict_ema")
"""Under which words checkpoints of training hold a state dict."""
WRAPPED = ("module.", "_orig_mod.")
"""What names in a state dict begin with where the network was wrapped when it was saved."""
MOST_NAMED = 3


def trained_network(what: str, weights: str = "") -> nn.Module:
    """The network with its trained weights, in evaluation mode, on the CPU, in fp32.

    Args:
        what: as `build` takes it; code of the user's own may bring its weights.
        weights: the file of a state dict; "" where the code brings them.

    Raises:
        AdvisorError: as `build`; or the file holds no state dict, or that of another network.
    """
    module = build(what).float()
    if weights:
        state = read_state(Path(weights))
        try:
            found = module.load_state_dict(state, strict=False)
        except RuntimeError as error:  # of other sizes
            lines = str(error).strip().splitlines()
            raise AdvisorError(
                f"{weights} is of another network than {what}: {lines[-1].strip()[:160]}"
            ) from None
        _check_whole(what, weights, found.missing_keys, found.unexpected_keys)
    return without_gradients(module).eval()


def read_state(path: Path) -> Mapping[str, Tensor]:
    """The tensors of a state dict by name; nothing in the file can run.

    Raises:
        AdvisorError: it cannot be read so.
    """
    try:
        found: Any = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise AdvisorError(f"{path}: there is no such file") from None
    except Exception as error:  # noqa: BLE001  (a broken archive raises all kinds)
        raise AdvisorError(
            f"{path}: no file of weights alone, or a truncated one ({first_line(error)})",
            "write it by torch.save(network.state_dict(), ...)",
        ) from None
    for word in HELD_UNDER:
        if isinstance(found, Mapping) and isinstance(found.get(word), Mapping):
            found = found[word]
            break
    if not isinstance(found, Mapping) or not any(isinstance(it, Tensor) for it in found.values()):
        raise AdvisorError(
            f"{path} holds a {type(found).__name__}, and no weights by name",
            "write it by torch.save(network.state_dict(), ...)",
        )
    for start in WRAPPED:
        if all(str(name).startswith(start) for name in found):
            found = {str(name).removeprefix(start): each for name, each in found.items()}
    return dict(found)


def _check_whole(what: str, weights: str, missing: Sequence[str], others: Sequence[str]) -> None:
    """Refuse weights that are not all of the network's, and only these.

    Heads that serve training alone may be left over; a count of batches is no weight.
    """
    others = [each for each in others if not each.startswith(("aux", "AuxLogits"))]
    missing = [each for each in missing if not each.endswith("num_batches_tracked")]
    for names, how in ((missing, "lacks"), (others, "has, and the network has not,")):
        if names:
            more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
            listed = ", ".join(map(shown, names[:MOST_NAMED]))
            raise AdvisorError(f"{weights} is not of {what}: it {how} {listed}{more}")
