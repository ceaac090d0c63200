"""The server's own signing key: made at the first start, kept in its database, the same for every worker."""

import secrets as randomness
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, select

from sync.protocol import seals, signing
from sync.protocol.wire import Head, SignedDocument, SignedHead
from sync.server.database import Database
from sync.server.schema import secrets

_NAME = "signing"


class KeyStore:
    """The server's key in `database`, read once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def public(self) -> str:
        """The public half as text: what stations pin."""
        return signing.public_text(self._key.public_key())

    @property
    def id(self) -> str:
        """The key's id; people can compare its last part."""
        return seals.server_key_id(self.public)

    def head(self, device_id: str, head: Head) -> SignedHead:
        """The head, countersigned."""
        return seals.sign_head(self._key, device_id, head)

    def answer(self, device_id: str, epoch: str, body: bytes) -> tuple[str, str]:
        """The id of the key, and its signature under an answer that is carried by hand."""
        return seals.sign_answer(self._key, device_id, epoch, body)

    def document(self, kind: str, version: int, text: str) -> SignedDocument:
        """The document, signed."""
        return seals.sign_document(self._key, kind, version, text)

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        wanted = select(secrets.c.value).where(secrets.c.name == _NAME)
        with self._database.reading() as connection:
            value = connection.scalar(wanted)
        if value is None:
            with self._database.writing() as connection:
                value = connection.scalar(wanted)
                if value is None:
                    value = randomness.token_bytes(32)
                    connection.execute(insert(secrets).values(name=_NAME, value=value))
        return Ed25519PrivateKey.from_private_bytes(value)
