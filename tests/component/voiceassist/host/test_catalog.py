"""The catalogue through the front door: who may read it, and what a second reading costs."""

import pytest

from events.catalog import EVENT_TYPES, DocumentUploaded, schema

PATHS = [
    "/events/catalog",
    "/api/v1/events/catalog",
    f"/events/schemas/{DocumentUploaded.TYPE}",
    f"/api/v1/events/schemas/{DocumentUploaded.TYPE}",
]


@pytest.mark.parametrize("path", PATHS)
def test_people_and_keys_read_it_and_nobody_else(host, clinician, key, problem, path):
    with host.client() as client:
        problem(client.get(path), 401, "UNAUTHENTICATED")
        by_key = client.get(path, headers=key)
    by_cookie = clinician.http.get(path)
    assert by_key.status_code == by_cookie.status_code == 200
    assert by_key.content == by_cookie.content


def test_it_lists_every_type_and_leads_to_every_schema(clinician):
    items = clinician.http.get("/api/v1/events/catalog").json()["items"]
    assert [item["type"] for item in items] == sorted(EVENT_TYPES)
    for item in items:
        answer = clinician.http.get(item["schema"])
        assert answer.headers["content-type"] == "application/schema+json"
        assert answer.json() == schema(item["type"])


@pytest.mark.parametrize("path", PATHS)
def test_a_second_reading_is_a_304(clinician, path):
    first = clinician.http.get(path)
    again = clinician.http.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    head = clinician.http.head(path)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", first.headers["etag"])


def test_other_types_and_other_methods(clinician, key, host, problem):
    problem(clinician.http.get("/events/schemas/com.example.other"), 404, "NOT_FOUND")
    with host.client(headers=key) as client:
        problem(client.put("/events/catalog"), 405, "METHOD_NOT_ALLOWED")


def test_it_is_in_the_one_description(clinician):
    document = clinician.http.get("/api/v1/openapi.json").json()
    assert {"/api/v1/events/catalog", "/api/v1/events/schemas/{event_type}"} <= document["paths"].keys()
