"""Triggers and Brokers read live: from the wiring's files and over the API of Kubernetes."""

import asyncio
import json

import yaml

from .conftest import broker_object, event, trigger

TRIGGERS = "/apis/eventing.knative.dev/v1/namespaces/voiceassist/triggers"
APPLY = {"content-type": "application/apply-patch+yaml"}


async def conditions(broker):
    answer = await broker.client.get(f"{broker.url}/api/v1/events/triggers", headers=broker.token())
    assert answer.status_code == 200, answer.text
    return answer.json()


async def until(condition, within=10.0):
    async with asyncio.timeout(within):
        while not (found := await condition()):
            await asyncio.sleep(0.05)
        return found


async def trigger_named(broker, name):
    items = (await conditions(broker))["items"]
    return next((item for item in items if item["trigger"] == f"voiceassist/{name}"), None)


async def apply(broker, item, name=None, **changes):
    name = name or item["metadata"]["name"]
    return await broker.client.patch(
        f"{broker.url}{TRIGGERS}/{name}?fieldManager=tests&force=true",
        headers=broker.token() | APPLY | changes,
        content=json.dumps(item),
    )


async def test_a_changed_file_takes_effect_and_a_bad_one_leaves_the_old_in_force(broker, subscriber):
    await broker.start()
    await broker.say(event(1))
    await subscriber.wait_for(1)
    broker.wire(trigger("all", room="moved"), trigger("more", room="other", type_prefix="test."))
    await until(lambda: trigger_named(broker, "more"))
    await broker.say(event(2))
    await subscriber.wait_for(1, room="moved")
    await subscriber.wait_for(1, room="other")
    assert len(subscriber.events()) == 1

    (broker.folder / "knative" / "wiring.yaml").write_text("kind: [unclosed")
    faults = await until(lambda: faults_of(broker))
    assert faults == {"wiring.yaml": "The wiring file wiring.yaml is not valid YAML."}
    await broker.say(event(3))
    await subscriber.wait_for(2, room="moved")

    broker.wire(trigger("all", room="moved", retry="three"))
    await until(lambda: fault_with(broker, "delivery.retry must be a number"))
    broker.wire(trigger("all", room="back"))
    await until(lambda: without_faults(broker))
    await broker.say(event(4))
    await subscriber.wait_for(1, room="back")
    assert len(subscriber.events("moved")) == 2


async def faults_of(broker):
    return (await conditions(broker))["wiring_faults"]


async def fault_with(broker, text):
    return any(text in fault for fault in (await faults_of(broker)).values())


async def without_faults(broker):
    return not await faults_of(broker)


async def test_a_triggers_broker_is_immutable(broker, subscriber):
    await broker.start()
    broker.wire(trigger("all", broker="dead-letters"))
    assert "immutable" in (await until(lambda: faults_of(broker)))["wiring.yaml"]
    await broker.say(event(1))
    await subscriber.wait_for(1)


async def test_a_trigger_waits_for_its_broker_to_appear(broker, subscriber):
    broker.wire(trigger("late", broker="ward"), brokers=("default", "dead-letters"))
    await broker.start()
    assert (await trigger_named(broker, "late"))["reason"] == "BrokerNotFound"
    extra = broker.folder / "knative" / "extra.yaml"
    extra.write_text(yaml.safe_dump(broker_object("ward")))

    async def ready():
        return (await trigger_named(broker, "late"))["ready"]

    await until(ready)
    await broker.say(event(1), path="/voiceassist/ward")
    await subscriber.wait_for(1)
    extra.unlink()

    async def unready():
        return not await ready()

    await until(unready)
    own = await broker.post(
        {"ce-id": "2", "ce-source": "/s", "ce-type": "t", "ce-specversion": "1.0"}, b"", "/voiceassist/ward"
    )
    assert own.status_code == 404


