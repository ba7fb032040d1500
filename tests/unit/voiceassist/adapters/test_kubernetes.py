"""What the adapter says to an API server of Kubernetes, and how it reads the answers; the contract runs elsewhere."""

import httpx
import msgspec
import pytest

from voiceassist.adapters.kubernetes import KubernetesTriggers, TriggerRefusedError
from voiceassist.core.errors import UnavailableError
from voiceassist.ports.triggers import Kept
from voiceassist.runtime import providers, tokens, workloads
from voiceassist.runtime.settings import Broker, Settings

WORKLOAD = workloads.derived("s" * 40)
TRIGGER = {
    "apiVersion": "eventing.knative.dev/v1",
    "kind": "Trigger",
    "metadata": {"name": "subscription-1"},
    "spec": {"broker": "default"},
}
PATH = "/apis/eventing.knative.dev/v1/namespaces/hospital/triggers"


@pytest.fixture
def server():
    """Answers as told and keeps the requests."""

    class Server:
        def __init__(self):
            self.requests = []
            self.answer = httpx.Response(200, json={})

        def __call__(self, request):
            self.requests.append(request)
            return self.answer

    return Server()


@pytest.fixture
def keeper(server):
    numbers = iter(range(1, 100))
    made = KubernetesTriggers("https://kubernetes.default.svc/", "hospital", bearer=lambda: f"token{next(numbers)}")
    made._client = httpx.AsyncClient(transport=httpx.MockTransport(server))
    return made


def shown(**status):
    return TRIGGER | {"metadata": {"name": "subscription-1", "annotations": {"a": "b"}}, "status": status}


async def test_it_applies_on_the_servers_side_with_the_token_of_the_moment(server, keeper):
    server.answer = httpx.Response(201, json=shown(conditions=[{"type": "Ready", "status": "Unknown"}]))
    assert await keeper.apply(TRIGGER) == Kept("subscription-1", None, "", {"a": "b"})
    await keeper.delete("subscription-1")
    first, second = server.requests
    assert (first.method, first.url.path) == ("PATCH", f"{PATH}/subscription-1")
    assert dict(first.url.params) == {"fieldManager": "voiceassist", "force": "true"}
    assert first.headers["content-type"] == "application/apply-patch+yaml"
    assert msgspec.json.decode(first.content) == TRIGGER
    assert [request.headers["authorization"] for request in server.requests] == ["Bearer token1", "Bearer token2"]
    assert (second.method, second.url.path) == ("DELETE", f"{PATH}/subscription-1")


@pytest.mark.parametrize(
    ("conditions", "ready", "reason"),
    [
        ([{"type": "BrokerReady", "status": "False"}, {"type": "Ready", "status": "True"}], True, ""),
        ([{"type": "Ready", "status": "False", "reason": "BrokerNotFound"}], False, "BrokerNotFound"),
        ([], None, ""),
        (None, None, ""),
    ],
)
async def test_readiness_is_the_servers_word(server, keeper, conditions, ready, reason):
    server.answer = httpx.Response(200, json={"items": [shown(conditions=conditions)]})
    (kept,) = await keeper.listed()
    assert (kept.ready, kept.reason) == (ready, reason)


async def test_what_is_not_there(server, keeper):
    server.answer = httpx.Response(404, json={"kind": "Status", "reason": "NotFound"})
    assert await keeper.get("subscription-1") is None
    await keeper.delete("subscription-1")
    with pytest.raises(UnavailableError):
        await keeper.apply(TRIGGER)


@pytest.mark.parametrize("status", [400, 422])
async def test_an_invalid_trigger_is_refused_without_the_servers_words(server, keeper, status):
    server.answer = httpx.Response(status, json={"kind": "Status", "message": 'Invalid value: "zz-canary"'})
    with pytest.raises(TriggerRefusedError) as refused:
        await keeper.apply(TRIGGER)
    assert "zz-canary" not in refused.value.detail


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401),
        httpx.Response(403, json={"kind": "Status"}),
        httpx.Response(409, json={"kind": "Status"}),
        httpx.Response(500, text="no"),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(302, headers={"location": "https://elsewhere.example"}),
    ],
    ids=lambda answer: str(answer.status_code),
)
async def test_other_answers_are_unavailable(server, keeper, answer):
    server.answer = answer
    for call in (keeper.apply(TRIGGER), keeper.get("x"), keeper.listed(), keeper.delete("x")):
        with pytest.raises(UnavailableError) as raised:
            await call
        assert raised.value.code == "TRIGGERS_UNAVAILABLE"


@pytest.fixture
def settings(monkeypatch):
    def use(**given):
        providers.triggers.cache_clear()
        monkeypatch.setattr(providers, "load_settings", lambda: Settings(**given))
        return providers.triggers("subscriptions")

    yield use
    providers.triggers.cache_clear()


def test_without_a_cluster_the_keeper_is_the_broker(settings):
    made = settings(broker_url="http://127.0.0.1:8445/voiceassist/default", workload=WORKLOAD)
    assert made._url == "http://127.0.0.1:8445/apis/eventing.knative.dev/v1/namespaces/voiceassist/triggers"
    caller = tokens.verify(made._bearer(), audience="broker", workload=WORKLOAD)
    assert (caller.is_service, caller.subject) == (True, "subscriptions")


def test_in_a_cluster_it_is_the_api_server_and_the_pods_own_account(settings, monkeypatch, tmp_path):
    for name, content in (("namespace", "hospital\n"), ("token", "one\n"), ("ca.crt", "")):
        (tmp_path / name).write_text(content)
    monkeypatch.setattr(providers, "SERVICE_ACCOUNT", str(tmp_path))
    api = "https://kubernetes.default.svc"
    made = settings(broker_url="http://kafka/hospital/default", broker=Broker(api_url=api))
    assert made._url == f"{api}{PATH}"
    assert made._bearer() == "one"
    (tmp_path / "token").write_text("two")
    assert made._bearer() == "two"


async def test_without_a_broker_no_keeper_answers(settings):
    made = settings(workload=WORKLOAD)
    with pytest.raises(UnavailableError):
        await made.listed()
    await made.close()


def test_without_an_account_there_is_no_keeper(settings, monkeypatch, tmp_path):
    monkeypatch.setattr(providers, "SERVICE_ACCOUNT", str(tmp_path / "none"))
    with pytest.raises(UnavailableError):
        settings(broker=Broker(api_url="https://kubernetes.default.svc"))
