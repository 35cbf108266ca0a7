import asyncio

import pytest

from loadtests.bench.http_client import Connection, ServerGone, request


def echo(method, path, body):
    return 200 if method == "GET" else 202, path.encode() + b" " + body


def asked(address, *requests):
    """The answers over one connection, in order."""

    async def ask():
        connection = Connection(address)
        try:
            return [await connection.ask(one) for one in requests]
        finally:
            connection.close()

    return asyncio.run(ask())


def test_it_sends_what_was_rendered_and_reads_status_and_body(serving):
    address = serving(echo)
    post = request(address, "POST", "/a", b"x" * 100_000, "X-More: 1\r\n")
    (answer,) = asked(address, post)
    assert answer.status == 202
    assert answer.body == b"/a " + b"x" * 100_000


def test_one_connection_serves_many_requests(serving):
    address = serving(echo)
    answers = asked(address, *(request(address, "GET", f"/{n}") for n in range(5)))
    assert [answer.body for answer in answers] == [b"/%d " % n for n in range(5)]


def test_a_server_that_hangs_up_is_told_and_asked_again_over_a_new_connection(serving):
    address = serving(echo)

    async def ask():
        connection = Connection(address)
        with pytest.raises(ServerGone):
            await connection.ask(request(address, "GET", "/gone"))
        answer = await connection.ask(request(address, "GET", "/back"))
        connection.close()
        return answer

    assert asyncio.run(ask()).body == b"/back "
