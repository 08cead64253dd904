"""The address that a proxy tells, and that no client can choose it."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import create_environ
from werkzeug.wrappers import Request, Response

from api.proxy import TrustedProxy, address_in

OUTER, INNER = "192.0.2.7", "192.0.2.8"
CLIENT = "203.0.113.9"


def seen(
    named: str, asking: str, forwarded: str | None = None, **headers: str
) -> tuple[str | None, str]:
    """Address and root as the application sees them."""
    told: list[tuple[str | None, str]] = []

    @Request.application
    def application(request: Request) -> Response:
        told.append((request.remote_addr, request.host_url))
        return Response()

    if forwarded is not None:
        headers["X-Forwarded-For"] = forwarded
    environ = create_environ(headers=headers, base_url="http://fpu.example/")
    environ["REMOTE_ADDR"] = asking
    list(TrustedProxy(application, named)(environ, lambda *_: lambda _: None))  # type: ignore[arg-type]
    return told[0]


@pytest.mark.parametrize(
    ("told", "address"),
    [
        (CLIENT, CLIENT),
        (f"6.6.6.6, {CLIENT}", CLIENT),
        (f"6.6.6.6,{OUTER},{CLIENT}", CLIENT),
        (f"6.6.6.6, {OUTER}", OUTER),
        ("203.0.113.9:5678", CLIENT),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("::ffff:203.0.113.9", CLIENT),
        ("[::ffff:203.0.113.9]:80", CLIENT),
        ("fe80::1%eth0", "fe80::1"),
        ("6.6.6.6, unknown", OUTER),
        ("6.6.6.6, _hidden", OUTER),
        ("6.6.6.6,", OUTER),
        ("6.6.6.6, 203.0.113.9.1", OUTER),
        ("6.6.6.6, <script>", OUTER),
        ("", OUTER),
        (None, OUTER),
    ],
)
def test_one_proxy_tells_by_its_last_word(told: str | None, address: str) -> None:
    assert seen(OUTER, OUTER, told)[0] == address


@pytest.mark.parametrize(
    ("told", "address"),
    [
        (f"6.6.6.6, {CLIENT}, {OUTER}", CLIENT),
        (f"{CLIENT}, [{OUTER}]:80", CLIENT),
        (f"{CLIENT}, {OUTER}:80", CLIENT),
        (f"6.6.6.6, {CLIENT}", CLIENT),
        (f"6.6.6.6, {OUTER}, {OUTER}", OUTER),
        (f"6.6.6.6, {INNER}", INNER),
        ("6.6.6.6, garbage, " + OUTER, OUTER),
        (OUTER, OUTER),
        ("", INNER),
    ],
)
def test_of_two_named_proxies_each_stands_once_in_the_chain(told: str, address: str) -> None:
    assert seen(f"{OUTER}, {INNER}", INNER, told)[0] == address


def test_two_proxies_of_one_machine_are_named_twice() -> None:
    assert seen("127.0.0.1", "127.0.0.1", f"6.6.6.6, {CLIENT}, 127.0.0.1")[0] == "127.0.0.1"
    told = f"6.6.6.6, {CLIENT}, 127.0.0.1"
    assert seen("127.0.0.1,127.0.0.1", "127.0.0.1", told)[0] == CLIENT
    told = "6.6.6.6, 127.0.0.1, 127.0.0.1"
    assert seen("127.0.0.1,127.0.0.1", "127.0.0.1", told)[0] == "127.0.0.1"


def test_a_client_inside_a_named_network_chooses_nothing() -> None:
    named = f"{INNER}, 10.0.0.0/24"
    assert seen(named, "10.0.0.1", "6.6.6.6, 10.0.0.2")[0] == "10.0.0.2"
    assert seen(named, INNER, "6.6.6.6, 10.0.0.2")[0] == "10.0.0.2"


@pytest.mark.parametrize("asking", ["127.0.0.1", "::ffff:127.0.0.1", "::1"])
def test_the_proxy_is_known_however_its_address_is_written(asking: str) -> None:
    assert seen("127.0.0.1, ::1", asking, CLIENT)[0] == CLIENT


def test_nobody_else_is_believed() -> None:
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    assert seen(OUTER, "203.0.113.1", "6.6.6.6", **told) == ("203.0.113.1", "http://fpu.example/")
    assert seen(OUTER, "", "6.6.6.6", **told) == ("", "http://fpu.example/")
    assert seen(OUTER, "192.0.2.77", OUTER, **told) == ("192.0.2.77", "http://fpu.example/")


@pytest.mark.parametrize(
    ("told", "root"),
    [
        ({"X-Forwarded-Proto": "https"}, "https://fpu.example/"),
        ({"X-Forwarded-Proto": "gopher, https"}, "https://fpu.example/"),
        ({"X-Forwarded-Proto": "https, javascript"}, "http://fpu.example/"),
        ({"X-Forwarded-Proto": ""}, "http://fpu.example/"),
        ({"X-Forwarded-Host": "evil.example, ops.example:8443"}, "http://ops.example:8443/"),
        ({"X-Forwarded-Host": "[2001:db8::1]:8443"}, "http://[2001:db8::1]:8443/"),
        ({"X-Forwarded-Host": "a/b"}, "http://fpu.example/"),
        ({"X-Forwarded-Host": "a b"}, "http://fpu.example/"),
        ({"X-Forwarded-Host": ""}, "http://fpu.example/"),
        ({"X-Forwarded-Prefix": "/x", "X-Forwarded-Port": "99"}, "http://fpu.example/"),
    ],
)
def test_scheme_and_host_are_the_proxys_last_word(told: dict[str, str], root: str) -> None:
    assert seen(OUTER, OUTER, CLIENT, **told) == (CLIENT, root)


_WORDS = st.one_of(
    st.ip_addresses().map(str),
    st.sampled_from([OUTER, INNER, "127.0.0.1", "::1", "", "unknown", "6.6.6.6:1"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12),
)


@given(forged=st.lists(_WORDS, max_size=6).map(", ".join), client=st.ip_addresses())
def test_whatever_a_client_sends_it_is_counted_as_itself(forged: str, client: object) -> None:
    """Through one proxy, which adds whom it was asked by, and through two."""
    itself = str(address_in(str(client)))
    one = f"{forged}, {client}" if forged else str(client)
    assert seen(OUTER, OUTER, one)[0] == itself
    if itself != OUTER:
        assert seen(f"{OUTER}, {INNER}", INNER, f"{one}, {OUTER}")[0] == itself


@given(st.ip_addresses(), st.integers(0, 65535))
def test_a_port_changes_no_address(address: object, port: int) -> None:
    bare = str(address)
    wanted = ip_address(bare)
    if isinstance(wanted, IPv6Address):
        wanted = wanted.ipv4_mapped or wanted
        assert address_in(f"[{bare}]:{port}") == wanted
    else:
        assert address_in(f"{bare}:{port}") == wanted
    assert address_in(bare) == wanted


@given(st.text(max_size=30))
def test_reading_an_address_never_fails(text: str) -> None:
    found = address_in(text)
    assert found is None or address_in(str(found)) == found
