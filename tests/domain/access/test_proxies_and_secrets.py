"""What production refuses to believe and to sign with."""

from __future__ import annotations

import secrets
from base64 import b64encode, b85encode, urlsafe_b64encode
from collections.abc import Callable
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access.proxies import UntrustedProxy, trusted_networks
from domain.access.secret_keys import fault_of_secret


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
        ("::1", "::1", "::2"),
        ("127.0.0.0/8", "127.3.4.5", "128.0.0.1"),
        ("10.1.2.0/24", "10.1.2.9", "10.1.3.9"),
        ("192.168.7.4, fd00:1:2:3::/64", "fd00:1:2:3::9", "192.168.7.5"),
        ("8.8.8.8", "8.8.8.8", "8.8.8.9"),
    ],
)
def test_a_proxy_is_an_address_or_a_small_network(text: str, inside: str, outside: str) -> None:
    networks = trusted_networks(text)
    assert any(ip_address(inside) in network for network in networks)
    assert not any(ip_address(outside) in network for network in networks)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.0.0.0/0", "every address"),
        ("::/0", "every address"),
        ("0.0.0.0/1", "no address of a machine"),
        ("128.0.0.0/1", "public"),
        ("0.0.0.0", "no address of a machine"),
        ("10.0.0.0/8", "16,777,216"),
        ("fd00::/8", "/64"),
        ("8.8.8.0/24", "public"),
        ("100.64.0.0/10", "public"),
        ("::ffff:0:0/96", "IPv4"),
        ("::ffff:10.0.0.1", "IPv4"),
        ("224.0.0.1", "no address"),
        ("10.0.0.5/24", "10.0.0.0/24"),
        ("proxy.example", "neither"),
        ("127.0.0.1,", "empty part"),
        ("127.0.0.1:80", "neither"),
        ("", "empty part"),
    ],
)
def test_what_strangers_are_in_and_what_is_no_address_is_told(text: str, said: str) -> None:
    with pytest.raises(UntrustedProxy) as refused:
        trusted_networks(text)
    assert said in str(refused.value)


def test_every_faulty_part_is_told() -> None:
    with pytest.raises(UntrustedProxy) as refused:
        trusted_networks("127.0.0.1, x, 10.0.0.0/8, y")
    assert [fault.split(" ")[0] for fault in refused.value.faults] == [
        "'x'",
        "'10.0.0.0/8'",
        "'y'",
    ]


@given(st.text())
def test_any_text_is_networks_or_a_fault(text: str) -> None:
    try:
        found: list[object] = [*trusted_networks(text)]
    except UntrustedProxy as refused:
        found = [*refused.faults]
    assert found


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "short",
        "a" * 64,
        "ab" * 32,
        "changeme" * 6,
        "0123456789" * 5,
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "qwertyuiopasdfghjklzxcvbnm123456",
        "1122" * 9 + "3",
        "FPU-Operations-Dashboard-FPU-Operations-Dashboard",
        "FPU_Operations_Dashboard/FPU.Operations.Dashboard!",
        "Operations-FPU-Dashboard-FPU-Dashboard-Operations",
        "lamp wheel, wheel lamp; lamp wheel wheel lamp",
        "please-change-this-super-secret-key-in-production",
        "eulex.kosovo.mitrovica.prishtina.2026",
    ],
)
def test_a_secret_that_can_be_guessed_is_none(secret: str) -> None:
    fault = fault_of_secret(secret)
    assert fault is not None
    assert "secrets.token_urlsafe" in fault


def _base64(size: int) -> str:
    return b64encode(secrets.token_bytes(size)).decode()


def _digits(size: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(2 * size))


@pytest.mark.parametrize("size", [24, 32, 48, 64])
@pytest.mark.parametrize("make", [secrets.token_urlsafe, secrets.token_hex, _base64, _digits])
def test_random_secrets_are_taken(make: Callable[[int], str], size: int) -> None:
    assert [fault_of_secret(make(size)) for _ in range(300)] == [None] * 300


@given(st.binary(min_size=32, max_size=64).filter(lambda raw: len(set(raw)) > 24))
def test_no_encoding_of_random_bytes_is_refused(raw: bytes) -> None:
    encoded = (raw.hex(), urlsafe_b64encode(raw).decode(), b85encode(raw).decode())
    assert [fault_of_secret(one) for one in encoded] == [None] * 3
