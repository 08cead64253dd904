"""Who is being answered just now, for what is recorded far from the request.

The edge that takes a request sets it for the thread that answers; without one (a command, a duty)
there is nobody.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from dataclasses import dataclass

from domain.errors import DashboardError


@dataclass(slots=True)
class Asking:
    """``address`` as believed from the proxy, ``route`` the template of the address; ``refused``
    is the last refusal, also one that the screen shows in words with status 200; ``proof`` is how
    the own password was proved beside a session, as an outcome of the security log."""

    address: str
    method: str
    route: str
    refused: DashboardError | None = None
    proof: str | None = None


_NOW: ContextVar[Asking | None] = ContextVar("asking", default=None)


def begin(asking: Asking) -> Token[Asking | None]:
    """From now on ``asking`` is answered; ``end`` with what this gives."""
    return _NOW.set(asking)


def end(token: Token[Asking | None]) -> None:
    """It has been answered."""
    _NOW.reset(token)


def asking() -> Asking | None:
    """The request that is being answered, None where there is none."""
    return _NOW.get()


def remember_refusal(refused: DashboardError) -> None:
    """Keep why the request is refused, for whoever records it."""
    now = _NOW.get()
    if now is not None:
        now.refused = refused


def remember_proof(outcome: str) -> None:
    """Keep how the own password was proved, for whoever records it."""
    now = _NOW.get()
    if now is not None:
        now.proof = outcome
