"""The options of `advisor pick --verify`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from advisor.errors import AdvisorError

VERIFYING = "Verifying"


@dataclass(frozen=True)
class Verifying:
    """How the pick is to be verified.

    Attributes:
        most: how many measurements may be spent; `None` for no verifying.
        simulate: a table that stands in for measuring.
        device: what to measure on.
    """

    most: int | None
    simulate: str | None
    device: str | None

    def check(self, question: Mapping[str, object], *, plot: bool) -> None:
        """Refuse options that need another, or exclude each other.

        Raises:
            AdvisorError: there are such.
        """
        if self.most is None:
            for name, given in (("--simulate", self.simulate), ("--device", self.device)):
                if given is not None:
                    raise AdvisorError(
                        f"{name} goes with --verify", "say up to how many: --verify 5"
                    )
            return
        if self.simulate is not None and self.device is not None:
            raise AdvisorError("--simulate runs on no device", "leave out --device")
        if question["candidates"] == "board":
            hint = "leave out --candidates board"
            raise AdvisorError("--verify chooses from all networks, measured or not", hint)
        if plot:
            hint = "ask again without --verify"
            raise AdvisorError("--plot draws what the catalog holds, which --verify changes", hint)
