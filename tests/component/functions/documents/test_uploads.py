"""Uploads in parts on a real object store: resumed, checked, completed, given up and swept."""

import base64
import hashlib

import msgspec
import pytest
from sqlalchemy import text

from events.catalog import Ping
from events.envelope import CloudEvent
from functions.documents import upload_store
from functions.documents.main import room
from voiceassist.adapters.crypto import FRAME_BYTES
from voiceassist.core import ids
from voiceassist.core.errors import NotFoundError, UnavailableError
from voiceassist.core.identity import service
from voiceassist.runtime import providers
from voiceassist.runtime import settings as settings_module
from voiceassist.runtime.vault import object_key

pytestmark = pytest.mark.req("P5.1")

PART = 5 * FRAME_BYTES
# Two whole parts and a bit; each byte of a frame tells where it belongs.
FILE = b"%PDF-1.7\n" + b"".join(bytes([number % 251]) * 65_536 for number in range(170))
SIZE = len(FILE)
PARTS = [FILE[start : start + PART] for start in range(0, len(FILE), PART)]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch, rooms_environment):
    limits = msgspec.structs.replace(settings_module.load_settings().limits, part_bytes=PART, open_uploads=3)
    small = msgspec.structs.replace(settings_module.load_settings(), limits=limits)
    monkeypatch.setattr(type(room), "settings", property(lambda _self: small))


