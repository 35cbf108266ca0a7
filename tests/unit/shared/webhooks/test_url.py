import pytest

from shared.errors import InvalidInput, InvalidWebhookUrl, WebhookAddressForbidden
from shared.webhooks.url import MAX_CHARS, parse_url

NO_URL = [
    "", "hooks.example.com", "//hooks.example.com/", "http://hooks.example.com/",
    "ftp://hooks.example.com/", "file:///etc/passwd", "gopher://hooks.example.com/",
    "javascript:alert(1)", "https:hooks.example.com", "https:/hooks.example.com", "https://",
    "https:///path", "https://u:p@hooks.example.com/", "https://u@hooks.example.com/",
    "https://hooks.example.com/#f", "https://hooks.example.com:22/", "https://hooks.example.com:25/",
    "https://hooks.example.com:6379/", "https://hooks.example.com:80/",
    "https://hooks.example.com:0/", "https://hooks.example.com:99999/",
    "https://hooks.example.com:/", "https://hooks.example.com/\r\nHost: other",
    "https://hooks.example.com/\n", " https://hooks.example.com/", "https://hooks.example.com/ ",
    "https://hooks.example.com/a b", "https://hooks.example.com\\@other.example.com/",
    "https://hooks.example.com/\\..", "https://hooks.example.com/%0", "https://%31%32%37.0.0.1/",
    "https://hooks.example.com/ä", "https://münchen.example/", "https://a..b.example/",
    "https://-a.example/", "https://a-.example/", f"https://{'a' * 64}.example/",
    f"https://{'a.' * 127}example/", "https://256.256.256.256/", "https://1.2.3.4.5/",
    "https://hooks.123/", "https://hooks.0x/", "https://[::1/",
    "https://[fe80::1%25eth0]/", "https://[::gggg]/", "https://[1.2.3.4]/",
    "https://8.8.8.8.:443@x/", "https://134744072/", "https://0x08080808/", "https://⑧.8.8.8/",
    "https://hooks.example.com/" + "a" * MAX_CHARS,
]  # fmt: skip
FORBIDDEN = [
    "127.0.0.1", "0", "0.0.0.0", "0x7f000001", "2130706433", "0177.0.0.1", "017700000001", "127.1",
    "127.0.1", "127.0.0.1.", "①②⑦.0.0.1", "\uff11\uff12\uff17.0.0.1", "127。0。0。1", "0X7F.1",
    "0x7f.0x0.0x0.0x1",
    "[::1]", "[::]", "[::ffff:7f00:1]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[fd00:ec2::254]",
    "[fe80::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "169.254.169.254",
    "0xa9fea9fe", "168.63.129.16", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1",
    "localhost", "LOCALHOST", "localhost.", "a.localhost", "metadata", "intranet",
    "metadata.google.internal", "printer.local", "router.lan", "x.localdomain", "nas.home.arpa",
]  # fmt: skip
ALLOWED = [
    "https://hooks.example.com", "https://hooks.example.com/", "HTTPS://Hooks.Example.COM/a?b=c",
    "https://hooks.example.com:443/", "https://hooks.example.com:8443/a/b;c=d?e=%2F&f=?",
    "https://xn--mnchen-3ya.example/", "https://a_b.example/", "https://8.8.8.8/",
    "https://[2600::1]/", "https://1e100.net/", "https://hooks.example.com./", "https://0x.example/",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_URL)
def test_what_is_no_plain_https_url_is_refused(text: str) -> None:
    with pytest.raises(InvalidWebhookUrl):
        parse_url(text)


@pytest.mark.parametrize("host", FORBIDDEN)
def test_an_address_that_is_not_public_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(WebhookAddressForbidden):
        parse_url(f"https://{host}/")


@pytest.mark.parametrize("text", ALLOWED)
def test_public_urls_are_allowed(text: str) -> None:
    assert parse_url(text).scheme == "https"


@pytest.mark.parametrize(
    "text", ["http://127.0.0.1:9/", "http://localhost:80/a", "https://[::1]:22/", "http://a.b.ex/"]
)
def test_development_allows_http_ports_and_this_machine(text: str) -> None:
    assert parse_url(text, development=True)


@pytest.mark.parametrize("host", sorted({*FORBIDDEN} - {"127.0.0.1"}))
def test_development_allows_this_machine_in_plain_spelling_alone(host: str) -> None:
    plain = ("localhost", "LOCALHOST", "localhost.", "a.localhost", "[::1]")
    loopback = (*plain, "[::ffff:7f00:1]", "[::ffff:127.0.0.1]")
    if host in loopback:
        assert parse_url(f"https://{host}/", development=True)
        return
    with pytest.raises(InvalidInput):
        parse_url(f"https://{host}/", development=True)


@pytest.mark.parametrize(
    ("text", "authority", "target"),
    [
        ("https://Hooks.example.com", "hooks.example.com", "/"),
        ("https://hooks.example.com:443/a?b=c", "hooks.example.com", "/a?b=c"),
        ("https://hooks.example.com:8443?b", "hooks.example.com:8443", "/?b"),
        ("https://[2600::1]:8443/a", "[2600::1]:8443", "/a"),
    ],
)
def test_what_is_sent_is_read_from_the_url(text: str, authority: str, target: str) -> None:
    url = parse_url(text)
    assert (url.authority, url.target) == (authority, target)
