"""The settings, and what production refuses to start with."""

from __future__ import annotations

import pytest

from settings import Settings, UnsafeSettings, from_environment, random_key

SAFE = {
    "FPU_PROFILE": "production",
    "FPU_SECRET_KEY": "a secret of at least thirty-two letters",
    "FPU_TRUSTED_PROXY": "127.0.0.1",
    "FPU_DATABASE_URL": "postgresql+psycopg://fpu@database/fpu",
    "FPU_HOST": "0.0.0.0",
}


def test_without_variables_it_is_the_demonstration_on_the_loopback() -> None:
    settings = from_environment({})
    assert settings == Settings()
    assert settings.demonstration
    assert settings.host == "127.0.0.1"


def test_safe_production_starts() -> None:
    settings = from_environment(SAFE)
    assert not settings.demonstration
    assert settings.host == "0.0.0.0"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"FPU_SECRET_KEY": ""}, "FPU_SECRET_KEY"),
        ({"FPU_SECRET_KEY": "demonstration-only-not-a-secret"}, "FPU_SECRET_KEY"),
        ({"FPU_SECRET_KEY": "short"}, "FPU_SECRET_KEY"),
        ({"FPU_SECRET_KEY": "a" * 64}, "FPU_SECRET_KEY"),
        ({"FPU_TRUSTED_PROXY": "0.0.0.0/0"}, "FPU_TRUSTED_PROXY"),
        ({"FPU_TRUSTED_PROXY": "127.0.0.1, nowhere"}, "'nowhere' is neither"),
        ({"FPU_TRUSTED_PROXY": "10.0.0.5/24"}, "10.0.0.0/24"),
        ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG"),
        ({"FLASK_DEBUG": "true"}, "FLASK_DEBUG"),
        ({"DASH_DEBUG": "1"}, "DASH_DEBUG"),
        ({"DASH_MCP_ENABLED": "true"}, "DASH_MCP_ENABLED"),
        ({"FPU_TRUSTED_PROXY": ""}, "FPU_TRUSTED_PROXY"),
        ({"FPU_PROFILE": "prodution"}, "FPU_PROFILE"),
        ({"FPU_PORT": "many"}, "FPU_PORT"),
        ({"FPU_ADDRESS_CONNECTIONS": "0"}, "FPU_ADDRESS_CONNECTIONS"),
    ],
)
def test_unsafe_production_does_not(change: dict[str, str], named: str) -> None:
    with pytest.raises(UnsafeSettings, match=named):
        from_environment({**SAFE, **change})


def test_the_unit_s_own_file_is_named() -> None:
    assert (
        from_environment({"FPU_POLICY": "/etc/fpu/unit.toml"}).policy_file == "/etc/fpu/unit.toml"
    )


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.10", ""])
def test_the_demonstration_stays_on_the_loopback(host: str) -> None:
    with pytest.raises(UnsafeSettings, match="FPU_HOST"):
        from_environment({"FPU_HOST": host})


def test_the_demonstration_opens_no_endpoint_for_machines() -> None:
    with pytest.raises(UnsafeSettings, match="DASH_MCP_ENABLED"):
        from_environment({"DASH_MCP_ENABLED": "true"})


def test_every_reason_is_told_at_once() -> None:
    with pytest.raises(UnsafeSettings) as refusal:
        from_environment({"FPU_PROFILE": "production", "FLASK_DEBUG": "1"})
    assert str(refusal.value).count(";") == 2


def test_keys_can_be_typed_and_differ() -> None:
    keys = {random_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(len(key) == 16 and not set(key) & set("il1o0") for key in keys)
