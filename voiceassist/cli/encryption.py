"""`voiceassist encryption`: the keys of what is sealed at rest, for who operates this installation."""

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import click

from voiceassist.cli.options import data_option, json_option
from voiceassist.core.errors import SettingsError
from voiceassist.runtime import encryption, logging
from voiceassist.runtime.engines import state
from voiceassist.runtime.engines.environment import running_settings
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.settings import Settings, inherited, load_settings
from voiceassist.runtime.workloads import OPERATOR

if TYPE_CHECKING:
    from voiceassist.runtime.resealing import Sealed

T = TypeVar("T")
# Whoever rotates or rewraps does so alone.
LOCK = 0x6B656B73

tenant_option = click.option("--tenant", type=click.UUID, default=None, help="One organisation only [default: all].")
passphrase_option = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    required=True,
    help="The file in which the passphrase stands; it is never an argument.",
)


@click.group()
def command() -> None:
    """Look after the keys of what is sealed at rest, while the installation runs.

    A key-encryption key wraps the data keys of each organisation, and these seal its values
    (docs/reference/encryption.md).
    """


@command.command()
@data_option
@json_option
def status(layout: Layout, *, as_json: bool) -> None:
    """Every organisation's data keys, and how many values are under each."""

    async def work(sealed: "Sealed") -> list[dict[str, Any]]:
        return [await _state(sealed, tenant_id) for tenant_id in await sealed.tenants()]

    rows = _run(layout, work)
    click.echo(json.dumps(rows, indent=2) if as_json else "\n".join(map(_told, rows)))


@command.command()
@data_option
def rewrap(layout: Layout) -> None:
    """Wrap all data keys with the key-encryption key there is now; no value is touched."""
    click.echo(f"{_run(layout, _recorded(layout, 'key.rewrapped', _rewrapped))} data keys rewrapped")


@command.command("rotate-kek")
@data_option
def rotate_kek(layout: Layout) -> None:
    """Make a new key-encryption key and rewrap all data keys with it."""

    async def work(sealed: "Sealed") -> tuple[str, int]:
        made = encryption.kms_of(_settings(layout)).rotate()
        return made, await _rewrapped(sealed)

    name, count = _run(layout, _recorded(layout, "kek.rotated", work))
    click.echo(f"{name} wraps from now on; {count} data keys rewrapped")


@command.command("forget-kek")
@data_option
@click.argument("name")
def forget_kek(layout: Layout, *, name: str) -> None:
    """Take an old key-encryption key out of the key file for good. Copies of data keys that it wrapped, as in backups
    of the database, open nothing from then on."""
    from voiceassist.adapters.kms.keyfile import KeyFile

    kms = encryption.kms_of(_settings(layout))
    if not isinstance(kms, KeyFile):
        raise SettingsError("Keys of AWS KMS and Vault are destroyed there.")
    if any(key["kek"] == name for row in _run(layout, _states) for key in row["keys"]):
        raise click.ClickException("Data keys are wrapped by this key: run `voiceassist encryption rewrap` first.")

    async def work(_sealed: "Sealed") -> None:
        kms.forget(name)

    _run(layout, _recorded(layout, "kek.forgotten", work))
    click.echo(f"{name} is gone")


@command.command()
@data_option
@tenant_option
@click.option("--at-once", is_flag=True, help="Do not wait until all processes know the new key: nothing else runs.")
def rotate(layout: Layout, *, tenant: UUID | None, at_once: bool) -> None:
    """Make new data keys. They seal what is written from a while on; `reencrypt` brings over what is there."""

    async def work(sealed: "Sealed") -> int:
        chosen = [tenant] if tenant else await _living(sealed)
        await _record(layout, sealed, "key.rotated", chosen)
        return len([await sealed.keyring.rotate(each, at_once=at_once) for each in chosen])

    click.echo(f"{_run(layout, work)} organisations have a new data key")


