"""Production is not served while the database holds the demonstration's credentials.

Their names stand in the README, and each password, token and key follows from the name.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field

from domain.access.sessions import digest_of
from domain.errors import StoreUnavailable
from services.access.accounts import Accounts
from services.access.demonstration_accounts import DEMONSTRATION_ACCOUNTS, demonstration_token
from services.access.ports import AccountStore
from services.roster import RosterService, key_hash

REMOVE = "flask users remove-demonstration"


@dataclass(frozen=True, slots=True)
class Found:
    """Names of accounts, of accounts with a token, and of devices that everybody can use."""

    accounts: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.accounts or self.tokens or self.devices)

    def words(self) -> str:
        """All of them, in half a sentence."""
        parts = (
            ("accounts whose password is their name", self.accounts),
            ("tokens demo-NAME of", self.tokens),
            ("devices whose key is their name", self.devices),
        )
        return "; ".join(f"{what}: {', '.join(names)}" for what, names in parts if names)


class DemonstrationCredentials:
    """Finds them, and takes them away. Also those of disabled accounts and devices count: enabling
    one takes a moment while the program runs."""

    def __init__(self, store: AccountStore, accounts: Accounts, roster: RosterService) -> None:
        self._store = store
        self._accounts = accounts
        self._roster = roster

    def found(self) -> Found:
        """What there is. Costs one password check for each account of the demonstration that is
        there, nine at most. Raises ``StoreUnavailable``."""
        there = {
            one.name: one for one in self._store.accounts() if one.name in DEMONSTRATION_ACCOUNTS
        }
        return Found(
            [name for name, one in there.items() if self._accounts.has_password(one, name)],
            [name for name in DEMONSTRATION_ACCOUNTS if self._has_token(name)],
            self._devices(),
        )

    def remove(self) -> Found:
        """Accounts get a password that nobody knows and are disabled, tokens are revoked, devices
        get a key that nobody knows and are disabled; what was found. Accounts stay, since the log
        tells of them."""
        found = self.found()
        for name in found.accounts:
            self._accounts.shut(name)
        for name in found.tokens:
            self._accounts.revoke_tokens(name)
        for device in found.devices:
            self._roster.set_device_key(device, secrets.token_urlsafe(32))
            self._roster.enable_device(device, False)
        return found

    def _has_token(self, name: str) -> bool:
        kept = self._store.token(digest_of(demonstration_token(name)))
        return kept is not None and kept.revoked_at is None

    def _devices(self) -> list[str]:
        devices = self._roster.fresh().devices.values()
        return sorted(one.id for one in devices if one.key_hash == key_hash(one.id))


class StartCheck:
    """Whether this process may answer. ``flask serve`` looks once, before it starts its workers;
    under any other server the first request does."""

    def __init__(self, credentials: DemonstrationCredentials, *, needed: bool) -> None:
        self._credentials = credentials
        self._passed = not needed
        self._lock = threading.Lock()

    def look(self) -> Found:
        """What stands against it; empty, and remembered, where nothing does."""
        with self._lock:
            if self._passed:
                return Found()
            found = self._credentials.found()
            self._passed = not found
            return found

    def passed(self) -> None:
        """Somebody else has looked."""
        self._passed = True

    def check(self) -> None:
        """Raises ``StoreUnavailable`` while something stands against it."""
        if not self._passed and self.look():
            raise StoreUnavailable(
                "this server is not set up yet: whoever runs it starts it with flask serve"
            )
