"""What is taken from the URL of a broker, and that nothing else comes of any text."""

import string
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketio_operator.desired.broker_url import BrokerAddress, BrokerUrlError, parse
from tests.unit.brokers.asking import SCHEMES


def read(url: str) -> BrokerAddress:
    return parse(url, SCHEMES)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://h", BrokerAddress("redis", "", "", (("h", 6379),), "", False, False)),
        (
            " rediss://:p%40s@h.team.svc.:1/2\n",
            BrokerAddress("rediss", "", "p@s", (("h.team.svc.", 1),), "2", True, True),
        ),
        ("redis://u:p:@q@[::1]", BrokerAddress("redis", "u", "p:@q", (("::1", 6379),), "", False, False)),
        (
            "postgresql://%C3%BC:@a:1,[FE80::2]:65535,10.0.0.1/d%20b?sslmode=require&host=/tmp",
            BrokerAddress(
                "postgresql", "ü", "", (("a", 1), ("fe80::2", 65535), ("10.0.0.1", 5432)), "d b", True, False
            ),
        ),
        (
            "postgres://h/?sslmode=disable&sslmode=verify-full",
            BrokerAddress("postgres", "", "", (("h", 5432),), "", True, True),
        ),
        ("postgres://h?sslmode=prefer", BrokerAddress("postgres", "", "", (("h", 5432),), "", False, False)),
        (
            "mongodb://u:p@a,b:2/db?tls=true&authsource=%24external&authMechanism=MONGODB-X509&socketTimeoutMS=9",
            BrokerAddress("mongodb", "u", "p", (("a", 27017), ("b", 2)), "db", True, True, "$external", "MONGODB-X509"),
        ),
        ("mongodb+srv://a.b.c", BrokerAddress("mongodb+srv", "", "", (("a.b.c", 0),), "", True, True)),
        ("mongodb+srv://a.b.c/?tls=false", BrokerAddress("mongodb+srv", "", "", (("a.b.c", 0),), "", False, False)),
    ],
)
def test_what_is_taken(url: str, expected: BrokerAddress) -> None:
    assert read(url) == expected


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "/db",
        "u:p@",
        "h:",
        "h:0",
        "h:65536",
        "h:+1",
        "h:1_0",
        "h:¹",
        "h:999999999999999999999999",
        "h:1:2",
        "h,",
        "[::1",
        "[::1]1",
        "[::1]:",
        "[1.2.3.4]",
        "[fe80::1%25eth0]",
        "[fe80::1%eth0]",
        "::1",
        "-h",
        "h..i",
        ".",
        "*",
        "%68",
        "/%2Ftmp",
        "%2Ftmp/d",
        "hö",
        "h i",
        "h\ti",
        "h\0",
        "u:p%00@h",
        "u%0A:p@h",
        "u%7F:p@h",
        "u%C2%85@h",
        "u%E2%80%A8@h",
        "h/%0d",
        "u:p%@h",
        "u:p%4@h",
        "u:p%zz@h",
        "u:%ff@h",
        "h?a=%",
        "h#f",
        "u:p#q@h",
        "u:p/q@h",
        "u:p?q@h",
        "127.1",
        "0x7f000001",
        "2130706433",
        "1.2.3.256",
        "01.2.3.4",
        "h.0x7f",
        "a" * 64,
        "a." * 127,
        "h/" + "d" * 4096,
        "u\u2028@h",
        "u\ud800@h",
    ],
)
@pytest.mark.parametrize("scheme", ["redis", "postgres", "mongodb"])
def test_what_is_refused(scheme: str, rest: str) -> None:
    if rest == "/%2Ftmp" or (rest, scheme) == ("h,", "redis"):
        rest = ""
    with pytest.raises(BrokerUrlError):
        read(f"{scheme}://{rest}")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "redis",
        "redis:/h",
        "REDIS://h",
        "http://h",
        "://h",
        "redis://a,b",
        "mongodb+srv://a,b",
        "mongodb+srv://a:27017",
        "mongodb+srv://10.0.0.1",
        "mongodb+srv://[::1]",
    ],
)
def test_schemes_and_their_hosts(url: str) -> None:
    with pytest.raises(BrokerUrlError):
        read(url)


def test_a_scheme_of_another_adapter() -> None:
    with pytest.raises(BrokerUrlError):
        parse("redis://h", ("postgres", "postgresql"))


def test_the_password_is_not_shown() -> None:
    assert "secret" not in repr(read("redis://user:secret@h"))


@pytest.mark.parametrize(
    ("hosts", "within"),
    [
        ("localhost", True),
        ("LocalHost.,127.9.9.9,[::1],0.0.0.0,[::ffff:127.0.0.1]", True),
        ("localhost,h", False),
        ("10.0.0.1", False),
        ("localhost.team.svc", False),
    ],
)
def test_hosts_within_a_pod(hosts: str, within: bool) -> None:
    assert read(f"postgres://{hosts}").within_pod is within


PIECES = st.sampled_from(
    [*SCHEMES, "://", ":", "@", "/", "?", "#", "[", "]", "%", "%41", "%00", "&", "=", ",", "tls=true"]
)
URLS = st.lists(st.one_of(PIECES, st.text(max_size=4), st.text(string.hexdigits + ".:", max_size=6))).map("".join)


@given(st.one_of(st.text(), URLS, URLS.map("mongodb://".__add__), URLS.map("postgres://u:p@h".__add__)))
def test_any_text_is_a_sane_address_or_an_error(text: str) -> None:
    try:
        address = read(text)
    except BrokerUrlError:
        return
    assert address.scheme in SCHEMES
    assert address.hosts
    for host, port in address.hosts:
        assert host.isascii()
        assert set(host) <= set(string.ascii_letters + string.digits + "._-:")
        assert 0 < port < 65536 or address.scheme == "mongodb+srv"
    for value in (address.user, address.password, address.database, address.auth_source, address.auth_mechanism):
        assert "\0" not in value
        assert "\n" not in value
        value.encode()


@given(st.text(), st.text(), st.text())
def test_credentials_come_back(user: str, password: str, database: str) -> None:
    try:
        parts = [quote(part, safe="") for part in (user, password, database)]
    except UnicodeEncodeError:
        return
    try:
        address = read("postgres://{}:{}@h/{}".format(*parts))
    except BrokerUrlError:
        assert any(not part.isprintable() for part in (user, password, database)) or sum(map(len, parts)) > 4000
    else:
        assert (address.user, address.password, address.database) == (user, password, database)


@given(st.text(st.characters(categories=["L", "N"]), min_size=6), URLS)
def test_an_error_shows_nothing_of_the_url(secret: str, rest: str) -> None:
    with pytest.raises(BrokerUrlError) as caught:
        read(f"redis://u:{secret}@{rest} ?")
    assert secret not in str(caught.value) or secret in "holds control characters or spaces"
