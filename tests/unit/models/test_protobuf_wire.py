import pytest

from models.protobuf_wire import MalformedProtobuf, fields, integer, text, varint


def test_numbers_of_several_bytes_are_read():
    assert varint(memoryview(b"\xac\x02\x00"), 0) == (300, 2)


def test_all_wire_types_of_a_message_are_walked():
    data = memoryview(b"\x08\x05\x12\x02hi\x1d\1\2\3\4\x21\1\2\3\4\5\6\7\x08")
    assert [number for number, _ in fields(data)] == [1, 2, 3, 4]
    assert (integer(data, 1), text(data, 2)) == (5, "hi")


@pytest.mark.parametrize(
    "data", [b"\x12\x05hi", b"\x08", b"\x08" + b"\xff" * 11, b"\x0b", b"\x02\x01", b"\x1d\x01"]
)
def test_bytes_that_end_too_soon_or_make_no_sense_are_malformed(data):
    with pytest.raises(MalformedProtobuf):
        list(fields(memoryview(data)))


def test_a_name_that_is_not_utf8_is_malformed():
    with pytest.raises(MalformedProtobuf):
        text(memoryview(b"\x0a\x02\xff\xfe"), 1)
