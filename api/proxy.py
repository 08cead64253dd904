"""Who is really asking, when reverse proxies stand in front.

Each proxy writes down at the end of ``X-Forwarded-For`` who has asked it, and what stands before
that is what it was told: by the proxy in front of it or by anybody. So the header is read from its
end, one place for each named proxy, and never further.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.middleware.proxy_fix import ProxyFix

from domain.access import addresses
from domain.access.addresses import Address
from domain.access.proxies import Network, trusted_networks

_FOR, _PROTO, _HOST = (f"HTTP_X_FORWARDED_{name}" for name in ("FOR", "PROTO", "HOST"))
_FORWARDED = (_FOR, _PROTO, _HOST, "HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_PREFIX")
_WITH_PORT = re.compile(r"\[([^\[\]]+)\](?::\d{1,5})?|([\d.]+):\d{1,5}", re.A)
_HOST_NAME = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?", re.A)


class TrustedProxy:
    """Believes ``X-Forwarded-For``, ``-Proto`` and ``-Host`` from the named proxies alone.

    ``addresses`` is one address or network, or several separated by commas; raises
    ``UntrustedProxy`` for what is neither, or too wide. Several single addresses are a chain, in
    any order, in which each stands once; one that is named twice may stand in it twice. Of a
    network any address may be the proxy that asks, but none further out: it may as well be the
    client's.
    """

    def __init__(self, application: WSGIApplication, addresses: str) -> None:
        self._direct = application
        self._forwarded = ProxyFix(application, x_for=0, x_proto=1, x_host=1)
        self._networks = trusted_networks(addresses)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asking = address_in(environ.get("REMOTE_ADDR", ""))
        if asking is not None:  # a UNIX socket has no address
            named = [one for one in self._networks if asking in one]
            environ["REMOTE_ADDR"] = str(asking)
            if named:
                # one single address stands for this very proxy, so it is the one to be used up
                named.sort(key=lambda one: -one.prefixlen)
                further = list(self._networks)
                further.remove(named[0])
                self._believe(environ, asking, further)
                return self._forwarded(environ, start_response)
        for name in _FORWARDED:
            environ.pop(name, None)
        return self._direct(environ, start_response)

    def _believe(self, environ: WSGIEnvironment, asking: Address, further: list[Network]) -> None:
        environ["REMOTE_ADDR"] = str(_client(environ.get(_FOR, ""), asking, further))
        if _last(environ.get(_PROTO, "")) not in ("http", "https"):
            environ.pop(_PROTO, None)
        if not _HOST_NAME.fullmatch(_last(environ.get(_HOST, ""))):
            environ.pop(_HOST, None)


def address_in(text: str) -> Address | None:
    """The address of ``1.2.3.4``, ``1.2.3.4:5678``, ``2001:db8::1``, ``[2001:db8::1]:443`` and
    their like, None in anything else. One that only wraps an IPv4 address is that one."""
    bare = text.strip()
    matched = _WITH_PORT.fullmatch(bare)
    if matched is not None:
        bare = matched[1] or matched[2]
    return addresses.address_in(bare)


def _client(forwarded: str, asking: Address, further: list[Network]) -> Address:
    """Whom the outermost named proxy was asked by; where it does not say, that proxy."""
    for part in reversed(forwarded.split(",")):
        told = address_in(part)
        if told is None:
            break
        asking = told
        single = next((one for one in further if one.num_addresses == 1 and told in one), None)
        if single is None:
            break
        further.remove(single)
    return asking


def _last(value: str) -> str:
    return value.rpartition(",")[2].strip()
