import socket

import pytest

from deploy.local.listener import listen, url_of
from shared.errors import StartupRefused


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.8.8.8"])
def test_a_loopback_host_is_served_on_a_free_port(host):
    with listen(host, 0) as listener:
        assert url_of(listener).startswith("http://127.")


@pytest.mark.parametrize("host", ["example.org", "", "256.0.0.1", "0"])
def test_a_name_is_no_address(host):
    with pytest.raises(StartupRefused, match="give an IP address"):
        listen(host, 0)


def test_what_listens_everywhere_is_reached_over_loopback():
    with listen("0.0.0.0", 0) as listener:
        assert url_of(listener).startswith("http://127.0.0.1:")


def test_a_taken_port_is_refused_in_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartupRefused) as refused:
            listen("127.0.0.1", port)
    assert refused.value.detail == f"cannot listen on 127.0.0.1:{port}: Address already in use"


def test_the_address_of_ipv6_stands_in_brackets():
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with listen("::1", 0) as listener:
        assert url_of(listener).startswith("http://[::1]:")
