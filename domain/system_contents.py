"""What the chain of the system says there must be, held against what is there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.system_log import SystemEvent

_ADDED = ("account_added", "account_found")
_OPENED = ("operation_opened", "operation_found")
_ROSTER = ("roster_changed", "roster_found")
NOTED = "chains_noted"
"""The event that writes down the ends of the operations' chains."""


@dataclass(slots=True)
class AccountFacts:
    """An account: ``password`` and ``tokens`` (those that were not revoked) are digests.

    ``expires`` has the microsecond at which a token ends, by its digest, None where it does not;
    ``must_change`` is whether the password must be changed.
    """

    role: str
    enabled: bool
    password: str
    tokens: set[str] = field(default_factory=set)
    expires: dict[str, int | None] = field(default_factory=dict)
    must_change: bool = False


@dataclass(slots=True)
class SystemFacts:
    """What is recorded, or what is there, of accounts, operations and the roster.

    ``opened``: by operation the number of the event that tells of it. ``noted``: by operation the
    ends of its chain that were written down, number and hash. ``roster``: digests by table.
    """

    accounts: dict[str, AccountFacts] = field(default_factory=dict)
    opened: dict[str, int] = field(default_factory=dict)
    noted: dict[str, dict[int, str]] = field(default_factory=dict)
    roster: Mapping[str, Any] = field(default_factory=dict)


def recorded_facts(events: Iterable[SystemEvent]) -> tuple[SystemFacts, list[str]]:
    """What a whole chain says, and what in it cannot be."""
    facts, faults = SystemFacts(), []
    for event in events:
        body = event.body
        if event.event in _OPENED:
            facts.opened.setdefault(event.subject, event.seq)
            if body.get("events"):
                _note(facts, event.subject, body["events"], body["head"])
        elif event.event in _ROSTER:
            facts.roster = body
        elif event.event == NOTED:
            for operation, (number, digest) in body["chains"].items():
                _note(facts, operation, number, digest)
        elif event.event in _ADDED:
            account = AccountFacts(body["role"], body["enabled"], body["password"])
            account.must_change = body.get("must_change", False)
            facts.accounts[event.subject] = account
        elif event.event in _CHANGES:
            if event.subject in facts.accounts:
                _CHANGES[event.event](facts.accounts[event.subject], body)
            else:
                faults.append(f"event {event.seq} changes the account {event.subject}, unknown yet")
    return facts, faults


def _note(facts: SystemFacts, operation: str, number: int, digest: str) -> None:
    facts.noted.setdefault(operation, {})[number] = digest


def _role(account: AccountFacts, body: Mapping[str, Any]) -> None:
    account.role = body["role"]


def _password(account: AccountFacts, body: Mapping[str, Any]) -> None:
    account.password = body["password"]
    account.must_change = body.get("must_change", False)


def _rehashed(account: AccountFacts, body: Mapping[str, Any]) -> None:
    account.password = body["password"]


def _enable(account: AccountFacts, _body: Mapping[str, Any]) -> None:
    account.enabled = True


def _disable(account: AccountFacts, _body: Mapping[str, Any]) -> None:
    account.enabled = False


def _token(account: AccountFacts, body: Mapping[str, Any]) -> None:
    account.tokens.add(body["token"])
    _limit(account, body)


def _limit(account: AccountFacts, body: Mapping[str, Any]) -> None:
    account.expires[body["token"]] = body.get("expires_at")


def _revoke_one(account: AccountFacts, body: Mapping[str, Any]) -> None:
    account.tokens.discard(body["token"])


def _revoke(account: AccountFacts, _body: Mapping[str, Any]) -> None:
    account.tokens.clear()


_CHANGES = {
    "role_changed": _role,
    "password_changed": _password,
    "password_rehashed": _rehashed,
    "account_enabled": _enable,
    "account_disabled": _disable,
    "token_issued": _token,
    "token_found": _token,
    "token_limited": _limit,
    "token_revoked": _revoke_one,
    "tokens_revoked": _revoke,
}


def changed_behind(
    recorded: Mapping[str, AccountFacts], there: Mapping[str, AccountFacts]
) -> list[str]:
    """Accounts that are not as they were recorded last."""
    faults = [f"account {name} is there and was never added" for name in there.keys() - recorded]
    faults += [f"account {name} was added and is gone" for name in recorded.keys() - there]
    for name in recorded.keys() & there.keys():
        faults += [f"account {name}: {what}" for what in _differences(recorded[name], there[name])]
    return sorted(faults)


def _differences(recorded: AccountFacts, there: AccountFacts) -> Iterable[str]:
    if there.role != recorded.role:
        yield f"the role is {there.role}, recorded last was {recorded.role}"
    if there.enabled != recorded.enabled:
        words = {True: "enabled", False: "disabled"}
        yield f"it is {words[there.enabled]}, recorded last was {words[recorded.enabled]}"
    if there.password != recorded.password:
        yield "its password is not the one that was recorded last"
    if there.must_change != recorded.must_change:
        words = {True: "must be changed", False: "need not be changed"}
        yield f"its password {words[there.must_change]}, recorded last was otherwise"
    both = there.tokens & recorded.tokens
    if moved := sum(there.expires.get(one) != recorded.expires.get(one) for one in both):
        yield f"{moved} of its tokens end at another time than was recorded"
    if added := len(there.tokens - recorded.tokens):
        yield f"{added} token(s) open it that were never issued, or were revoked"
    if gone := len(recorded.tokens - there.tokens):
        yield f"{gone} of its tokens ended without being revoked"


def operations_behind(opened: Collection[str], there: Collection[str]) -> list[str]:
    """Operations that are gone, or that nobody has opened."""
    gone = [f"operation {name} was opened and is gone" for name in set(opened) - set(there)]
    new = [f"operation {name} is there and was never opened" for name in set(there) - set(opened)]
    return sorted([*gone, *new])


def roster_behind(recorded: Mapping[str, Any], there: Mapping[str, Any]) -> list[str]:
    """Tables of the roster that are not as they were recorded last."""
    faults = []
    for name, now in there.items():
        then = recorded.get(name, {"rows": 0, "digest": None})
        if now["rows"] != then["rows"]:
            faults.append(f"the roster's {name}: {now['rows']} there, {then['rows']} recorded last")
        elif now["rows"] and now["digest"] != then["digest"]:
            faults.append(f"the roster's {name} are not as they were recorded last")
    return faults


def lost_notes(hashes: Mapping[int, str], noted: Mapping[int, str]) -> list[str]:
    """Events of an operation that the chain of the system has noted and that are no longer so."""
    return [
        f"event {number}, which the chain of the system has noted, is "
        + ("gone" if number not in hashes else "another one")
        for number, digest in sorted(noted.items())
        if hashes.get(number) != digest
    ]
