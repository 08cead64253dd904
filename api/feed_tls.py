"""TLS of the listeners: nobody is spoken to whose certificate does not fit."""

from __future__ import annotations

import ssl
from pathlib import Path

from domain.errors import InvalidField


def tls_context(
    whose: ssl.Purpose, authority: Path | None, certificate: Path | None, key: Path | None
) -> ssl.SSLContext:
    """TLS 1.2 or newer, from PEM files; the other side must show a certificate of ``authority``.

    ``whose`` certificate that is: of the clients that come to us (``CLIENT_AUTH``), or of the
    server that we go to (``SERVER_AUTH``). ``authority`` None is whom the machine trusts about
    servers, and nobody about clients; ``certificate`` is ours with its ``key``, None where we show
    none. Raises ``InvalidField`` for what cannot be used.
    """
    if (certificate is None) != (key is None):
        raise InvalidField("certificate", "needs --certificate and --key together")
    try:
        context = ssl.create_default_context(whose, cafile=str(authority) if authority else None)
        if certificate is not None:
            context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as fault:
        raise InvalidField("certificate", f"cannot be used: {fault.strerror or fault}") from fault
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    return context
