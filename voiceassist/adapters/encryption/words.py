"""Words of sealed texts as blind indexes: PostgreSQL ranks by words that it cannot read.

PostgreSQL takes a text or a question apart as it does with any other, in memory: parser, stems, stop words, positions.
Every stem is then replaced by its blind index under a key of the tenant, before anything is stored. `ts_rank` looks at
positions, weights and equality alone, so rankings are those of the plain words.

What whoever holds the store still sees: which passages of a tenant share a word and how often, not which word. Who
knows a corpus of the same kind can guess frequent words from that (docs/reference/encryption.md).
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from voiceassist.adapters.encryption.keys import TenantKeys

# One namespace for everything that one question is asked of: title, headings and text.
NAMESPACE = "documents.words"
# 72 bits, 12 characters: among a million stems two meet once in ten billion tenants.
STEM_BYTES = 9

# A stem in the text forms of tsvector and tsquery: quotes and backslashes inside are doubled.
_STEM = re.compile(r"'((?:[^'\\]|''|\\\\)*)'")
_TAKEN_APART = """
select to_tsvector('english', given)::text from unnest(cast(:texts as text[])) with ordinality as t(given, place)
order by place
"""
_ASKED = "select websearch_to_tsquery('english', :wording)::text"


@dataclass(frozen=True, slots=True)
class Asked:
    """A tsquery in blind words, and as it is for rows that an older release wrote in clear."""

    blind: str
    clear: str


async def vectors(connection: "AsyncConnection", keys: "TenantKeys", texts: Sequence[str]) -> list[str]:
    """A tsvector in blind words for each text, to be cast by the statement that stores it."""
    from sqlalchemy import text

    rows = await connection.execute(text(_TAKEN_APART), {"texts": list(texts)})
    return [blinded(keys, row[0]) for row in rows]


async def asked(connection: "AsyncConnection", keys: "TenantKeys", wording: str) -> Asked:
    """`wording` as websearch_to_tsquery takes it."""
    from sqlalchemy import text

    clear = str((await connection.execute(text(_ASKED), {"wording": wording})).scalar_one())
    return Asked(blinded(keys, clear), clear)


def blinded(keys: "TenantKeys", form: str) -> str:
    """The text form of a tsvector or tsquery with every stem replaced."""
    return _STEM.sub(lambda found: f"'{stem(keys, found[1])}'", form)


def stem(keys: "TenantKeys", value: str) -> str:
    return base64.urlsafe_b64encode(keys.blind(NAMESPACE, value.encode())[:STEM_BYTES]).decode()
