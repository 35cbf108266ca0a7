import re

import pytest

from shared.access.keys import digest, make_key, read_id


def test_a_key_carries_its_id_and_says_what_it_is():
    key = make_key()
    assert read_id(key.text.encode()) == key.id
    assert re.fullmatch(r"queuecast_\w{8}_\w{49}", key.text)


def test_two_keys_share_nothing_but_their_form():
    one, other = make_key(), make_key()
    assert one.id != other.id
    assert one.text[-49:] != other.text[-49:]
    assert one.digest != other.digest


def test_the_digest_is_all_that_tells_of_a_key():
    key = make_key()
    assert key.digest == digest(key.text.encode())
    assert key.text not in repr(key)


@pytest.mark.parametrize("place", [0, 10, 19, 30, -1])
def test_a_changed_letter_is_seen_without_asking(place):
    text = bytearray(make_key().text.encode())
    text[place] = ord("a") if text[place] != ord("a") else ord("b")
    assert read_id(bytes(text)) is None


@pytest.mark.parametrize("text", [b"", b"queuecast_", b"\xff" * 68, b"x" * 9999])
def test_other_text_is_no_key(text):
    assert read_id(text) is None


def test_a_line_end_behind_a_key_is_no_part_of_it():
    assert read_id(make_key().text.encode() + b"\n") is None