@command.command()
@data_option
@tenant_option
def reencrypt(layout: Layout, *, tenant: UUID | None) -> None:
    """Seal again, under the current data key, what is under an older one or was sealed by an older release."""

    async def work(sealed: "Sealed") -> int:
        chosen = [tenant] if tenant else await _living(sealed)
        await _record(layout, sealed, "value.resealed", chosen)
        return sum([await sealed.reseal(each) for each in chosen])

    click.echo(f"{_run(layout, work)} values sealed again")


@command.command()
@data_option
@click.argument("tenant", type=click.UUID)
@click.option("--by", required=True, help="Who answers for it; stands in the certificate.")
@click.option("--reason", required=True, help="Why; no names of patients. Stands in the certificate.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(layout: Layout, *, tenant: UUID, by: str, reason: str, yes: bool) -> None:
    """Destroy the keys of an organisation, so that nothing sealed for it can ever be read again; prints the
    certificate. There is no way back."""
    from voiceassist.core.identity import Principal

    if not yes and not click.confirm(f"Destroy all keys of {tenant}, for good?", default=False):
        raise SystemExit(1)
    operator = Principal(by, tenant, "service")

    async def work(sealed: "Sealed") -> dict[str, Any]:
        return await sealed.erase(tenant, by=operator, reason=reason, auditor=_auditor(layout, sealed))

    click.echo(json.dumps(_run(layout, work), indent=2))


@command.command("create-file")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@passphrase_option
def create_file(*, path: Path, passphrase_file: Path) -> None:
    """Make a key file, sealed under a passphrase: for VOICEASSIST_KMS__PROVIDER=file."""
    from voiceassist.adapters.kms import keyfile

    if path.exists():
        raise click.ClickException(f"{path} is there already.")
    keyfile.create(path, passphrase_file.read_text().strip())
    click.echo(f"{path} holds a new key; back it up apart from its passphrase")


@command.command("change-passphrase")
@data_option
@passphrase_option
def change_passphrase(layout: Layout, *, passphrase_file: Path) -> None:
    """Seal the key file under another passphrase. The one before is taken from the settings; change these next."""
    from voiceassist.adapters.kms import keyfile

    settings = _settings(layout)
    if settings.kms.provider != "file":
        raise SettingsError("Only a key file of VOICEASSIST_KMS__PROVIDER=file has a passphrase to change.")
    before, after = encryption.passphrase(settings)(), passphrase_file.read_text().strip()

    async def work(_sealed: "Sealed") -> None:
        keyfile.change_passphrase(encryption.key_file(settings), before, after)

    _run(layout, _recorded(layout, "kek.passphrase_changed", work))
    click.echo("the passphrase is changed")


async def _record(layout: Layout, sealed: "Sealed", action: str, tenants: Sequence[UUID]) -> None:
    """In each organisation's record, before it is done: what cannot be recorded does not happen."""
    from voiceassist.core.identity import service
    from voiceassist.ports.auditing import Act, named

    auditor = _auditor(layout, sealed)
    for tenant_id in tenants:
        by = service(f"{OPERATOR} {getpass.getuser()}", tenant_id)
        await auditor.record(Act(by, action, objects=named("tenant", [tenant_id])))


def _recorded(
    layout: Layout, action: str, work: "Callable[[Sealed], Awaitable[T]]"
) -> "Callable[[Sealed], Awaitable[T]]":
    """What concerns the key-encryption key, of which all organisations' keys depend."""

    async def done(sealed: "Sealed") -> T:
        await _record(layout, sealed, action, await sealed.tenants())
        return await work(sealed)

    return done


async def _states(sealed: "Sealed") -> list[dict[str, Any]]:
    return [await _state(sealed, tenant_id) for tenant_id in await sealed.tenants()]


async def _state(sealed: "Sealed", tenant_id: UUID) -> dict[str, Any]:
    keys = await sealed.keyring.keys(tenant_id)
    return {
        "tenant": str(tenant_id),
        "keys": [
            {
                "purpose": key.purpose,
                "version": key.version,
                "kek": key.wrapped.kek if key.wrapped else None,
                "messages_at_most": key.messages,
            }
            for key in keys
        ],
        "values": await sealed.counts(tenant_id),
    }


def _told(row: dict[str, Any]) -> str:
    keys = [
        f"  {key['purpose']} {key['version']}: {key['kek'] or 'destroyed'}, {key['messages_at_most']} messages at most"
        for key in row["keys"]
    ]
    values = [
        f"  {place}: " + ", ".join(f"{count} under {version or 'no data key'}" for version, count in found.items())
        for place, found in row["values"].items()
    ]
    return "\n".join([row["tenant"], *(keys or ["  no keys yet"]), *values])


async def _rewrapped(sealed: "Sealed") -> int:
    """One organisation whose keys do not open does not hold up the others."""
    from sqlalchemy import text

    from voiceassist.core.identity import service
    from voiceassist.ports.kms import WrappedKeyBrokenError

    count, broken = 0, []

    async with sealed.database.transaction(service("encryption")) as connection:
        await connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        for tenant_id in await sealed.tenants():
            try:
                count += await sealed.keyring.rewrap(tenant_id)
            except WrappedKeyBrokenError:
                broken.append(str(tenant_id))
    if broken:
        raise click.ClickException(f"{count} data keys rewrapped; those of {', '.join(broken)} do not open.")
    return count


async def _living(sealed: "Sealed") -> list[UUID]:
    """Tenants that have keys; one without has nothing that is sealed under any."""
    found = []
    for tenant_id in await sealed.tenants():
        keys = await sealed.keyring.keys(tenant_id)
        if not keys or any(key.wrapped is not None for key in keys):
            found.append(tenant_id)
    return found


def _settings(layout: Layout) -> Settings:
    """Of the installation in the data directory, else of the environment, as in a pod."""
    return running_settings(layout, inherited()) if state.read(layout) is not None else load_settings()


def _auditor(layout: Layout, sealed: "Sealed") -> Any:
    from voiceassist.runtime.audit_keys import AuditKeys
    from voiceassist.runtime.auditing import Writer

    audit = _settings(layout).audit
    return Writer(sealed.database, AuditKeys(audit), part="operator", chains=audit.chains)


def _run(layout: Layout, work: "Callable[[Sealed], Awaitable[T]]") -> T:
    from voiceassist.adapters.postgres import Database

    logging.configure("cli", "error")
    settings = _settings(layout)

    async def run() -> T:
        database = Database(settings.postgres.dsn, pool_size=3)
        try:
            return await work(sealed_of(settings, database))
        finally:
            await database.close()

    return asyncio.run(run())


def sealed_of(settings: Settings, database: Any) -> "Sealed":
    """Everything that rooms seal: each names its columns and objects in its store."""
    from functions.auth import store as auth
    from functions.conversations import note_store as notes
    from functions.conversations import store as conversations
    from functions.documents import store as documents
    from functions.policies import store as policies
    from functions.subscriptions import store as subscriptions
    from voiceassist.adapters.objects import ObjectStore
    from voiceassist.adapters.vectors import pgvector, sealing
    from voiceassist.core.identity import service
    from voiceassist.runtime import cases, memory
    from voiceassist.runtime.resealing import Objects, Sealed

    s3 = settings.s3
    kms = encryption.kms_of(settings)

    async def recorded(tenant_id: UUID, object_id: UUID) -> bool:
        async with database.transaction(service("encryption", tenant_id)) as connection:
            return await documents.is_recorded(connection, object_id)

    async def always(_tenant_id: UUID, _object_id: UUID) -> bool:
        return True  # a text to be scanned lasts until its scan, which deletes it

    return Sealed(
        database,
        ObjectStore(s3.endpoint, s3.access_key, s3.secret_key, s3.bucket, s3.region, settings.ca_file),
        encryption.keyring_of(settings, database, lambda: kms),
        (
            *auth.SEALED,
            *cases.SEALED,
            *conversations.SEALED,
            *documents.SEALED,
            *memory.SEALED,
            *notes.SEALED,
            *policies.SEALED,
            *subscriptions.SEALED,
        ),
        (Objects("files", recorded), Objects("scans", always)),
        clear=(sealing.seal_clear,),
        shredded=(pgvector.shred,),
    )
