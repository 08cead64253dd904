"""Argon2id, a few at once: one run takes 64 MB, whoever asks for it.

Passwords are hashed as RFC 9106 recommends where memory is short (its second setting, which is the
library's default). The whole password counts: one that is longer than any can be is wrong, and
costs the same.
"""

from __future__ import annotations

import base64
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.access.turnstile import Turnstile

LONGEST_PROVED = 1024
"""Characters of a password that is looked at; no account has a longer one."""


class Hashing:
    """One a process, so that ``turnstile`` counts all runs. Both methods raise ``NoRoom``."""

    def __init__(
        self, hasher: PasswordHasher | None = None, turnstile: Turnstile | None = None
    ) -> None:
        self._hasher = hasher or PasswordHasher()
        self.turnstile = turnstile or Turnstile()
        self._nobody = _hash_of_nobody(self._hasher)

    def hash(self, password: str) -> str:
        """The hash of a new password, in the PHC string format."""
        with self.turnstile.turn(known=True):
            return self._hasher.hash(_bytes(password))

    def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password, tried in a ``turn``. The hash of nobody takes as long."""
        sent = _bytes(password)
        right = len(password) <= LONGEST_PROVED
        try:
            self._hasher.verify(password_hash or self._nobody, sent if right else b"")
        except (VerificationError, InvalidHashError):
            return False
        return right and password_hash is not None

    def is_old(self, password_hash: str) -> bool:
        """Whether it was made in another way than now."""
        return self._hasher.check_needs_rehash(password_hash)


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _hash_of_nobody(hasher: PasswordHasher) -> str:
    """A hash of no password, as expensive to try as any; making it costs nothing."""
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, digest = _random(hasher.salt_len), _random(hasher.hash_len)
    return f"$argon2{hasher.type.name.lower()}$v=19${cost}${salt}${digest}"


def _random(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")
