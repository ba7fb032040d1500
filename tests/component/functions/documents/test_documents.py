"""Uploading, listing and deleting on real PostgreSQL and a real object store."""

import hashlib

import pytest
from sqlalchemy import text

from functions.documents.main import room
from voiceassist.adapters.crypto import SealBrokenError
from voiceassist.core.errors import NotFoundError
from voiceassist.core.identity import service
from voiceassist.runtime import providers
from voiceassist.runtime.vault import object_key

pytestmark = pytest.mark.req("P5.1")

TEXT = b"Warfarin is monitored by INR. The target is two to three.\n"


async def upload(client, data=TEXT, name="guide.txt", **fields):
    return await client.post("/api/v1/documents", files={"file": (name, data)}, data=fields)


async def own(client):
    """Documents shared by others are left out."""
    return [item for item in (await client.get("/api/v1/documents")).json()["items"] if item["own"]]


async def test_an_upload_is_stored_sealed_recorded_and_announced(caller, person, said, database):
    owner = await person()
    async with caller(room, owner) as client:
        answer = await upload(client, title="INR guide")
        assert answer.status_code == 202
        body = answer.json()
        assert body["status"] == "pending"
        document = (await client.get(f"/api/v1/documents/{body['id']}")).json()
        job = (await client.get(f"/api/v1/jobs/{body['job_id']}")).json()
    assert (document["title"], document["format"], document["size_bytes"]) == ("INR guide", "txt", len(TEXT))
    assert (document["visibility"], document["own"]) == ("private", True)
    assert (job["state"], job["document_id"]) == ("pending", body["id"])

    (event,) = await said(body["id"])
    assert event.type == "org.voiceassist.document.uploaded.v1"
    assert hashlib.sha256(TEXT).hexdigest().encode() in event.data
    assert b"INR" not in event.data

    stored = providers.objects().get(object_key(owner.tenant_id, body["id"]))
    assert b"Warfarin" not in stored
    assert b"".join(providers.vault().fetch(await providers.keyring().of(owner.tenant_id), body["id"])) == TEXT
    providers.objects().put(object_key(owner.tenant_id, "moved"), stored)
    with pytest.raises(SealBrokenError):
        list(providers.vault().fetch(await providers.keyring().of(owner.tenant_id), "moved"))


async def test_a_large_file_survives_the_way_in_and_out(caller, person):
    data = b"%PDF-1.7\n" + bytes(range(256)) * 50_000
    owner = await person()
    async with caller(room, owner) as client:
        body = (await upload(client, data, "big.pdf")).json()
    fetched = hashlib.sha256()
    for frame in providers.vault().fetch(await providers.keyring().of(owner.tenant_id), body["id"]):
        fetched.update(frame)
    assert fetched.digest() == hashlib.sha256(data).digest()


async def test_the_same_file_again_changes_nothing(caller, person, said):
    owner = await person()
    async with caller(room, owner) as client:
        first = (await upload(client)).json()
        second = (await upload(client, name="renamed.txt")).json()
        listed = await own(client)
    assert second == first | {"duplicate": True}
    assert len(listed) == 1
    assert len(await said(first["id"])) == 1


async def test_nobody_sees_another_persons_document(caller, person):
    owner, other = await person(), await person()
    async with caller(room, owner) as client:
        body = (await upload(client)).json()
    async with caller(room, other) as client:
        listed = (await client.get("/api/v1/documents")).json()["items"]
        assert body["id"] not in {item["id"] for item in listed}
        for path in (f"/api/v1/documents/{body['id']}", f"/api/v1/jobs/{body['job_id']}"):
            assert (await client.get(path)).status_code == 404
        assert (await client.delete(f"/api/v1/documents/{body['id']}")).status_code == 404
        mine = (await upload(client)).json()
    assert mine["id"] != body["id"]
    assert not mine["duplicate"]


async def test_a_shared_document_is_seen_by_its_tenant_and_changed_by_its_owner_only(caller, person):
    from voiceassist.core.ids import new_id

    admin, colleague, stranger = await person("admin"), await person(), await person(tenant_id=new_id())
    async with caller(room, admin) as client:
        body = (await upload(client, visibility="shared")).json()
    async with caller(room, colleague) as client:
        seen = (await client.get(f"/api/v1/documents/{body['id']}")).json()
        assert (seen["visibility"], seen["own"]) == ("shared", False)
        assert (await client.delete(f"/api/v1/documents/{body['id']}")).status_code == 404
    async with caller(room, stranger) as client:
        assert (await client.get(f"/api/v1/documents/{body['id']}")).status_code == 404


