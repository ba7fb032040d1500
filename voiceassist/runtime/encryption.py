"""Encryption at rest, put together: the keeper of keys that the settings name, and the keyring of a process."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from uuid import UUID

from voiceassist.adapters.encryption.keyring import Keyring
from voiceassist.adapters.encryption.keys import TenantKeys
from voiceassist.adapters.postgres import Database
from voiceassist.core.errors import SettingsError
from voiceassist.ports.kms import Kms, KmsUnavailableError
from voiceassist.runtime.settings import Settings

KEY_FILE = "kek.json"  # of an embedded installation, in its data directory


class KeysOfTenants(Protocol):
    """What rooms need of a keyring."""

    async def of(self, tenant_id: UUID) -> TenantKeys:
        """Asked for before a transaction begins: it may need one of its own.

        Raises ErasedError, KmsUnavailableError, UnavailableError.
        """
        ...


def kms_of(settings: Settings) -> Kms:
    """Raises SettingsError where none is configured."""
    kms = settings.kms
    if kms.provider == "aws":
        from voiceassist.adapters.kms.aws import AwsKms

        return AwsKms(kms.key, kms.region, endpoint=kms.url, ca_file=settings.ca_file)
    if kms.provider == "vault":
        from voiceassist.adapters.kms.vault import VaultKms, token_in

        return VaultKms(
            kms.url,
            kms.key,
            token_in(Path(kms.token_file)),
            mount=kms.mount,
            namespace=kms.namespace,
            ca_file=settings.ca_file,
        )
    from voiceassist.adapters.kms.keyfile import KeyFile

    return KeyFile(key_file(settings), passphrase(settings))


def key_file(settings: Settings) -> Path:
    if settings.kms.file:
        return Path(settings.kms.file)
    if not settings.data_dir:
        raise SettingsError("VOICEASSIST_KMS__FILE must name the file of the key-encryption key.")
    return Path(settings.data_dir) / KEY_FILE


def passphrase(settings: Settings) -> Callable[[], str]:
    """Read when it is needed; it never stands in an argument of a process."""

    def read() -> str:
        if not settings.kms.passphrase_file:
            return settings.kms.passphrase
        try:
            return Path(settings.kms.passphrase_file).read_text().strip()
        except OSError:
            raise KmsUnavailableError("The passphrase of the key-encryption key cannot be read.") from None

    return read


def keyring_of(
    settings: Settings, database: Database, kms: Callable[[], Kms], *, clock: Callable[[], float] = time.monotonic
) -> Keyring:
    return Keyring(
        database,
        kms,
        derived_from=settings.kek,
        lifetime=settings.kms.cache_seconds,
        most=settings.kms.cache_tenants,
        clock=clock,
    )
