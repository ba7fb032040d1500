"""Where this machine's installation writes: every file and, as the database's administrator, every table."""

from pathlib import Path

from functions.canary.domain.own_texts import OWN_TEXTS
from functions.canary.domain.traces import Search, Trace
from voiceassist.runtime.engines.layout import Layout


def files(layout: Layout, search: Search) -> list[Trace]:
    """Every file below the data directory but the database's, which `tables` reads, and unpacked programs and models.

    So logs, the broker's events and dead letters, the session store's append-only file, the public index and sealed
    objects are read as they lie on the disk, with what was deleted and not yet overwritten.
    """
    found = []
    for path in sorted(layout.data.rglob("*")):
        inside = path.relative_to(layout.data)
        if inside.parts[0] in {"pg", "runtime", "models", "run"} or not path.is_file() or path.is_symlink():
            continue
        with path.open("rb") as file:
            found += search.found_in(f"file {inside}", file)
        found += search.found("file name", str(inside).encode())
    return found


async def tables(dsn: str, search: Search) -> list[Trace]:
    """Every column of every table, read as the database's administrator: row-level security hides nothing of it."""
    import asyncpg

    connection = await asyncpg.connect(dsn)
    found = []
    try:
        columns = await connection.fetch(
            "select table_schema, table_name, column_name from information_schema.columns"
            " where table_schema not in ('pg_catalog', 'information_schema')"
        )
        for schema, table, column in columns:
            # Bytes as text are hex after \x, a form that is looked for.
            rows = await connection.fetch(f'select "{column}"::text from "{schema}"."{table}"')  # noqa: S608 - its own names
            data = "\n".join(row[0] or "" for row in rows).encode()
            found += search.found(f"postgres {table}.{column}", data)
    finally:
        await connection.close()
    return found


def leaks(found: list[Trace]) -> list[Trace]:
    """Without what stands where its owner put it."""
    allowed = {f"postgres {column}" for column in OWN_TEXTS}
    return [one for one in found if one.sink not in allowed]


def log_files(layout: Layout) -> list[Path]:
    return sorted(layout.logs.glob("*.log"))
