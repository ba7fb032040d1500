"""The composition root: settings in, ready adapters out, each made once per process."""

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from voiceassist.adapters.minilm import MiniLm
from voiceassist.adapters.objects import ObjectStore
from voiceassist.adapters.postgres import Database
from voiceassist.adapters.redis import connect
from voiceassist.adapters.vectors.qdrant import Qdrant
from voiceassist.runtime.settings import load_settings
from voiceassist.runtime.vault import Vault

if TYPE_CHECKING:
    from redis.asyncio import Redis


@lru_cache(maxsize=1)
def database() -> Database:
    settings = load_settings()
    return Database(settings.postgres.dsn, pool_size=settings.postgres.pool_size)


def redis() -> "Redis":
    return connect(load_settings().redis.url)


@lru_cache(maxsize=1)
def objects() -> ObjectStore:
    settings = load_settings()
    s3 = settings.s3
    return ObjectStore(s3.endpoint, s3.access_key, s3.secret_key, s3.bucket, s3.region, settings.ca_file)


@lru_cache(maxsize=1)
def vault() -> Vault:
    return Vault(objects(), load_settings().kek)


@lru_cache(maxsize=1)
def knowledge() -> Qdrant:
    settings = load_settings()
    return Qdrant(settings.qdrant.url, settings.qdrant.api_key, ca_file=settings.ca_file)


@lru_cache(maxsize=1)
def embedder() -> MiniLm:
    return MiniLm(models_dir())


def models_dir() -> Path:
    """Where converted models are kept; a pod without a volume converts into its scratch directory."""
    settings = load_settings()
    if settings.models.dir:
        return Path(settings.models.dir)
    return (Path(settings.data_dir) if settings.data_dir else Path(tempfile.gettempdir()) / "voiceassist") / "models"
