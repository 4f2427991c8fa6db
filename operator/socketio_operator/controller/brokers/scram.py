"""The client's side of SCRAM (RFC 5802, RFC 7677): no channel binding, and a bound of the iterations asked for."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import re
import secrets
import stringprep
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from socketio_operator.controller.brokers.limits import AnsweredError
from socketio_operator.plan.broker import BrokerAnswer

SHA_256 = "SCRAM-SHA-256"
SHA_1 = "SCRAM-SHA-1"
_DIGESTS = {SHA_256: "sha256", SHA_1: "sha1"}
_HEADER = "n,,"
_SERVER_FIRST = re.compile(r"r=([\x21-\x2b\x2d-\x7e]{1,256}),s=([A-Za-z0-9+/=]{1,256}),i=([1-9][0-9]{0,9})(,.*)?")
# Of their own: the loop's default pool serves other work, which a server that asks for many rounds must not hold up.
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="scram")


class Scram:
    """One login: `first()`, then `final(server's first)`, then `verify(server's final)`.

    `password` is prepared already. Raises AnsweredError for a message that is malformed or asks for more than `rounds`.
    """

    def __init__(self, mechanism: str, user: str, password: bytes, rounds: int, nonce: str | None = None) -> None:
        self._digest = _DIGESTS[mechanism]
        self._password = password
        self._rounds = rounds
        self._nonce = nonce or base64.b64encode(secrets.token_bytes(18)).decode()
        escaped = user.replace("=", "=3D").replace(",", "=2C")
        self._first = f"n={escaped},r={self._nonce}"
        self._signature: bytes | None = None

    def first(self) -> bytes:
        """The client's first message."""
        return (_HEADER + self._first).encode()

    async def final(self, server_first: bytes) -> bytes:
        """The client's final message: the proof. PBKDF2 runs in a thread."""
        nonce, salt, rounds = self._challenge(server_first)
        salted = await asyncio.get_running_loop().run_in_executor(
            _threads, hashlib.pbkdf2_hmac, self._digest, self._password, salt, rounds
        )
        without_proof = f"c={base64.b64encode(_HEADER.encode()).decode()},r={nonce}"
        signed = b",".join((self._first.encode(), server_first, without_proof.encode()))
        client_key = self._hmac(salted, b"Client Key")
        stored_key = hashlib.new(self._digest, client_key).digest()
        mask = self._hmac(stored_key, signed)
        proof = bytes(one ^ other for one, other in zip(client_key, mask, strict=True))
        self._signature = self._hmac(self._hmac(salted, b"Server Key"), signed)
        return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()

    def verify(self, server_final: bytes) -> None:
        """Returns if the server knows the password, too. Raises AnsweredError: REFUSED for its error, else FOREIGN."""
        if server_final.startswith(b"e="):
            raise AnsweredError(BrokerAnswer.REFUSED)
        given = _decoded(server_final[2:].partition(b",")[0]) if server_final.startswith(b"v=") else b""
        if self._signature is None or not hmac.compare_digest(given, self._signature):
            raise AnsweredError(BrokerAnswer.FOREIGN)

    def _challenge(self, server_first: bytes) -> tuple[str, bytes, int]:
        found = _SERVER_FIRST.fullmatch(server_first.decode("latin-1"))
        if not found:
            raise AnsweredError(BrokerAnswer.FOREIGN)
        nonce, salt, rounds = found.group(1), _decoded(found.group(2).encode()), int(found.group(3))
        grown = nonce.startswith(self._nonce) and len(nonce) > len(self._nonce)
        if not grown or not salt or rounds > self._rounds:
            raise AnsweredError(BrokerAnswer.FOREIGN)
        return nonce, salt, rounds

    def _hmac(self, key: bytes, message: bytes) -> bytes:
        return hmac.digest(key, message, self._digest)


def prepared(password: str) -> bytes:
    """SASLprep (RFC 4013) in UTF-8; a password that it forbids stays as it is, as PostgreSQL does it."""
    if password.isascii():
        return password.encode()
    mapped = "".join(
        " " if stringprep.in_table_c12(character) else character
        for character in password
        if not stringprep.in_table_b1(character)
    )
    normal = unicodedata.normalize("NFKC", mapped)
    return (password if not normal or _forbidden(normal) else normal).encode()


def _forbidden(text: str) -> bool:
    tables = (
        stringprep.in_table_a1,
        stringprep.in_table_c12,
        stringprep.in_table_c21_c22,
        stringprep.in_table_c3,
        stringprep.in_table_c4,
        stringprep.in_table_c5,
        stringprep.in_table_c6,
        stringprep.in_table_c7,
        stringprep.in_table_c8,
        stringprep.in_table_c9,
    )
    if any(table(character) for table in tables for character in text):
        return True
    if not any(map(stringprep.in_table_d1, text)):
        return False
    inside = any(map(stringprep.in_table_d2, text))
    return inside or not (stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1]))


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
