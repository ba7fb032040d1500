"""What the database adapter makes of a pool that has nothing left."""

import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from voiceassist.adapters.postgres import Database
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import service


class Exhausted:
    def begin(self):
        raise PoolTimeoutError("QueuePool limit of size 10 overflow 10 reached")


async def test_an_exhausted_pool_is_a_service_that_is_not_available():
    database = Database("postgresql://x")
    database._engine = Exhausted()
    with pytest.raises(UnavailableError) as caught:
        async with database.transaction(service("test")):
            pass
    assert caught.value.code == "DATABASE_UNAVAILABLE"
    assert "QueuePool" not in str(caught.value)
