"""Object storage by boto3 (SeaweedFS embedded, S3 in production); callers hand over ciphertext only."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from voiceassist.core.errors import NotFoundError, UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


class ObjectStore:
    """Blocking calls: doors run them in a thread (`asyncio.to_thread`)."""

    def __init__(self, endpoint: str, access_key: str, secret_key: str, bucket: str, region: str, ca_file: str) -> None:
        self.bucket = bucket
        self._options: dict[str, Any] = {
            "endpoint_url": endpoint,
            "aws_access_key_id": access_key,
            "aws_secret_access_key": secret_key,
            "region_name": region,
            "verify": ca_file or None,
        }

    @property
    def client(self) -> "S3Client":
        return _client(tuple(sorted(self._options.items())))

    def put(self, key: str, sealed: bytes) -> None:
        with translated():
            self.client.put_object(Bucket=self.bucket, Key=key, Body=sealed)

    def put_parts(self, key: str, parts: Iterable[bytes]) -> None:
        """Multipart upload of parts already sealed; an aborted one leaves nothing behind (SPEC P5.1).

        S3 wants parts of at least 5 MiB, so smaller ones are joined.
        """
        with translated():
            upload = self.client.create_multipart_upload(Bucket=self.bucket, Key=key)["UploadId"]
            try:
                done = [
                    {
                        "PartNumber": number,
                        "ETag": self.client.upload_part(
                            Bucket=self.bucket, Key=key, UploadId=upload, PartNumber=number, Body=part
                        )["ETag"],
                    }
                    for number, part in enumerate(_joined(parts), start=1)
                ]
                self.client.complete_multipart_upload(
                    Bucket=self.bucket,
                    Key=key,
                    UploadId=upload,
                    MultipartUpload={"Parts": done},  # type: ignore[typeddict-item]
                )
            except BaseException:
                self.client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload)
                raise

    def begin_parts(self, key: str) -> str:
        """Open a multipart upload whose parts come one by one, perhaps from several processes; returns its id."""
        with translated():
            return self.client.create_multipart_upload(Bucket=self.bucket, Key=key)["UploadId"]

    def put_part(self, key: str, upload: str, number: int, sealed: bytes) -> str:
        """Store part `number`, from 1, in place of an earlier one; returns its ETag. All but the last have 5 MiB."""
        with translated():
            answer = self.client.upload_part(
                Bucket=self.bucket, Key=key, UploadId=upload, PartNumber=number, Body=sealed
            )
            return answer["ETag"]

    def finish_parts(self, key: str, upload: str, etags: Mapping[int, str]) -> None:
        """Make the parts one object, once: what was finished before stays as it is."""
        from botocore.exceptions import ClientError

        parts = [{"PartNumber": number, "ETag": etag} for number, etag in sorted(etags.items())]
        with translated():
            try:
                self.client.complete_multipart_upload(
                    Bucket=self.bucket,
                    Key=key,
                    UploadId=upload,
                    MultipartUpload={"Parts": parts},  # type: ignore[typeddict-item]
                )
            except ClientError:
                # Finished by a call whose answer was lost: then the object is there.
                self.client.head_object(Bucket=self.bucket, Key=key)

    def abort_parts(self, key: str) -> None:
        """Give back the space of all unfinished uploads of a key, also of one whose id nobody noted down."""
        with translated():
            found = self.client.list_multipart_uploads(Bucket=self.bucket, Prefix=key).get("Uploads", ())
            for upload in found:
                if upload["Key"] == key:
                    self.client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload["UploadId"])

    def get(self, key: str) -> bytes:
        with translated():
            return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def stream(self, key: str, size: int) -> Iterator[bytes]:
        """The object in pieces of exactly `size` bytes (the last may be shorter), for files too large for memory."""
        with translated():
            body = self.client.get_object(Bucket=self.bucket, Key=key)["Body"]
            buffer = bytearray()
            while data := body.read(size):
                buffer += data
                while len(buffer) >= size:
                    yield bytes(buffer[:size])
                    del buffer[:size]
            if buffer:
                yield bytes(buffer)

    def changed_since(self, moment: datetime) -> Iterator[tuple[str, int]]:
        """Name and size of every object that was written at or after a moment."""
        with translated():
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
                for one in page.get("Contents", ()):
                    if one["LastModified"] >= moment.replace(microsecond=0):  # S3 tells whole seconds
                        yield one["Key"], one["Size"]

    def start(self, key: str, size: int) -> bytes:
        """The first `size` bytes."""
        with translated():
            found = self.client.get_object(Bucket=self.bucket, Key=key, Range=f"bytes=0-{size - 1}")
            return found["Body"].read()

    def names(self, prefix: str) -> list[str]:
        """The keys of all objects below a prefix."""
        with translated():
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            return [one["Key"] for page in pages for one in page.get("Contents", ())]

    def delete(self, key: str) -> None:
        with translated():
            self.client.delete_object(Bucket=self.bucket, Key=key)

    def ping(self) -> None:
        with translated():
            self.client.head_bucket(Bucket=self.bucket)


PART_BYTES = 8 * 1_048_576


def _joined(parts: Iterable[bytes]) -> Iterable[bytes]:
    buffer = bytearray()
    for part in parts:
        buffer += part
        if len(buffer) >= PART_BYTES:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)


@lru_cache(maxsize=4)
def _client(options: tuple[tuple[str, Any], ...]) -> "S3Client":
    import boto3
    from botocore.config import Config

    config = Config(
        s3={"addressing_style": "path"},
        retries={"max_attempts": 3, "mode": "standard"},
        connect_timeout=2,
        read_timeout=30,
        proxies={},
    )
    client: S3Client = boto3.client("s3", config=config, **dict(options))
    return client


class translated:  # noqa: N801 - reads as a statement at its uses
    """Vendor errors become the family's; their texts (keys, bodies) go no further."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if error is None or not isinstance(error, Exception):
            return
        from botocore.exceptions import BotoCoreError, ClientError

        if isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") in {"NoSuchKey", "404"}:
            raise NotFoundError("The stored object is not there.") from None
        if isinstance(error, ClientError | BotoCoreError):
            raise UnavailableError("The object store is not available.", code="STORAGE_UNAVAILABLE") from None
