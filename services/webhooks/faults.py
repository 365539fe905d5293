"""What went wrong with an attempt, in one word: found in the chain of exceptions a client raises."""

import ssl
from collections.abc import Iterator
from socket import gaierror

from aiohttp import ClientConnectorDNSError, ClientSSLError, ServerDisconnectedError

from schemas.errors import BadEndpoint
from schemas.webhooks import Fault
from services.webhooks.domain.schedule import accepted

LONGEST_DETAIL = 300

_KINDS: tuple[tuple[Fault, tuple[type[BaseException], ...]], ...] = (
    (Fault.FORBIDDEN_ADDRESS, (BadEndpoint,)),
    (Fault.TLS, (ClientSSLError, ssl.SSLError, ssl.CertificateError)),
    (Fault.DNS, (ClientConnectorDNSError, gaierror)),
    (Fault.TIMEOUT, (TimeoutError,)),
    (Fault.REFUSED, (ConnectionRefusedError,)),
    (Fault.RESET, (ServerDisconnectedError, ConnectionError)),
)
"""The first that fits: an error of TLS or DNS is one of the connection too."""


def fault_of(raised: BaseException) -> Fault:
    """Return the kind of an exception that an attempt ended with."""
    chain = list(_chain(raised))
    return next(
        (kind for kind, types in _KINDS if any(isinstance(each, types) for each in chain)), Fault.OTHER
    )


def fault_of_status(status: int) -> Fault | None:
    """Return the kind of an answer that is no success; redirects are never followed."""
    if accepted(status):
        return None
    return Fault.REDIRECT if 300 <= status < 400 else Fault.STATUS


def detail_of(raised: BaseException) -> str:
    """Return what to tell the endpoint's owner of an exception."""
    return f"{type(raised).__name__}: {raised}".rstrip(": ").replace("\x00", "")[:LONGEST_DETAIL]


def _chain(raised: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [raised]
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [each.__cause__, each.__context__, getattr(each, "os_error", None)]
