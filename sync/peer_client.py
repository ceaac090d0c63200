"""One GET from another station on the LAN, with the limits and error words of the server's link."""

import requests
from requests.auth import AuthBase

from sync.client import LinkError, ServerLink, Timeouts
from sync.clock import Clock

_LIMIT_BYTES = 8 * 1024 * 1024
_TIMEOUTS = Timeouts(connect_s=2.0, read_s=4.0, total_s=8.0)


class _Headers(AuthBase):
    def __init__(self, headers: dict[str, str]) -> None:
        self._headers = headers

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self._headers)
        return request


def get(base_url: str, path: str, headers: dict[str, str], clock: Clock, *, ca_file: str | None = None) -> bytes:
    """The body of a 200 of `application/octet-stream`, within 8 s and 8 MiB. `ca_file` vouches for an https address.

    Raises:
        ConnectionError: no such answer; the message says why.
    """
    link = ServerLink(base_url, _Headers(headers), clock, ca_file=ca_file, timeouts=_TIMEOUTS)
    try:
        return link.exchange("GET", path, _LIMIT_BYTES, accept=("application/octet-stream",)) or b""
    except LinkError as exc:
        raise ConnectionError(str(exc)) from exc
    finally:
        link.close()
