"""PostgreSQL by SQLAlchemy Core on asyncpg; every transaction says for whom it acts.

Row-level security reads `app.tenant`, `app.owner` and `app.role`, which are set for the transaction
only. After it they are '' on the pooled connection, so policies use nullif.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import Principal

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


class Database:
    """A lazily opened pool; SQLAlchemy is imported with the first transaction, not at cold start."""

    def __init__(self, dsn: str, *, pool_size: int = 10) -> None:
        self._dsn = dsn
        self._pool_size = pool_size
        self._engine: AsyncEngine | None = None

    @property
    def engine(self) -> "AsyncEngine":
        if self._engine is None:
            from sqlalchemy.ext.asyncio import create_async_engine

            if not self._dsn:
                raise UnavailableError("The database is not configured.")
            self._engine = create_async_engine(
                async_dsn(self._dsn),
                pool_size=self._pool_size,
                pool_pre_ping=True,
                hide_parameters=True,  # a parameter in an error message would be patient data in a log
            )
        return self._engine

    @asynccontextmanager
    async def transaction(self, principal: Principal) -> AsyncIterator["AsyncConnection"]:
        """One transaction on behalf of `principal`; commits on exit, rolls back on an exception."""
        from opentelemetry import trace
        from sqlalchemy import text
        from sqlalchemy.exc import InterfaceError, OperationalError
        from sqlalchemy.exc import TimeoutError as PoolTimeoutError

        # The span has no statement and no error text: both may quote patient data.
        span = trace.get_tracer("voiceassist").start_as_current_span(
            "postgres.transaction", record_exception=False, set_status_on_exception=False
        )
        try:
            with span:
                async with self.engine.begin() as connection:
                    await connection.execute(
                        text(
                            "select set_config('app.tenant', :tenant, true), set_config('app.owner', :owner, true),"
                            " set_config('app.role', :role, true)"
                        ),
                        {
                            "tenant": str(principal.tenant_id),
                            "owner": str(principal.user_id or ""),
                            "role": principal.role,
                        },
                    )
                    yield connection
        except (OperationalError, InterfaceError, PoolTimeoutError, OSError):
            raise UnavailableError("The database is not available.", code="DATABASE_UNAVAILABLE") from None

    async def ping(self) -> None:
        from sqlalchemy import text

        async with self.engine.connect() as connection:
            await connection.execute(text("select 1"))

    async def close(self) -> None:
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None


def async_dsn(dsn: str) -> str:
    """`postgresql://…` as operators write it, for SQLAlchemy's asyncpg dialect."""
    return dsn.replace("postgresql://", "postgresql+asyncpg://", 1)
