"""The Redis protocol (Valkey embedded): sessions, limits, caches. Nothing that may not be lost."""

from functools import lru_cache
from typing import TYPE_CHECKING

from voiceassist.core.errors import UnavailableError

if TYPE_CHECKING:
    from redis.asyncio import Redis

PREFIX = "va:"  # the account may touch these keys only
CONNECTIONS = 32  # of a process; whoever finds none free waits
WAIT_SECONDS = 2.0


@lru_cache(maxsize=4)
def connect(url: str) -> "Redis":
    """The shared pool for a URL (`unix://user:password@/path` or `rediss://…`); bytes in, bytes out."""
    from redis.asyncio import BlockingConnectionPool, Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import ExponentialBackoff
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.exceptions import TimeoutError as RedisTimeoutError

    if not url:
        raise UnavailableError("The session store is not configured.", code="REDIS_UNAVAILABLE")
    # The plain pool opens one more for every command that finds none free, and from the hundredth on it fails.
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=WAIT_SECONDS,
        socket_timeout=2.0,
        socket_connect_timeout=1.0,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), 2),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
    )
    return Redis.from_pool(pool)
