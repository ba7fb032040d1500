"""After a change of models: the passages of every tenant get vectors of the new one, while the old one serves."""

import time
from collections.abc import Callable

from functions.ingestion import store
from voiceassist.adapters.crypto import SealBrokenError
from voiceassist.adapters.encryption.keyring import Keyring
from voiceassist.adapters.postgres import Database
from voiceassist.adapters.vectors import index_models
from voiceassist.adapters.vectors.index_models import Reembedding
from voiceassist.core.errors import ErasedError
from voiceassist.core.identity import service
from voiceassist.ports.embedding import Embedder
from voiceassist.runtime import logging, routing
from voiceassist.runtime.egress import PhiBlockedError

log = logging.get_logger(__name__)

# Told of each tenant: how many were looked at, how many there are, and whether the model serves this one now.
Told = Callable[[int, int, bool], None]


def unheard(_done: int, _all: int, _serves: bool) -> None:
    """Nobody watches."""


async def run(
    database: Database, keyring: Keyring, embedder: Embedder, *, seconds: float = float("inf"), told: Told = unheard
) -> int:
    """Every tenant in turn until the time is over; how many the model does not serve yet.

    Where nothing changed this is one short look at each tenant. Safe at any time and several times at once.
    """
    until = time.monotonic() + seconds
    tenants = await index_models.tenants(database, service("ingestion"))
    left = 0
    for number, tenant_id in enumerate(tenants, start=1):
        job = Reembedding(database, keyring, store.actor(tenant_id), embedder)
        serves = False
        try:
            with routing.request(tenant_id):  # its own policy says what may leave
                serves = time.monotonic() < until and await job.run(go_on=lambda: time.monotonic() < until)
        except ErasedError:
            continue  # its keys are gone: there is nothing to read
        except SealBrokenError:
            # Somebody changed the database beside us. The other tenants do not wait for whoever looks into it.
            log.error("ingestion.passage_broken", tenant_id=str(tenant_id))
        except PhiBlockedError:
            # A remote model, and a passage that must stay: this tenant stays with its model, the others do not wait.
            log.warning("ingestion.reembedding_blocked", tenant_id=str(tenant_id))
        left += not serves
        told(number, len(tenants), serves)
    if left:
        log.info("ingestion.reembedding", count=left)
    return left
