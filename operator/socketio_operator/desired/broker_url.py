"""The URL of an external broker, as its Secret holds it: strictly parsed, for where and as whom to log in.

Options steer a client (timeouts, files, address families), so all but the few named here are ignored.
"""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

MOST_CHARACTERS = 4096
SRV_SCHEME = "mongodb+srv"
_PORTS = {"redis": 6379, "rediss": 6379, "postgres": 5432, "postgresql": 5432, "mongodb": 27017, SRV_SCHEME: 0}
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


class BrokerUrlError(ValueError):
    """A URL that cannot be used. The message says why and holds no part of the URL."""


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where and as whom to log in.

    `hosts`: names or literals (IPv6 without brackets) with ports; one name with port 0 for `mongodb+srv`.
    `user`, `password` and `database` are decoded, empty if not given. `tls`: only over TLS; `verified`: only with a
    certificate that holds. `auth_source` and `auth_mechanism` are MongoDB's options, empty if not given.
    """

    scheme: str
    user: str
    password: str = field(repr=False)
    hosts: tuple[tuple[str, int], ...]
    database: str
    tls: bool
    verified: bool
    auth_source: str = ""
    auth_mechanism: str = ""

    @property
    def within_pod(self) -> bool:
        """Whether every host is the pod itself (a sidecar's proxy): nobody else can ask there."""
        return all(_is_own(host) for host, _ in self.hosts)


def parse(url: str, schemes: tuple[str, ...]) -> BrokerAddress:
    """The address in a URL of one of these schemes. Raises BrokerUrlError for all that is not plainly well-formed."""
    text = url.strip()
    if len(text) > MOST_CHARACTERS:
        raise BrokerUrlError(f"longer than {MOST_CHARACTERS} characters")
    if not text.isprintable() or any(character.isspace() for character in text):
        raise BrokerUrlError("holds control characters or spaces")
    if _ESCAPE.search(text):
        raise BrokerUrlError("holds a % that begins no escape")
    scheme, found, rest = text.partition("://")
    if not found or scheme not in schemes or scheme not in _PORTS:
        raise BrokerUrlError("has another scheme")
    if "#" in rest:
        raise BrokerUrlError("holds a # that is not escaped")
    return _address(scheme, rest)


def _address(scheme: str, rest: str) -> BrokerAddress:
    before, _, query = rest.partition("?")
    authority, _, path = before.partition("/")
    credentials, _, places = authority.rpartition("@")
    user, _, password = credentials.partition(":")
    options = _options(query)
    tls, verified = _tls(scheme, options)
    mongo = scheme.startswith("mongodb")
    return BrokerAddress(
        scheme=scheme,
        user=_decoded(user),
        password=_decoded(password),
        hosts=_hosts(scheme, places),
        database=_decoded(path),
        tls=tls,
        verified=verified,
        auth_source=_decoded(options.get("authsource", "")) if mongo else "",
        auth_mechanism=_decoded(options.get("authmechanism", "")) if mongo else "",
    )


def _options(query: str) -> dict[str, str]:
    """Names in lower case, as MongoDB's are in any case; of several the last counts."""
    pairs = (option.partition("=") for option in query.split("&"))
    return {name.lower(): value for name, _, value in pairs}


def _tls(scheme: str, options: dict[str, str]) -> tuple[bool, bool]:
    if scheme.startswith("redis"):
        return scheme == "rediss", scheme == "rediss"
    if scheme.startswith("postgres"):
        mode = options.get("sslmode", "")
        return mode in ("require", "verify-ca", "verify-full"), mode in ("verify-ca", "verify-full")
    chosen = [options[name] for name in ("tls", "ssl") if name in options]
    tls = "true" in chosen or (scheme == SRV_SCHEME and "false" not in chosen)
    return tls, tls


def _hosts(scheme: str, places: str) -> tuple[tuple[str, int], ...]:
    hosts = tuple(_host(place, _PORTS[scheme]) for place in places.split(","))
    if len(hosts) > 1 and (scheme.startswith("redis") or scheme == SRV_SCHEME):
        raise BrokerUrlError("names more than one host")
    if scheme == SRV_SCHEME and (":" in places or _is_literal(hosts[0][0])):
        raise BrokerUrlError("needs one name without a port")
    return hosts


def _host(place: str, port: int) -> tuple[str, int]:
    if place.startswith("["):
        literal, closed, after = place[1:].partition("]")
        if not closed or (after and not after.startswith(":")):
            raise BrokerUrlError("has a malformed IPv6 address")
        return _ipv6(literal), _port(after[1:]) if after else port
    name, colon, number = place.partition(":")
    return _name(name), _port(number) if colon else port


def _ipv6(literal: str) -> str:
    try:
        address = ipaddress.IPv6Address(literal)
    except ValueError:
        raise BrokerUrlError("has a malformed IPv6 address") from None
    if address.scope_id is not None:
        raise BrokerUrlError("has an IPv6 address with a zone")
    return str(address)


def _name(name: str) -> str:
    labels = name.removesuffix(".").split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise BrokerUrlError("has a malformed host")
    # What ends in a number is an IPv4 address, and some resolvers know old notations of them (127.1, 0x7f000001).
    if _NUMERIC_LABEL.fullmatch(labels[-1]) and not _is_literal(name):
        raise BrokerUrlError("has a malformed IPv4 address")
    return name


def _port(number: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", number) or not 0 < int(number) < 65536:
        raise BrokerUrlError("has a port that is not one of 1 to 65535")
    return int(number)


def _decoded(text: str) -> str:
    try:
        decoded = unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise BrokerUrlError("holds escapes that are not UTF-8") from None
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in decoded):
        raise BrokerUrlError("holds an escaped control character")
    return decoded


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_own(host: str) -> bool:
    if not _is_literal(host):
        return host.lower().removesuffix(".") == "localhost"
    address = ipaddress.ip_address(host)
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped.is_loopback or mapped.is_unspecified
