"""The room on real PostgreSQL, a keeper of Triggers in memory, and sinks on this machine."""

import datetime as dt
import json

import pytest
from sqlalchemy import text

from events.broker import filters
from events.envelope import CloudEvent, encode_binary, encode_structured
from functions.subscriptions import main
from functions.subscriptions.domain import Patience
from functions.subscriptions.service import Keeping
from voiceassist.adapters.kubernetes import TriggerRefusedError
from voiceassist.core import ids
from voiceassist.core.errors import SettingsError, UnavailableError
from voiceassist.core.identity import service
from voiceassist.ports.triggers import Kept
from voiceassist.runtime import providers
from voiceassist.runtime.egress.outside import Outside
from voiceassist.runtime.egress.web import Egress
from voiceassist.runtime.engines import certificates
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.settings import Egress as Section
from voiceassist.runtime.settings import Settings

ROUTE = "/api/v1/events/subscriptions"
TYPE = "org.voiceassist.document.indexed.v1"


class Keeper:
    """Triggers as a broker keeps them: filters that it cannot compile are refused. `down`: it does not answer."""

    def __init__(self):
        self.kept = {}
        self.calls = []
        self.down = False

    def _ask(self, *call):
        if self.down:
            raise UnavailableError("down", code="TRIGGERS_UNAVAILABLE")
        self.calls.append(call)

    async def apply(self, trigger):
        name = trigger["metadata"]["name"]
        self._ask("apply", name)
        try:
            filters.of_trigger(trigger["spec"])
        except SettingsError:
            raise TriggerRefusedError("no") from None
        self.kept[name] = json.loads(json.dumps(trigger))
        return self._shown(name)

    async def get(self, name):
        self._ask("get", name)
        return self._shown(name) if name in self.kept else None

    async def listed(self):
        self._ask("list")
        return [self._shown(name) for name in self.kept]

    async def delete(self, name):
        self._ask("delete", name)
        self.kept.pop(name, None)

    def _shown(self, name):
        return Kept(name, ready=True, annotations=self.kept[name]["metadata"]["annotations"])

    def matching(self, event):
        return [one for one in self.kept.values() if filters.of_trigger(one["spec"])(event.attributes())]


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    layout = Layout(tmp_path_factory.mktemp("ca") / "ours")
    layout.data.mkdir()
    certificates.ensure(layout, now=dt.datetime.now(dt.UTC))
    return layout


@pytest.fixture
def keeper():
    return Keeper()


@pytest.fixture
async def keeping(database, keeper, gate_of, settings, authority, monkeypatch):
    """What the room works with; its way out leads to this machine too."""
    egress = Egress(Settings(ca_file=str(authority.ca), egress=Section(allow_private=True)))
    made = Keeping(database, keeper, Outside(gate_of(), egress), providers.keyring(), Patience(5, "PT1S", ""))
    monkeypatch.setattr(main, "keeping", lambda: made)
    yield made
    await egress.close()
    async with database.transaction(service("test")) as connection:  # other tests' reconciling must not meet these
        tenants = [row[0] for row in (await connection.execute(text("select id from tenants"))).all()]
    for tenant in tenants:
        async with database.transaction(service("test", tenant)) as connection:
            await connection.execute(text("delete from subscriptions"))


@pytest.fixture
def sink(sinks, authority):
    with sinks.Sink((str(authority.certificate), str(authority.certificate_key))) as running:
        yield running


@pytest.fixture
def subscribe(caller, keeping, sink):
    """Make a subscription of a person; the API's answer."""

    async def make(owner, **changes):
        wanted = {"name": "Archive", "sink": f"{sink.url}/hook", "filters": [{"exact": {"type": TYPE}}]} | changes
        async with caller(main.room, owner) as client:
            answer = await client.post(ROUTE, json=wanted)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return make


@pytest.fixture
def send(caller, keeping):
    """Post an event to the deliver door of a subscription, as the broker does; its answer."""

    async def make(subscription_id, event, *, structured=False, principal=None):
        headers, body = (encode_structured if structured else encode_binary)(event)
        async with caller(main.room, principal or service("broker")) as client:
            return await client.post(f"/deliver/{subscription_id}", headers=dict(headers), content=body)

    return make


@pytest.fixture
def about():
    """An event about something of a person."""

    def make(owner, event_type=TYPE, **attributes):
        extensions = {"tenantid": str(owner.tenant_id), "ownerid": str(owner.user_id), "partitionkey": "k"}
        given = {
            "id": str(ids.new_id()),
            "source": "/voiceassist/ingestion",
            "type": event_type,
            "datacontenttype": "application/json",
            "data": b'{"chunks":1}',
            "extensions": extensions,
        }
        return CloudEvent(**(given | attributes))

    return make
