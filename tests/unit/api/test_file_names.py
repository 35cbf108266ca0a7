import pytest

from api.file_names import attachment, safe_name, safe_type


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("three.png", "three.png"),
        ("../../etc/passwd", "passwd"),
        (r"C:\temp\a b.png", "a b.png"),
        ("Bärenjagd 雪.jpg", "Bärenjagd 雪.jpg"),
        ("a\r\nSet-Cookie: x=1\0.png", "aSet-Cookie: x=1.png"),
        ("\u202egpj.exe", "gpj.exe"),
        ("", "file"),
        ("..", "file"),
        ("a/", "file"),
        ("é" * 200, "é" * 127),
    ],
)
def test_a_name_is_safe_to_repeat(sent: str, kept: str) -> None:
    assert safe_name(sent) == kept


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("image/png", "image/png"),
        ("Text/HTML; charset=utf-8", "text/html"),
        ("application/vnd.ms-excel.sheet+xml", "application/vnd.ms-excel.sheet+xml"),
        ("", "application/octet-stream"),
        ("png", "application/octet-stream"),
        ("a/b\r\nX: y", "application/octet-stream"),
        ("a/" + "b" * 64, "application/octet-stream"),
    ],
)
def test_a_type_is_one_or_unknown(sent: str, kept: str) -> None:
    assert safe_type(sent) == kept


def test_an_attachment_keeps_its_name_for_all_readers() -> None:
    assert attachment('a "ü".png') == (
        "attachment; filename=\"a ___.png\"; filename*=UTF-8''a%20%22%C3%BC%22.png"
    )
    attachment("雪\\%").encode("latin-1")