def digest(data):
    return {"content-digest": f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"}


async def begin(client, size=SIZE, **options):
    return await client.post("/api/v1/documents/uploads", json={"file_name": "big.pdf", "size_bytes": size} | options)


async def put(client, upload, number, data, headers=None):
    path = f"/api/v1/documents/uploads/{upload['id']}/parts/{number}"
    kind = {"content-type": "application/octet-stream"}
    return await client.put(path, content=data, headers=kind | (digest(data) if headers is None else headers))


async def complete(client, upload):
    return await client.post(f"/api/v1/documents/uploads/{upload['id']}/complete")


def unfinished(upload_id, tenant_id):
    objects = providers.objects()
    found = objects.client.list_multipart_uploads(Bucket=objects.bucket, Prefix=object_key(tenant_id, upload_id))
    return found.get("Uploads", [])


async def test_a_file_comes_in_parts_in_any_order_and_over_a_restart(caller, person, said):
    owner = await person()
    sha256 = hashlib.sha256(FILE).hexdigest()
    async with caller(room, owner) as client:
        upload = (await begin(client, sha256=sha256, title="A big book", doc_key="big", year=2024)).json()
        assert (upload["parts"], upload["part_bytes"], upload["received"]) == (3, PART, [])
        stored = await put(client, upload, 3, PARTS[2])
        assert (stored.status_code, stored.json()["sha256"]) == (200, hashlib.sha256(PARTS[2]).hexdigest())
        assert (await put(client, upload, 1, PARTS[0])).status_code == 200
        early = await complete(client, upload)
        assert (early.status_code, early.json()["code"]) == (409, "PARTS_MISSING")
        assert [error["pointer"] for error in early.json()["errors"]] == ["/parts/2"]

    # The process is gone, and with it all that it held.
    for cached in (providers.vault, providers.objects):
        cached.cache_clear()
    async with caller(room, owner) as client:
        (found,) = (await client.get("/api/v1/documents/uploads")).json()["items"]
        assert (found["id"], [part["number"] for part in found["received"]]) == (upload["id"], [1, 3])
        assert found == (await client.get(f"/api/v1/documents/uploads/{upload['id']}")).json()
        assert (await put(client, upload, 2, PARTS[1])).status_code == 200
        assert (await put(client, upload, 2, PARTS[1])).status_code == 200  # sent again, since no answer came
        done = await complete(client, upload)
        assert done.status_code == 202
        assert (done.json()["id"], done.json()["version"], done.json()["duplicate"]) == (upload["id"], 1, False)
        document = (await client.get(f"/api/v1/documents/{upload['id']}")).json()
        assert (await complete(client, upload)).status_code == 404
        assert (await client.get("/api/v1/documents/uploads")).json()["items"] == []
    assert (document["title"], document["format"], document["size_bytes"]) == ("A big book", "pdf", len(FILE))
    assert (document["doc_key"], document["year"]) == ("big", 2024)
    (event,) = await said(upload["id"])
    assert sha256.encode() in event.data
    stored = providers.objects().get(object_key(owner.tenant_id, upload["id"]))
    assert FILE[:65_536] not in stored
    assert b"".join(providers.vault().fetch(await providers.keyring().of(owner.tenant_id), upload["id"])) == FILE


async def test_the_same_file_in_one_piece_and_in_parts_is_one_document(caller, person):
    async with caller(room, await person()) as client:
        whole = (await client.post("/api/v1/documents", files={"file": ("a.txt", b"Warfarin is monitored.")})).json()
        upload = (await begin(client, 22, file_name="b.txt")).json()
        assert (await put(client, upload, 1, b"Warfarin is monitored.")).status_code == 200
        again = (await complete(client, upload)).json()
        assert (again["id"], again["duplicate"]) == (whole["id"], True)
    with pytest.raises(NotFoundError):
        list(providers.vault().fetch(await providers.keyring().of((await person()).tenant_id), upload["id"]))


async def test_a_part_that_did_not_arrive_whole_is_not_stored(caller, person):
    async with caller(room, await person()) as client:
        upload = (await begin(client)).json()
        for number, data, headers, status, code in (
            (2, PARTS[1], digest(b"another"), 400, "DIGEST_MISMATCH"),
            (2, PARTS[1], {}, 400, "DIGEST_MISSING"),
            (2, PARTS[1], {"content-digest": "sha-256=:no:"}, 400, "DIGEST_MISSING"),
            (2, PARTS[1][:-1], None, 400, "PART_SIZE"),
            (2, PARTS[1] + b"x", None, 413, "PAYLOAD_TOO_LARGE"),
            (4, b"x", None, 400, "PART_NUMBER"),
            (0, b"x", None, 400, "PART_NUMBER"),
            (1, b"MZ\x90\0" + PARTS[0][4:], None, 415, "UNSUPPORTED_FORMAT"),
        ):
            answer = await put(client, upload, number, data, headers)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert (await client.get(f"/api/v1/documents/uploads/{upload['id']}")).json()["received"] == []
        assert (await client.delete(f"/api/v1/documents/uploads/{upload['id']}")).status_code == 204


async def test_a_file_that_is_not_the_announced_one_is_given_up(caller, person):
    owner = await person()
    async with caller(room, owner) as client:
        upload = (await begin(client, 4, file_name="a.txt", sha256="0" * 64)).json()
        await put(client, upload, 1, b"text")
        answer = await complete(client, upload)
        assert (answer.status_code, answer.json()["code"]) == (400, "DIGEST_MISMATCH")
        assert (await client.get("/api/v1/documents/uploads")).json()["items"] == []
    with pytest.raises(NotFoundError):
        list(providers.vault().fetch(await providers.keyring().of(owner.tenant_id), upload["id"]))


async def test_an_upload_given_up_leaves_nothing(caller, person):
    owner = await person()
    async with caller(room, owner) as client:
        upload = (await begin(client)).json()
        await put(client, upload, 1, PARTS[0])
        assert len(unfinished(upload["id"], owner.tenant_id)) == 1
        assert (await client.delete(f"/api/v1/documents/uploads/{upload['id']}")).status_code == 204
        assert (await client.delete(f"/api/v1/documents/uploads/{upload['id']}")).status_code == 404
        assert (await put(client, upload, 2, PARTS[1])).status_code == 404
    assert unfinished(upload["id"], owner.tenant_id) == []


async def test_what_nobody_goes_on_with_is_given_back_at_night(caller, person, deliver, database):
    owner = await person()
    async with caller(room, owner) as client:
        old, fresh = (await begin(client)).json(), (await begin(client)).json()
        await put(client, old, 1, PARTS[0])
        async with database.transaction(service("test", owner.tenant_id)) as connection:
            await connection.execute(
                text("update uploads set expires_at = now() - interval '1 second' where id = :id"), {"id": old["id"]}
            )
        assert (await client.get(f"/api/v1/documents/uploads/{old['id']}")).status_code == 404
        tick = CloudEvent(
            id=str(ids.new_id()), source="/apis/v1/namespaces/x/pingsources/y", type=Ping.TYPE, data=b"{}",
            datacontenttype="application/json", extensions={"schedule": "uploads"},
        )  # fmt: skip
        assert await deliver(room, tick) == 204
        assert await deliver(room, msgspec.structs.replace(tick, extensions={"schedule": "weekly"})) == 422
        left = [one["id"] for one in (await client.get("/api/v1/documents/uploads")).json()["items"]]
        assert left == [fresh["id"]]
        assert (await client.delete(f"/api/v1/documents/uploads/{fresh['id']}")).status_code == 204
    assert unfinished(old["id"], owner.tenant_id) == []
    async with database.transaction(service("test", owner.tenant_id)) as connection:
        rows = await connection.execute(text("select count(*) from uploads where id = :id"), {"id": old["id"]})
        assert rows.scalar_one() == 0


async def test_limits_and_whose_upload_it_is(caller, person):
    owner = await person()
    async with caller(room, owner) as client:
        assert (await begin(client, 524_288_001)).status_code == 413
        assert (await begin(client, 0)).status_code == 400
        assert (await begin(client, 10, visibility="shared")).status_code == 403
        assert (await begin(client, 10, doc_key="a b")).status_code == 400
        made = [(await begin(client, 10)).json() for _ in range(3)]
        refused = await begin(client, 10)
        assert (refused.status_code, refused.json()["code"]) == (409, "TOO_MANY_UPLOADS")
        async with caller(room, await person()) as stranger:
            path = f"/api/v1/documents/uploads/{made[0]['id']}"
            assert (await stranger.get(path)).status_code == 404
            assert (await put(stranger, made[0], 1, b"0123456789")).status_code == 404
            assert (await complete(stranger, made[0])).status_code == 404
            assert (await stranger.delete(path)).status_code == 404
        for upload in made:
            await client.delete(f"/api/v1/documents/uploads/{upload['id']}")
    async with caller(room, await person("viewer")) as client:
        assert (await begin(client, 10)).status_code == 403


async def test_completing_goes_on_after_the_database_was_away(caller, person, monkeypatch):
    """The store has made one object of the parts, and the row was not written: the next call finds both so."""
    owner = await person()
    async with caller(room, owner) as client:
        upload = (await begin(client, 4, file_name="a.txt")).json()
        await put(client, upload, 1, b"text")

        async def away(*_args):
            raise UnavailableError("away", code="DATABASE_UNAVAILABLE")

        with monkeypatch.context() as patch:
            patch.setattr(upload_store, "close", away)
            assert (await complete(client, upload)).status_code == 503
        assert (await complete(client, upload)).status_code == 202
    assert b"".join(providers.vault().fetch(await providers.keyring().of(owner.tenant_id), upload["id"])) == b"text"
