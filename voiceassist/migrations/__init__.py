"""Schema migrations by Alembic; run as va_owner, never by a room."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).parent


def _config(dsn: str) -> "Config":
    from alembic.config import Config as AlembicConfig

    config = AlembicConfig()
    config.set_main_option("script_location", str(HERE))
    config.attributes["dsn"] = dsn  # not an option: a percent sign in a password would be interpolated
    return config


def upgrade(dsn: str, revision: str = "head") -> None:
    """Bring the database of `dsn` (role va_owner) to a revision."""
    from alembic import command

    command.upgrade(_config(dsn), revision)


def downgrade(dsn: str, revision: str = "base") -> None:
    from alembic import command

    command.downgrade(_config(dsn), revision)


def reached(dsn: str) -> str:
    """The revision a database is at; empty for one without a schema."""
    import asyncio

    import asyncpg

    async def ask() -> str:
        connection = await asyncpg.connect(dsn)
        try:
            return str(await connection.fetchval("select version_num from alembic_version") or "")
        except asyncpg.UndefinedTableError:
            return ""
        finally:
            await connection.close()

    return asyncio.run(ask())


def head() -> str:
    """The newest revision in this checkout."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config("")).get_current_head() or ""
