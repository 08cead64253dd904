"""Who is really asking, when a reverse proxy stands in front."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.middleware.proxy_fix import ProxyFix

from domain.access.proxies import trusted_networks


class TrustedProxy:
    """Believes ``X-Forwarded-For``, ``-Proto`` and ``-Host`` from the named proxy alone.

    ``addresses`` is one address or network, or several separated by commas; raises
    ``UntrustedProxy`` for what is neither, or too wide.
    """

    def __init__(self, application: WSGIApplication, addresses: str) -> None:
        self._direct = application
        self._forwarded = ProxyFix(application, x_for=1, x_proto=1, x_host=1)
        self._networks = trusted_networks(addresses)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._trusts(environ.get("REMOTE_ADDR", "")):
            return self._forwarded(environ, start_response)
        return self._direct(environ, start_response)

    def _trusts(self, address: str) -> bool:
        try:
            asking = ip_address(address)
        except ValueError:  # a UNIX socket has no address
            return False
        return any(asking in network for network in self._networks)