async def test_a_trigger_of_an_unknown_service_is_not_ready(broker):
    (broker.folder / "knative" / "room.yaml").write_text(
        yaml.safe_dump(
            {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": {"name": "room"}, "spec": {}}
        )
    )
    broker.wire(trigger("known", room="room"), trigger("lost", room="nowhere"))
    await broker.start()
    assert (await trigger_named(broker, "known"))["ready"]
    lost = await trigger_named(broker, "lost")
    assert (lost["ready"], lost["reason"], lost["subscriber"]) == (False, "SubscriberNotFound", None)


async def test_a_trigger_is_applied_changed_and_deleted_over_the_api(broker, subscriber):
    await broker.start()
    made = await apply(broker, trigger("hook", room="hook", type_prefix="test."))
    assert (made.status_code, made.json()["status"]["conditions"]) == (201, [{"type": "Ready", "status": "True"}])
    await broker.say(event(1))
    await subscriber.wait_for(1, room="hook")
    changed = await apply(broker, trigger("hook", room="hooks", type_prefix="test."))
    assert changed.status_code == 200
    await broker.say(event(2))
    await subscriber.wait_for(1, room="hooks")
    await broker.settled()

    broker.kill()
    await broker.start()
    shown = await broker.client.get(f"{broker.url}{TRIGGERS}/hook", headers=broker.token())
    assert (shown.status_code, shown.json()["spec"]["subscriber"]["ref"]["name"]) == (200, "hooks")
    await broker.say(event(3))
    await subscriber.wait_for(2, room="hooks")

    measured = 'trigger="voiceassist/hook"'
    assert measured in (await broker.client.get(f"{broker.url}/metrics")).text
    deleted = await broker.client.delete(f"{broker.url}{TRIGGERS}/hook", headers=broker.token())
    assert measured not in (await broker.client.get(f"{broker.url}/metrics")).text
    assert (deleted.status_code, deleted.json()["status"]) == (200, "Success")
    await broker.say(event(4))
    await broker.settled()
    assert len(subscriber.events("hooks")) == 2
    assert (await broker.client.delete(f"{broker.url}{TRIGGERS}/hook", headers=broker.token())).status_code == 404
    assert (await broker.client.get(f"{broker.url}{TRIGGERS}/hook", headers=broker.token())).status_code == 404


async def test_what_waits_for_a_deleted_trigger_is_dropped_and_seen(broker, subscriber):
    broker.wire()
    await broker.start()
    await apply(broker, trigger("hook", room="hook", backoffDelay="PT60S"))
    subscriber.script["1"] = [503]
    await broker.say(event(1))
    await subscriber.wait_for(1, room="hook")
    await until(lambda: postponed(broker))
    gone = await broker.client.delete(f"{broker.url}{TRIGGERS}/hook", headers=broker.token())
    assert gone.status_code == 200
    found = await broker.client.get(f"{broker.url}/api/v1/events/deliveries?state=dropped", headers=broker.token())
    assert [item["trigger"] for item in found.json()["items"]] == ["voiceassist/hook"]


async def postponed(broker):
    return broker.query("select 1 from attempts")


async def test_what_the_api_refuses(broker):
    await broker.start()
    fine = trigger("hook")

    async def refused(answer, code, reason):
        body = answer.json()
        assert (answer.status_code, body["kind"], body["status"], body["reason"], body["code"]) == (
            code,
            "Status",
            "Failure",
            reason,
            code,
        )

    await refused(await apply(broker, trigger("all")), 403, "Forbidden")
    await refused(await apply(broker, fine, name="other"), 422, "Invalid")
    await refused(await apply(broker, fine | {"kind": "Broker"}), 422, "Invalid")
    await refused(await apply(broker, trigger("hook", retry="three")), 422, "Invalid")
    await refused(
        await apply(broker, fine | {"spec": fine["spec"] | {"filters": [{"exact": {"Type": "x"}}]}}), 422, "Invalid"
    )
    await refused(await apply(broker, fine, **{"content-type": "application/json"}), 415, "UnsupportedMediaType")
    answer = await broker.client.patch(f"{broker.url}{TRIGGERS}/hook", headers=broker.token() | APPLY, content=b"\xff{")
    await refused(answer, 422, "Invalid")
    answer = await broker.client.post(f"{broker.url}{TRIGGERS}", headers=broker.token(), content=b"{}")
    await refused(answer, 405, "MethodNotAllowed")
    answer = await broker.client.get(f"{broker.url}/apis/apps/v1/deployments", headers=broker.token())
    await refused(answer, 404, "NotFound")
    assert (await broker.client.get(f"{broker.url}{TRIGGERS}")).status_code == 401
    await apply(broker, fine)
    await refused(await apply(broker, trigger("hook", broker="dead-letters")), 422, "Invalid")
    listed = await broker.client.get(f"{broker.url}{TRIGGERS}", headers=broker.token())
    assert sorted(item["metadata"]["name"] for item in listed.json()["items"]) == ["all", "hook"]
