"""By which right a fleet's scheduler is reached."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.errors import AdvisorError, first_line, shown

ADDRESS = re.compile(r"(tcp|tls)://(\[[^\]]+\]|[^:/\[\]\s]+):(\d{1,5})")
"""A scheduler's: the protocol, the machine, the port."""

ALL = "all"
"""What asks every board of a fleet, and is the name of none."""


@dataclass(frozen=True)
class Access:
    """By which right a scheduler is reached, as Dask has it.

    Attributes:
        tls_ca_file: the certificate of the authority that all others are signed by.
        tls_cert: this machine's certificate.
        tls_key: its key.
        insecure: reach a scheduler elsewhere without any of these, and trust the network.
    """

    tls_ca_file: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    insecure: bool = False

    @classmethod
    def given(
        cls,
        scheduler: str | None,
        tls_ca_file: str | None,
        tls_cert: str | None,
        tls_key: str | None,
        insecure: bool,
    ) -> Access:
        """What a command is given for a scheduler, which may be reached so.

        Args:
            scheduler: its address; `None` where none is to be reached.
            tls_ca_file: as above; so are the others.
            tls_cert: see there.
            tls_key: see there.
            insecure: see there.

        Raises:
            AdvisorError: see `check`; or a right is given, and no scheduler.
        """
        found = cls(tls_ca_file, tls_cert, tls_key, insecure)
        if scheduler is None:
            found._check_not_given()
        else:
            found.check(scheduler)
        return found

    @property
    def has_tls(self) -> bool:
        """Whether there are certificates."""
        return any((self.tls_ca_file, self.tls_cert, self.tls_key))

    def _check_not_given(self) -> None:
        given = (name for name, value in vars(self).items() if value)
        if name := next(given, None):
            option = "--" + name.replace("_", "-")
            raise AdvisorError(
                f"{option} goes with --on", "name the scheduler: --on tls://HOST:8786"
            )

    def check(self, scheduler: str) -> None:
        """See that a scheduler may be reached so.

        Raises:
            AdvisorError: the address is none, or is elsewhere and there are no certificates, or a file of
                them is missing.
        """
        found = ADDRESS.fullmatch(scheduler)
        if found is None or not 0 < int(found.group(3)) < 1 << 16:
            raise AdvisorError(
                f"{shown(scheduler)} is not the address of a scheduler",
                "as in tcp://localhost:8786",
            )
        if self.has_tls:
            self._check_files()
        if self.has_tls != (found.group(1) == "tls"):
            needs = (
                "begins with tls://"
                if self.has_tls
                else "needs --tls-ca-file, --tls-cert, --tls-key"
            )
            raise AdvisorError(f"the address of a scheduler with certificates {needs}")
        if not (self.has_tls or self.insecure or is_here(scheduler)):
            raise AdvisorError(
                f"{scheduler} is not this machine, and a worker runs whatever code its scheduler sends",
                "give certificates (--tls-ca-file, --tls-cert, --tls-key), or trust the network: --insecure",
            )

    def _check_files(self) -> None:
        for option in ("tls_ca_file", "tls_cert", "tls_key"):
            path, written = getattr(self, option), "--" + option.replace("_", "-")
            if not path:
                raise AdvisorError(f"certificates without {written}", "all three are needed")
            if not Path(path).is_file():
                raise AdvisorError(f"{path}: no such file ({written})")

    def security(self) -> Any:
        """What Dask takes for it; `None` without certificates.

        Raises:
            AdvisorError: the files are no certificates, or do not belong together.
        """
        if not self.has_tls:
            return None
        from distributed import Security

        files = {
            f"tls_{role}_{part}": path
            for role in ("client", "worker", "scheduler")
            for part, path in (("cert", self.tls_cert), ("key", self.tls_key))
        }
        security = Security(tls_ca_file=self.tls_ca_file, require_encryption=True, **files)
        try:
            security.get_connection_args("client")
        except OSError as error:
            raise AdvisorError(f"the TLS files cannot be used: {first_line(error)}") from None
        return security


OPEN = Access()
"""Without certificates: this machine alone."""


def is_here(scheduler: str) -> bool:
    """Whether an address is one that no other machine can reach."""
    host = host_of(scheduler)
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(scheduler: str) -> str:
    """The machine that an address names; "" where it is none."""
    found = ADDRESS.fullmatch(scheduler)
    return found.group(2).strip("[]") if found else ""
