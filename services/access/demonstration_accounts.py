"""The accounts of the demonstration: the password is the name, the token is ``demo-<name>``.

They exist in the demonstration profile only, which listens on the loopback address.
"""

from __future__ import annotations

from services.access.accounts import Accounts

DEMONSTRATION_ACCOUNTS: dict[str, str] = {
    "duty": "FPU_DUTY",
    "commander": "FPU_CMD",
    "ops": "EULEX_OPS",
    "platoon": "PLT_LDR",
    "patrol": "PATROL_LDR",
    "exercise": "EXCON",
    "review": "AUDITOR",
    "admin": "ADMIN",
    "wall": "WALL",
}
"""Account and role, in the order in which the sign-in page offers them."""


def demonstration_token(name: str) -> str:
    """The bearer token of an account of the demonstration."""
    return f"demo-{name}"


def seed_demonstration_accounts(accounts: Accounts) -> None:
    """Create what is missing; what is there stays as it is."""
    there = {account.name for account in accounts.accounts()}
    for name, role in DEMONSTRATION_ACCOUNTS.items():
        if name not in there:
            accounts.add(name, role, name, minimum=1)
        accounts.issue_token(name, "demonstration", demonstration_token(name), days=None)
