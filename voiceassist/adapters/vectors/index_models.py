"""Which model serves the passages of a tenant, and how another one takes its place while they are searched.

Every passage holds the vector of the serving model; a change of models fills the second place of each, in batches that
commit one by one, so a crash loses the work of one batch. When no passage is left, one row names the new model and
searches follow it. The old vectors stay for who asked a moment before, and are then dropped.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from voiceassist.adapters.encryption.keyring import Keyring
from voiceassist.adapters.postgres import Database
from voiceassist.adapters.vectors import sealing
from voiceassist.core.identity import Principal
from voiceassist.ports.embedding import Embedder, Model
from voiceassist.ports.vectors import Chunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy.ext.asyncio import AsyncConnection

    from voiceassist.adapters.encryption.keys import TenantKeys

BATCH = 32
# Longer than any request lasts: until then vectors of the model before are kept.
GRACE_SECONDS = 120

_REGISTER = """
insert into embedding_models (id, name, weights, dimension, pooling, max_tokens, quantisation)
values (:id, :name, :weights, :dimension, :pooling, :max_tokens, :quantisation) on conflict (id) do nothing
"""
_TENANT = "nullif(current_setting('app.tenant', true), '')::uuid"
_ADOPT = f"""
insert into passage_indexes (tenant_id, model_id) values ({_TENANT}, :id) on conflict do nothing
"""  # noqa: S608 - constants only
_SERVING = "select model_id, previous_model_id from passage_indexes"
_PENDING = "embedding_model <> :model and next_model is distinct from :model"
_TO_EMBED = f"""
select c.id, c.document_id, c.updated_at, c.heading, c.heading_sealed, c.content, c.content_sealed,
    d.title, d.title_sealed
from chunks c join documents d on d.id = c.document_id
where {_PENDING} order by c.id limit :limit
"""  # noqa: S608 - constants only
# A passage that was written anew meanwhile keeps out: its text is another one, and it comes in the next batch.
_FILL = """
update chunks set next_embedding = cast(:vector as halfvec), next_model = :model
where id = :id and updated_at = :seen
"""
_SWITCH = f"""
update passage_indexes set previous_model_id = model_id, model_id = :model, updated_at = now()
where model_id <> :model and not exists (select 1 from chunks where {_PENDING})
"""  # noqa: S608 - constants only
# The second condition is for two that settle at once: whoever waited for a row looks at it again.
_SETTLE = """
update chunks set embedding = next_embedding, embedding_model = next_model, next_embedding = null, next_model = null
where id in (select id from chunks where next_model = :model order by id limit :limit) and next_model = :model
"""
_FORGET = """
update passage_indexes set previous_model_id = null
where model_id = :model and not exists (select 1 from chunks where embedding_model <> :model)
"""
_RESTED = "select updated_at < now() - make_interval(secs => :grace) from passage_indexes where model_id = :model"


@dataclass(frozen=True, slots=True)
class Serving:
    """`model_id` is empty for a tenant without passages; `previous` was replaced a moment ago, its vectors remain."""

    model_id: str = ""
    previous: str | None = None

    def takes(self, model_id: str) -> bool:
        return self.model_id in {"", model_id} or self.previous == model_id


async def serving(connection: "AsyncConnection") -> Serving:
    """Of the tenant for whom the transaction acts."""
    from sqlalchemy import text

    row = (await connection.execute(text(_SERVING))).first()
    return Serving() if row is None else Serving(row[0], row[1])


async def held(connection: "AsyncConnection", model: Model) -> Serving:
    """As `serving`, where nothing serves yet `model` does from now on; no change until the transaction ends."""
    from sqlalchemy import text

    found = (await connection.execute(text(f"{_SERVING} for share"))).first()
    if found is None:
        await connection.execute(text(_REGISTER), asdict(model) | {"id": model.id})
        await connection.execute(text(_ADOPT), {"id": model.id})
        found = (await connection.execute(text(f"{_SERVING} for share"))).one()
    return Serving(found[0], found[1])


@dataclass(frozen=True, slots=True)
class Reembedding:
    """The passages of one tenant under the model of `embedder`; `actor` is a service of that tenant."""

    database: Database
    keyring: Keyring
    actor: Principal
    embedder: Embedder
    batch: int = BATCH
    grace_seconds: float = GRACE_SECONDS

    async def run(self, *, go_on: Callable[[], bool] = lambda: True) -> bool:
        """Fill, switch, and drop what is no longer asked for; whether the model serves now.

        Ends early when `go_on` says no, and goes on there the next time. Two that run at once do the same work twice
        and no harm.
        """
        while await self._fill():
            if not go_on():
                return False
        if not await self._switch():
            return False
        while await self._settle():
            if not go_on():
                break
        return True

    async def _fill(self) -> bool:
        """One batch; whether there was one."""
        from sqlalchemy import text

        model = self.embedder.model
        async with self.database.transaction(self.actor) as connection:
            await connection.execute(text(_REGISTER), asdict(model) | {"id": model.id})
            given = {"model": model.id, "limit": self.batch}
            rows = (await connection.execute(text(_TO_EMBED), given)).mappings().all()
        if not rows:
            return False
        keys = await self.keyring.of(self.actor.tenant_id)
        passages = [_passage(keys, row) for row in rows]
        # Outside of any transaction: this is what takes long.
        vectors = await asyncio.to_thread(self.embedder.embed_passages, [passage.searchable for passage in passages])
        filled = [
            {"id": row["id"], "seen": row["updated_at"], "model": model.id, "vector": literal(vector)}
            for row, vector in zip(rows, vectors, strict=True)
        ]
        async with self.database.transaction(self.actor) as connection:
            await connection.execute(text(_FILL), filled)
        return True

    async def _switch(self) -> bool:
        """Name the new model if no passage lacks it; the row's lock keeps out who writes with the old one."""
        from sqlalchemy import text

        given = {"model": self.embedder.model.id}
        async with self.database.transaction(self.actor) as connection:
            # The lock first: a statement sees what was there when it began, not what a writer before us left.
            await connection.execute(text(f"{_SERVING} for update"))
            await connection.execute(text(_SWITCH), given)
            now = await serving(connection)
        return now.model_id in {"", self.embedder.model.id}

    async def _settle(self) -> bool:
        """Move one batch of vectors to the first place; whether there may be more."""
        from sqlalchemy import text

        given = {"model": self.embedder.model.id}
        async with self.database.transaction(self.actor) as connection:
            rested = (await connection.execute(text(_RESTED), given | {"grace": self.grace_seconds})).scalar()
            if not rested:
                return False
            moved = await connection.execute(text(_SETTLE), given | {"limit": self.batch * 8})
            if moved.rowcount == 0:
                await connection.execute(text(_FORGET), given)
        return moved.rowcount > 0


def _passage(keys: "TenantKeys", row: Any) -> Chunk:
    heading, content = sealing.opened_passage(keys, row["id"], row)
    title = sealing.opened_document(keys, row["document_id"], row)["title"]
    return Chunk(str(row["id"]), str(row["document_id"]), title, content, heading)


async def tenants(database: Database, actor: Principal) -> list[UUID]:
    """All tenants: which of them lag behind each one's own transaction tells."""
    from sqlalchemy import text

    async with database.transaction(actor) as connection:
        return [row[0] for row in (await connection.execute(text("select id from tenants order by id"))).all()]


def literal(vector: "NDArray[np.float32]") -> str:
    """pgvector's text form."""
    return "[" + ",".join(f"{float(value):.6g}" for value in vector) + "]"