async def test_deletion_takes_effect_at_once_and_is_announced(caller, person, said, database):
    owner = await person()
    async with caller(room, owner) as client:
        body = (await upload(client)).json()
        assert (await client.delete(f"/api/v1/documents/{body['id']}")).status_code == 204
        assert (await client.get(f"/api/v1/documents/{body['id']}")).status_code == 404
        assert (await client.delete(f"/api/v1/documents/{body['id']}")).status_code == 404
        again = (await upload(client)).json()
    assert again["id"] != body["id"]
    assert [event.type.split(".")[-2] for event in await said(body["id"])] == ["uploaded", "deleted"]
    async with database.transaction(service("test")) as connection:
        left = await connection.execute(
            text("select count(*) from indexing_jobs where document_id = :id"), {"id": body["id"]}
        )
        assert left.scalar_one() == 0


async def test_paging_by_cursor_meets_every_document_once(caller, person):
    owner = await person()
    async with caller(room, owner) as client:
        made = [(await upload(client, TEXT + str(number).encode())).json()["id"] for number in range(5)]
        seen, cursor = [], None
        while True:
            page = (
                await client.get("/api/v1/documents", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
            ).json()
            seen += [item["id"] for item in page["items"] if item["own"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
    assert seen == made[::-1]


@pytest.mark.parametrize(
    ("files", "fields", "status", "code"),
    [
        ({"file": ("a.exe", b"MZ\x90\0\3")}, {}, 415, "UNSUPPORTED_FORMAT"),
        ({"file": ("a.txt", b"")}, {}, 400, "FILE_EMPTY"),
        ({"other": ("a.txt", b"x")}, {}, 400, "ONE_FILE_EXPECTED"),
        ({"file": ("a.txt", b"x")}, {"visibility": "shared"}, 403, "FORBIDDEN"),
        ({"file": ("a.txt", b"x")}, {"visibility": "secretvalue"}, 400, "VALIDATION_ERROR"),
    ],
)
async def test_bad_uploads_are_problem_documents_without_echo(caller, person, files, fields, status, code):
    async with caller(room, await person()) as client:
        answer = await client.post("/api/v1/documents", files=files, data=fields)
        assert await own(client) == []
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert "secretvalue" not in answer.text
    assert "a.exe" not in answer.text


async def test_too_large_is_413_whether_declared_or_not(caller, person, monkeypatch):
    import msgspec

    from voiceassist.runtime import settings as module

    small = msgspec.structs.replace(
        module.load_settings(), limits=msgspec.structs.replace(module.load_settings().limits, upload_bytes=100_000)
    )
    monkeypatch.setattr(type(room), "settings", property(lambda _self: small))

    async def endless():
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        while True:
            yield b"a" * 65_536

    owner = await person()
    async with caller(room, owner) as client:
        declared = await upload(client, b"a" * 300_000)
        undeclared = await client.post(
            "/api/v1/documents",
            content=endless(),
            headers={"content-type": "multipart/form-data; boundary=b"},
        )
        assert await own(client) == []
    assert declared.status_code == undeclared.status_code == 413


async def test_who_may_only_read_may_not_write(caller, person):
    async with caller(room, await person("viewer")) as client:
        assert (await upload(client)).status_code == 403
    async with caller(room, service("broker")) as client:
        assert (await upload(client)).status_code == 403
    async with caller(room, None) as client:
        assert (await upload(client)).status_code == 401


async def test_a_crash_between_store_and_record_leaves_no_row_and_no_object(caller, person, monkeypatch):
    from functions.documents import main

    kept = []
    real = providers.vault().store
    monkeypatch.setattr(type(providers.vault()), "store", lambda _self, *args: (kept.append(args[:2]), real(*args))[1])

    async def broken(*_args):
        raise RuntimeError

    monkeypatch.setattr(main.store, "add", broken)
    async with caller(room, await person()) as client:
        assert (await upload(client)).status_code == 500
        assert await own(client) == []
    ((keys, document_id),) = kept
    with pytest.raises(NotFoundError):
        list(providers.vault().fetch(keys, document_id))


async def test_health_readiness_and_api_description(caller):
    async with caller(room, None) as client:
        assert (await client.get("/health")).status_code == 200
        ready = await client.get("/ready")
        assert (ready.status_code, ready.json()["dependencies"]) == (200, {"postgres": "healthy", "s3": "healthy"})
        paths = (await client.get("/openapi.json")).json()["paths"]
    assert "multipart/form-data" in paths["/api/v1/documents"]["post"]["requestBody"]["content"]
