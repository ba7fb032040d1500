"""What older releases wrote in clear is sealed, for every tenant, while everything runs."""

from functions.ingestion import store
from voiceassist.adapters.crypto import SealBrokenError
from voiceassist.adapters.encryption.keyring import Keyring
from voiceassist.adapters.postgres import Database
from voiceassist.adapters.vectors import index_models, sealing
from voiceassist.core.errors import ErasedError
from voiceassist.core.identity import service
from voiceassist.runtime import logging

log = logging.get_logger(__name__)


async def seal(database: Database, keyring: Keyring) -> int:
    """Returns how many rows; where nothing is left this is one short look at each tenant."""
    count = 0
    for tenant_id in await index_models.tenants(database, service("ingestion")):
        try:
            count += await sealing.seal_clear(database, keyring, store.actor(tenant_id))
        except ErasedError:
            continue  # erasing sealed what there was
        except SealBrokenError:
            log.error("ingestion.passage_broken", tenant_id=str(tenant_id))
    if count:
        log.info("ingestion.sealed", count=count)
    return count
