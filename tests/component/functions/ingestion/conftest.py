"""Documents on their way to the index, for the tests of ingestion."""

import pytest

from functions.documents.main import room as documents

TEXT = b"REVERSAL\n\nWarfarin is reversed with vitamin K and prothrombin complex concentrate.\n"


@pytest.fixture
def uploaded(caller, person, said):
    """Upload a file as a new user (or as `owner`); gives owner, the API's answer and the event it caused."""

    async def make(data=TEXT, name="guide.txt", *, role="user", owner=None, **fields):
        owner = owner or await person(role)
        async with caller(documents, owner) as client:
            answer = await client.post("/api/v1/documents", files={"file": (name, data)}, data=fields)
        assert answer.status_code == 202, answer.text
        body = answer.json()
        return owner, body, (await said(body["id"]))[-1]

    return make


@pytest.fixture
def job_of(caller):
    async def find(owner, body):
        async with caller(documents, owner) as client:
            return (await client.get(f"/api/v1/jobs/{body['job_id']}")).json()

    return find
