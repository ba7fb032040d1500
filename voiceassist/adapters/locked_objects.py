"""Objects that nobody changes or deletes before their day: S3 object lock in COMPLIANCE mode, by boto3.

A key may get more versions later; the oldest one is the one that counts, and the others are told. Blocking calls.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from voiceassist.adapters.objects import ObjectStore, translated
from voiceassist.core.errors import NotFoundError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Name:
    """An object as the listing tells of it: `version` is the oldest, `touched` that something was put over it later."""

    key: str
    version: str
    touched: bool


class LockedObjects:
    """A bucket with object lock, made where it is missing and may be made."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._ready = False

    @property
    def _client(self) -> "S3Client":
        return self._store.client

    def make_bucket(self) -> None:
        """Object lock can be asked for only when a bucket is made; one without it is refused by the first put."""
        client = self._client
        with translated():
            try:
                client.create_bucket(Bucket=self._store.bucket, ObjectLockEnabledForBucket=True)
            except (client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists):
                return

    def put(self, key: str, data: bytes, *, until: datetime) -> bool:
        """Store and lock; False, and nothing is stored, where the key is taken."""
        from botocore.exceptions import ClientError

        self._prepare()
        with translated():
            try:
                self._client.put_object(
                    Bucket=self._store.bucket,
                    Key=key,
                    Body=data,
                    IfNoneMatch="*",
                    ObjectLockMode="COMPLIANCE",
                    ObjectLockRetainUntilDate=until,
                )
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") == "PreconditionFailed":
                    return False
                raise
        return True

    def get(self, key: str, version: str = "") -> bytes:
        """The oldest version, or the one named; NotFoundError."""
        found = version or next((name.version for name in self.names(key) if name.key == key), "")
        if not found:
            raise NotFoundError("The stored object is not there.")
        with translated():
            return self._client.get_object(Bucket=self._store.bucket, Key=key, VersionId=found)["Body"].read()

    def names(self, prefix: str, *, after: str = "") -> Iterator[Name]:
        """Keys with a prefix, in order, those behind `after` only."""
        self._prepare()
        marker, version_marker = after, ""
        held: tuple[str, str, int] | None = None  # key, oldest version so far, how many
        hidden: set[str] = set()
        while True:
            more = {"KeyMarker": marker} if marker else {}
            more |= {"VersionIdMarker": version_marker} if version_marker else {}
            with translated():
                page = self._client.list_object_versions(
                    Bucket=self._store.bucket,
                    Prefix=prefix,
                    MaxKeys=PAGE,
                    **more,  # type: ignore[arg-type]
                )
            hidden |= {one["Key"] for one in page.get("DeleteMarkers", ())}
            for one in page.get("Versions", ()):  # the newest of a key first
                if held and held[0] != one["Key"]:
                    yield _name(held, hidden)
                    held = None
                held = (one["Key"], one["VersionId"], held[2] + 1 if held else 1)
            if not page.get("IsTruncated"):
                break
            marker, version_marker = page["NextKeyMarker"], page.get("NextVersionIdMarker", "")
        if held:
            yield _name(held, hidden)

    def folders(self, prefix: str) -> list[str]:
        """What stands between `prefix` and the next slash of the keys that begin with it, in order."""
        self._prepare()
        found: set[str] = set()
        more: dict[str, str] = {}
        while True:
            with translated():
                page = self._client.list_object_versions(
                    Bucket=self._store.bucket,
                    Prefix=prefix,
                    Delimiter="/",
                    MaxKeys=PAGE,
                    **more,  # type: ignore[arg-type]
                )
            found |= {one["Prefix"][len(prefix) : -1] for one in page.get("CommonPrefixes", ())}
            if not page.get("IsTruncated"):
                return sorted(found)
            more = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page.get("NextVersionIdMarker", "")}
            more = {name: value for name, value in more.items() if value}

    def ping(self) -> None:
        self._store.ping()

    def _prepare(self) -> None:
        if not self._ready:
            self.make_bucket()
            self._ready = True


def _name(held: tuple[str, str, int], hidden: set[str]) -> Name:
    key, version, count = held
    return Name(key, version, touched=count > 1 or key in hidden)
