"""What payloads are made of, and what a row of the catalogue says."""

from typing import Annotated, ClassVar
from uuid import UUID

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=0)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="lower-case hex SHA-256 of the content")]
Code = Annotated[str, Meta(pattern="^[A-Z][A-Z0-9_]{1,63}$", description="a code of the house, not a sentence")]
Slug = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,63}$")]
Version = Annotated[str, Meta(pattern="^[0-9A-Za-z][0-9A-Za-z.+-]{0,31}$")]
Identifier = Annotated[str, Meta(pattern="^[0-9A-Za-z][0-9A-Za-z._:/-]{0,127}$", description="an id, not a sentence")]


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """The data of one event type, named by `TYPE`; flat, so that an unknown field has nowhere to hide.

    `OPEN` describes the whole object where others choose its fields.
    """

    TYPE: ClassVar[str]
    OPEN: ClassVar[type | None] = None


class EventType(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the catalogue. `says`, `heard_by`: rooms. `external`: somebody outside the house may say it too."""

    payload: type[Payload]
    says: tuple[str, ...]
    heard_by: tuple[str, ...]
    example: Payload
    external: bool = False

    @property
    def type(self) -> str:
        return self.payload.TYPE


# Ids of the examples, made up.
DOCUMENT = UUID("0199a3c2-7d1e-7a40-9b6e-3f1d2c4b5a69")
OTHER = UUID("0199a3c2-8e2f-7b51-8c7f-4e2d3b5c6a78")
TENANT = UUID("01900000-0000-7000-8000-000000000001")
OWNER = UUID("01900000-0000-7000-8000-0000000000a1")
