"""What the door says after a computation: counts only, and never at the price of the result."""

import contextlib
from datetime import UTC, datetime

import httpx
import msgspec
import pytest

from functions.calculators import main
from functions.calculators.domain.registry import calculators
from voiceassist.core import clock
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import service
from voiceassist.runtime import door, outbox, providers, tokens, workloads
from voiceassist.runtime.settings import Postgres, Settings

WORKLOAD = workloads.derived("s" * 40)
MAP = {"inputs": {"systolic": 120, "diastolic": {"value": 80, "assumed": True}}}


class Transactions:
    """Stands where the database stands; `down` makes it unreachable."""

    def __init__(self, *, down=False):
        self.down = down

    @contextlib.asynccontextmanager
    async def transaction(self, _principal):
        if self.down:
            raise UnavailableError
        yield object()


@pytest.fixture
def told(monkeypatch):
    """The events put into the outbox."""
    events = []

    async def add(_connection, room, event):
        events.append((room, event))

    settings = Settings(workload=WORKLOAD, postgres=Postgres(dsn="postgresql://nowhere"))
    monkeypatch.setattr(door, "load_settings", lambda: settings)
    monkeypatch.setattr(outbox, "add", add)
    monkeypatch.setattr(providers, "database", Transactions)
    return events


async def post(path, body):
    token = tokens.mint(service("gateway"), issuer="gateway", audience="calculators", workload=WORKLOAD)
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=main.room), base_url="http://room") as client:
        return await client.post(f"/api/v1/calculators/{path}", json=body, headers=headers)


async def test_a_computation_is_told_by_counts_and_not_by_values(told):
    answer = await post("map/compute", MAP)
    assert answer.status_code == 200
    ((room, event),) = told
    assert room == "calculators"
    assert event.type == "org.voiceassist.calculator.computed.v1"
    payload = msgspec.json.decode(event.data)
    assert (payload["calculator_id"], payload["version"]) == ("map", "1.0.0")
    assert (payload["inputs"], payload["assumed"]) == (2, 1)
    assert b"120" not in event.data.replace(payload["calculation_id"].encode(), b"")


async def test_what_was_not_computed_is_not_told(told):
    assert (await post("map/compute", {"inputs": {"systolic": 120}})).status_code == 422
    assert (await post("interpret", {"text": "map for 120 over 80"})).status_code == 200
    assert told == []


async def test_a_result_is_given_when_the_database_is_down(told, monkeypatch):
    monkeypatch.setattr(providers, "database", lambda: Transactions(down=True))
    answer = await post("map/compute", MAP)
    assert answer.json()["value"] == pytest.approx(93.333, abs=0.001)
    assert told == []


async def test_nothing_is_told_where_there_is_no_database(told, monkeypatch):
    monkeypatch.setattr(door, "load_settings", lambda: Settings(workload=WORKLOAD))
    assert (await post("map/compute", MAP)).status_code == 200
    assert told == []


async def test_the_openapi_document_names_every_calculator(told):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=main.room), base_url="http://room") as client:
        document = (await client.get("/openapi.json")).json()
    for path, method in (("/{calculator_id}", "get"), ("/{calculator_id}/compute", "post")):
        (parameter,) = document["paths"][f"/api/v1/calculators{path}"][method]["parameters"]
        assert parameter["schema"]["enum"] == sorted(calculators())
    assert (await post("no_such_calculator/compute", MAP)).status_code == 404


async def test_a_day_goes_in_and_out_as_iso_8601(told):
    shown = (await post("due_date/compute", {"inputs": {"last_period": "2024-03-05"}})).json()
    assert (shown["value"], shown["unit"], shown["text"]) == (
        "2024-12-10", None, "Estimated due date: 10 December 2024.",
    )  # fmt: skip
    assert [(one["name"], one["value"]) for one in shown["inputs"]] == [("last_period", "2024-03-05")]
    assert shown["assumptions"] == ["assumed: a cycle of 28 days"]


async def test_today_is_the_day_of_the_door(told, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 24, 12, tzinfo=UTC))
    read = (await post("interpret", {"text": "gestational age today with last period march 3 2026"})).json()
    assert read["inputs"] == {"last_period": "2026-03-03", "on": "2026-11-24"}


async def test_values_that_allow_no_result_together_are_refused_with_the_reason(told):
    panel = {"total_cholesterol": 250, "hdl": 40, "triglycerides": 612}
    answer = await post("ldl/compute", {"inputs": panel})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {
            "pointer": "/inputs/triglycerides",
            "code": "NOT_COMPUTABLE",
            "detail": "From 400 mg/dL (4.5 mmol/L) of triglycerides on the formula does not hold: LDL has to be "
            "measured.",
        }
    ]
    assert "612" not in answer.text


async def test_what_only_some_values_call_for_is_asked_by_its_name(told):
    answer = await post("mme/compute", {"inputs": {"oxycodone": 10}})
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/inputs/oxycodone_per_day"]
    nothing = await post("mme/compute", {"inputs": {}})
    assert [one["detail"] for one in nothing.json()["errors"]] == [
        "Which opioid, at which dose, and how many times a day?"
    ]


async def test_the_description_tells_days_formula_and_licence(told):
    token = tokens.mint(service("gateway"), issuer="gateway", audience="calculators", workload=WORKLOAD)
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=main.room), base_url="http://room") as client:
        due, gcs = [
            (await client.get(f"/api/v1/calculators/{name}", headers=headers)).json() for name in ("due_date", "gcs")
        ]
    assert due["equation"].startswith("first day of the last period + 252 days")
    assert [(one["kind"], one["required"], one["unstated"]) for one in due["inputs"]] == [
        ("date", True, None),
        ("quantity", False, "a cycle of 28 days"),
    ]
    assert due["input_schema"]["properties"]["last_period"]["anyOf"][0] == {"type": "string", "format": "date"}
    assert gcs["licence"].startswith("The Glasgow Coma Scale is free")
