from __future__ import annotations

import pytest

from security.addresses import client_address, networks_of

PROXIES = ["10.0.0.0/8", "192.0.2.7", "2001:db8:1::/48"]


@pytest.mark.parametrize(
    ("socket", "header", "expected"),
    [
        ("198.51.100.9", "", "198.51.100.9"),
        ("198.51.100.9", "203.0.113.1", "198.51.100.9"),
        ("10.1.2.3", "203.0.113.1", "203.0.113.1"),
        ("10.1.2.3", "6.6.6.6, 203.0.113.1", "203.0.113.1"),
        ("10.1.2.3", "6.6.6.6, 203.0.113.1, 10.9.9.9", "203.0.113.1"),
        ("10.1.2.3", "6.6.6.6,203.0.113.1 , 192.0.2.7,10.9.9.9", "203.0.113.1"),
        ("10.1.2.3", "192.0.2.7, 10.9.9.9", "192.0.2.7"),
        ("10.1.2.3", "10.5.5.5", "10.5.5.5"),
        ("192.0.2.8", "203.0.113.1", "192.0.2.8"),
    ],
)
def test_only_trusted_proxies_speak_for_a_client(socket: str, header: str, expected: str) -> None:
    assert client_address(socket, header, PROXIES) == expected


def test_without_proxies_the_header_is_never_read() -> None:
    assert client_address("10.1.2.3", "203.0.113.1", []) == "10.1.2.3"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "unknown",
        "203.0.113.1, unknown",
        "203.0.113.1,",
        "203.0.113.1;10.1.1.1",
        "999.1.1.1",
        "203.0.113.1\r\nX: y",
        "<script>",
        "\x00",
        "1:2",
        "010.0.0.1",
        "203.0.113.1 10.0.0.1",
    ],
)
def test_garbage_gives_the_address_of_the_socket(header: str) -> None:
    assert client_address("10.1.2.3", header, PROXIES) == "10.1.2.3"


def test_padding_in_front_never_hides_the_client() -> None:
    real = "203.0.113.9, 10.0.0.1"
    for padding in (1, 39, 40, 41, 500):
        header = ", ".join([*["10.0.0.9"] * padding, real])
        assert client_address("10.1.2.3", header, PROXIES) == "203.0.113.9"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("2001:DB8:5::0001", "2001:db8:5::1"),
        ("[2001:db8:5::1]:443", "2001:db8:5::1"),
        ("203.0.113.1:55555", "203.0.113.1"),
        ("::ffff:203.0.113.1", "203.0.113.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("6.6.6.6, 2001:db8:9::9, 2001:db8:1:2::3", "2001:db8:9::9"),
    ],
)
def test_addresses_are_written_one_way(header: str, expected: str) -> None:
    assert client_address("2001:db8:1::5", header, PROXIES) == expected


def test_a_mapped_socket_address_is_compared_as_what_it_means() -> None:
    assert client_address("::ffff:10.1.2.3", "203.0.113.1", PROXIES) == "203.0.113.1"


def test_a_proxy_behind_a_unix_socket_must_be_named() -> None:
    assert client_address("", "203.0.113.1", PROXIES) == ""
    assert client_address("", "203.0.113.1", [*PROXIES, "unix"]) == "203.0.113.1"


def test_a_socket_that_is_no_address_gives_nothing() -> None:
    assert client_address("not an address", "203.0.113.1", PROXIES) == ""


def test_a_list_of_proxies_with_a_typing_error_is_refused() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/99"):
        networks_of(["10.0.0.0/99"])
