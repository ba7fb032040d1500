"""Key-encryption keys in AWS KMS, by boto3. Credentials come from where boto3 finds them: a role, never a setting."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from voiceassist.core.errors import SettingsError
from voiceassist.ports.kms import Context, KmsUnavailableError, Wrapped, WrappedKeyBrokenError

if TYPE_CHECKING:
    from collections.abc import Callable

# What decrypting is told of a ciphertext, or of the key that made it; anything else may be better in a moment.
_BROKEN = frozenset({"InvalidCiphertextException", "IncorrectKeyException", "NotFoundException"})


class AwsKms:
    """`key`: id, ARN or alias of a symmetric key. The context is its encryption context, so it stands in CloudTrail."""

    def __init__(self, key: str, region: str, *, endpoint: str = "", ca_file: str = "") -> None:
        self._key = key
        self._options: dict[str, Any] = {"region_name": region, "endpoint_url": endpoint or None}
        if endpoint:
            self._options["verify"] = ca_file or None

    def current(self) -> str:
        return str(self._call(lambda kms: kms.describe_key(KeyId=self._key))["KeyMetadata"]["Arn"])

    def wrap(self, key: bytes, context: Context) -> Wrapped:
        told = self._call(lambda kms: kms.encrypt(KeyId=self._key, Plaintext=key, EncryptionContext=dict(context)))
        return Wrapped(told["KeyId"], told["CiphertextBlob"])

    def unwrap(self, wrapped: Wrapped, context: Context) -> bytes:
        # The key is named: a ciphertext under a key of somebody else is refused, not opened.
        told = self._call(
            lambda kms: kms.decrypt(KeyId=wrapped.kek, CiphertextBlob=wrapped.data, EncryptionContext=dict(context)),
            broken=_BROKEN,
        )
        return bytes(told["Plaintext"])

    def rotate(self) -> str:
        """AWS turns the material of a key by itself, which needs no new wrapping; another key is a setting of ours."""
        raise SettingsError("Make the new key in AWS, name it in VOICEASSIST_KMS__KEY, and run encryption rewrap.")

    @cached_property
    def _client(self) -> Any:
        import boto3
        from botocore.config import Config

        config = Config(retries={"max_attempts": 3, "mode": "standard"}, connect_timeout=2, read_timeout=5)
        return boto3.client("kms", config=config, **self._options)

    def _call(self, work: "Callable[[Any], dict[str, Any]]", *, broken: frozenset[str] = frozenset()) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return work(self._client)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in broken:
                raise WrappedKeyBrokenError("AWS KMS does not open a wrapped data key.") from None
            raise KmsUnavailableError("AWS KMS refuses or is not available.") from None
        except BotoCoreError:
            raise KmsUnavailableError("AWS KMS is not available.") from None
