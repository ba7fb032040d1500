"""The passwords and keys of one installation, generated once."""

import secrets as random

import msgspec

from voiceassist.adapters.kms import keyfile
from voiceassist.core.files import write_whole
from voiceassist.runtime.engines.faults import EngineError
from voiceassist.runtime.engines.layout import Layout


class Secrets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every field is random; 64 hex digits are 256-bit keys, the rest are URL-safe passwords."""

    postgres_admin: str
    postgres_owner: str
    postgres_app: str
    postgres_audit_writer: str
    postgres_replica: str
    postgres_backup: str
    valkey: str
    qdrant_api_key: str
    s3_access_key: str
    s3_secret_key: str
    s3_volume_write_key: str
    s3_volume_read_key: str
    s3_filer_write_key: str
    s3_filer_read_key: str
    s3_sse_kek: str
    internal_secret: str  # of which the keys of all parts come (runtime/workloads.py)
    kek: str
    audit_key: str
    audit_signing_key: str
    kms_passphrase: str
    policy_signing_key: str
    oidc_client_secret: str
    cli_api_key: str

    def __repr__(self) -> str:
        return "Secrets(…)"  # an object that holds this one may be printed


HEX = ("s3_sse_kek", "kek", "audit_key", "audit_signing_key", "policy_signing_key")


def generate() -> Secrets:
    fields = {name: random.token_urlsafe(32) for name in Secrets.__struct_fields__}
    keys = {name: random.token_hex(32) for name in HEX}
    return Secrets(**fields | keys | {"cli_api_key": f"va_{random.token_urlsafe(32)}"})


def read(layout: Layout) -> Secrets:
    """The secrets of an existing installation; raises EngineError when they are missing or damaged."""
    try:
        return msgspec.json.decode(layout.secrets.read_bytes(), type=Secrets)
    except FileNotFoundError:
        raise EngineError(f"{layout.secrets} is missing: start once with `voiceassist up`.") from None
    except PermissionError:
        raise EngineError(f"{layout.secrets} belongs to another user: run as the user who started it first.") from None
    except msgspec.MsgspecError:
        raise EngineError(
            f"{layout.secrets} is damaged: restore it from a backup, or wipe with `voiceassist reset`."
        ) from None


def _complete(layout: Layout) -> None:
    """Add the secrets that a newer version asks for and an older one did not write."""
    try:
        known = msgspec.json.decode(layout.secrets.read_bytes(), type=dict[str, str])
    except (OSError, msgspec.MsgspecError):
        return  # read() has the sentence
    missing = set(Secrets.__struct_fields__) - known.keys()
    if missing and "postgres_admin" in known:
        fresh = generate()
        if "kms_passphrase" in missing:
            _new_key_file(layout, fresh)
        added = known | {name: getattr(fresh, name) for name in missing}
        write_whole(layout.secrets, msgspec.json.format(msgspec.json.encode(added)))


def read_or_create(layout: Layout) -> Secrets:
    """The secrets, written on the first start; refuses to invent new ones beside an existing database."""
    if layout.secrets.exists():
        _complete(layout)
        if not layout.kek.exists():
            raise EngineError(f"{layout.kek} is missing: without it nothing sealed can be read; restore the backup.")
        return read(layout)
    if layout.postgres.exists():
        raise EngineError(
            f"{layout.secrets} is missing but a database exists beside it: "
            "restore the file from a backup, or wipe with `voiceassist reset`."
        )
    created = generate()
    _new_key_file(layout, created)
    write_whole(layout.secrets, msgspec.json.format(msgspec.json.encode(created)))
    return created


def _new_key_file(layout: Layout, created: Secrets) -> None:
    """Written before its passphrase is: a file whose passphrase nobody knows has sealed nothing yet."""
    layout.kek.unlink(missing_ok=True)
    keyfile.create(layout.kek, created.kms_passphrase, random=True)
