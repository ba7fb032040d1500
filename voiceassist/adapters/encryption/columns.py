"""Sealed columns: how a text of a row becomes bytes and back.

    TITLE = Column("documents", "title_sealed")
    TITLE.seal(keys, document_id, "…")  # for the insert
    TITLE.open(keys, document_id, row["title_sealed"])

A room declares its columns beside its statements and names them in SEALED of its store, so that a rotation finds them.
"""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voiceassist.adapters.crypto import SealBrokenError
from voiceassist.adapters.encryption.keys import FORMAT, version_of

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from voiceassist.adapters.encryption.keys import TenantKeys


@dataclass(frozen=True, slots=True)
class Column:
    """A bytea column. `key` names the primary key; `purpose` is what older releases derived the column's key for.

    `bound_to`: the column a value was sealed for, where SQL moves it to this one.
    `plain`: the column in which older releases kept the text in clear.
    """

    table: str
    name: str
    key: str = "id"
    purpose: str = ""
    bound_to: str = ""
    plain: str = ""

    def place(self, row: object) -> str:
        return f"{self.table}|{self.bound_to or self.name}|{row}"

    def seal(self, keys: "TenantKeys", row: object, text: str) -> bytes:
        return keys.seal(text.encode(), place=self.place(row))

    def open(self, keys: "TenantKeys", row: object, sealed: bytes) -> str:
        """Raises SealBrokenError."""
        return keys.unseal(bytes(sealed), place=self.place(row), purpose=self.purpose).decode()

    def open_or(self, keys: "TenantKeys", row: object, sealed: bytes | None, plain: str) -> str:
        """`plain` for a row that was written before the column was sealed."""
        return plain if sealed is None else self.open(keys, row, sealed)


BATCH = 200


async def reseal(
    connection: "AsyncConnection", column: Column, keys: "TenantKeys", *, after: object = None, batch: int = BATCH
) -> tuple[int, object]:
    """Seal a batch of rows under the current key that are under another one; returns how many, and the last row's key.

    A row that somebody writes meanwhile is left as they wrote it: the update asks for the value it has read; one that
    does not open stays as it is. None as the last key: no row is left behind `after`.
    """
    from sqlalchemy import text

    found = await connection.execute(
        text(
            f"select {column.key} as row, {column.name} as sealed from {column.table}"  # noqa: S608 - our own names
            f" where {column.name} is not null and substring({column.name} from 1 for 5) <> :head"
            f" and (cast(:after as text) is null or {column.key} > cast(cast(:after as text) as uuid))"
            f" order by {column.key} limit :batch"
        ),
        {"head": _head(keys), "after": None if after is None else str(after), "batch": batch},
    )
    rows = found.all()
    count = 0
    for row, sealed in rows:
        try:
            values = {"row": row, "before": sealed, "after": column.seal(keys, row, column.open(keys, row, sealed))}
        except SealBrokenError:
            continue
        done = await connection.execute(
            text(
                f"update {column.table} set {column.name} = :after"  # noqa: S608
                f" where {column.key} = :row and {column.name} = :before"
            ),
            values,
        )
        count += done.rowcount
    return count, rows[-1][0] if len(rows) == batch else None


async def versions(connection: "AsyncConnection", column: Column) -> dict[int, int]:
    """How many values there are by the number of their data key; 0: of an older release, or not sealed yet."""
    from sqlalchemy import text

    clear = f" union all select null from {column.table} where {column.name} is null and {column.plain} <> ''"  # noqa: S608
    found = await connection.execute(
        text(
            f"select substring(v from 1 for case get_byte(v, 0) when {FORMAT} then 5 else 1 end) as head, count(*)"  # noqa: S608
            f" from (select {column.name} as v from {column.table} where length({column.name}) > 5"
            f"{clear if column.plain else ''}) each group by head"
        )
    )
    counts: Counter[int] = Counter()
    for head, count in found.all():
        counts[version_of(bytes(head or b""))] += count
    return dict(counts)


def _head(keys: "TenantKeys") -> bytes:
    return bytes([FORMAT]) + keys.current.to_bytes(4, "big")
