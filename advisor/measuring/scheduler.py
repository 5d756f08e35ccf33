"""What answers at the address of a fleet's scheduler; and why none does, in words."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from advisor.errors import AdvisorError, first_line
from advisor.measuring.access import Access, host_of

ANSWER_S = 10.0
"""How long a scheduler, or a worker, may take to answer."""

SCHEDULER = "Scheduler"
"""What Dask's scheduler says that it is."""

START = "start one there (dask scheduler), or name the address and port of another"
OTHER_PORT = "name the port that dask scheduler prints when it starts, usually 8786"
SAME_AUTHORITY = "--tls-ca-file, --tls-cert and --tls-key must be of the scheduler's own authority"

NOT_OF_DASK = (TypeError, KeyError, MemoryError, OverflowError)
"""What Dask raises at an answer that is none of its own: it takes the first 8 bytes of any for a length."""

REASONS: Mapping[type[BaseException], tuple[str, str]] = {
    socket.gaierror: ("no machine of that name is known", "name it as this machine reaches it"),
    ConnectionRefusedError: ("nothing listens there", START),
    ConnectionError: (
        "what listens there hangs up",
        "if it has certificates, say tls:// and give --tls-ca-file, --tls-cert, --tls-key; else "
        + OTHER_PORT,
    ),
    **dict.fromkeys(
        (TimeoutError, asyncio.TimeoutError, asyncio.CancelledError),
        ("what listens there, if anything, says nothing", OTHER_PORT),
    ),
    **dict.fromkeys(
        NOT_OF_DASK,
        ("what listens there is another program, or a scheduler of an unlike version", OTHER_PORT),
    ),
}
"""Why no scheduler was reached, and what to do, by what was raised; the first that fits counts."""


def check_answers(scheduler: str, access: Access) -> None:
    """See that a scheduler answers; Dask itself would wait for long, and say little.

    Args:
        scheduler: its address, which has been checked.
        access: by which right.

    Raises:
        AdvisorError: none does; it says what is there instead, and what to do.
    """
    try:
        port = int(scheduler.rpartition(":")[2])
        socket.create_connection((host_of(scheduler), port), ANSWER_S).close()
        with ThreadPoolExecutor(1) as pool:  # the caller may have an event loop of its own
            kind = pool.submit(asyncio.run, _kind_at(scheduler, access)).result()
    except (OSError, asyncio.TimeoutError, ValueError, *NOT_OF_DASK) as error:
        raise no_scheduler(scheduler, error, access) from None
    if kind != SCHEDULER:
        is_worker = f"that is the port of a {kind.lower()}"
        raise AdvisorError(f"no scheduler answers at {scheduler}: {is_worker}", OTHER_PORT)


async def _kind_at(scheduler: str, access: Access) -> str:
    """What the process of Dask at an address says that it is."""
    from distributed.comm.core import connect
    from distributed.core import send_recv

    security = access.security()
    right = {} if security is None else security.get_connection_args("client")

    async def asked() -> str:
        comm = await connect(scheduler, timeout=ANSWER_S, **right)
        try:
            return str((await send_recv(comm, op="identity"))["type"])
        finally:
            comm.abort()

    return await asyncio.wait_for(asked(), ANSWER_S)


def no_scheduler(scheduler: str, error: BaseException, access: Access) -> AdvisorError:
    """That a scheduler was not reached, from what Dask or the system raised."""
    why, hint = reason_unreached(error, access)
    return AdvisorError(f"no scheduler answers at {scheduler}: {why}", hint)


def reason_unreached(error: BaseException, access: Access) -> tuple[str, str]:
    """Why a scheduler was not reached, and what to do, from what Dask or the system raised."""
    from distributed.comm.core import CommClosedError
    from tornado.iostream import StreamClosedError

    cause = error
    while (before := cause.__cause__ or cause.__context__) is not None:
        cause = before
    if isinstance(cause, CommClosedError | StreamClosedError):
        cause = ConnectionResetError()
    if isinstance(cause, ssl.SSLCertVerificationError):
        why = f"its certificate is not of {access.tls_ca_file} ({cause.verify_message})"
        return why, SAME_AUTHORITY
    # ValueError: it spoke first, so that Dask could not begin a handshake of TLS any more.
    if isinstance(cause, ValueError) or getattr(cause, "reason", "") == "WRONG_VERSION_NUMBER":
        return "what listens there has no certificates", f"say tcp://, or {OTHER_PORT}"
    if isinstance(cause, ssl.SSLError) or (
        access.has_tls and isinstance(cause, ConnectionResetError)
    ):
        return "it refuses this machine's certificate", SAME_AUTHORITY
    for kind, reason in REASONS.items():
        if isinstance(cause, kind):
            return reason
    said = cause.strerror if isinstance(cause, OSError) else ""
    return said or first_line(cause, with_kind=True), START
