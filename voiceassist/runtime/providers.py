"""The composition root: settings in, ready adapters out, each made once per process."""

from functools import lru_cache
from typing import TYPE_CHECKING

from voiceassist.adapters.objects import ObjectStore
from voiceassist.adapters.postgres import Database
from voiceassist.adapters.redis import connect
from voiceassist.runtime.settings import load_settings

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
