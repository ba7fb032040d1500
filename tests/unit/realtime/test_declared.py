"""What the service takes from the wiring when it starts."""

import yaml
from structlog.testing import capture_logs

from realtime.engines.local import LocalEngine, declared
from voiceassist.core.identity import service
from voiceassist.runtime.settings import Broker, Settings

PREFIX = "voiceassist.org/"


def room(name, phrases):
    notes = {"routes": f"/api/v1/{name}", "voice": f"/api/v1/{name}/ask", "phrases": phrases}
    box = {"env": [{"name": "FUNCTION_TARGET", "value": name}, {"name": "FUNCTION_SOURCE", "value": "f.py"}]}
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": name, "annotations": {PREFIX + key: value for key, value in notes.items()}},
        "spec": {"template": {"spec": {"containers": [box]}}},
    }


def test_a_room_whose_phrases_are_at_fault_costs_nobody_else_the_voice(tmp_path):
    for name, said in (("oncall", "who is on call"), ("greedy", "how do I treat *")):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(room(name, said)))
    with capture_logs() as logs:
        book = declared(Settings(broker=Broker(wiring_dir=str(tmp_path))))
    assert [skill.room for skill in book.skills] == ["oncall"]
    assert [(entry["event"], entry["count"]) for entry in logs] == [("phrases.unusable", 1)]


def test_every_session_knows_the_phrases(tmp_path):
    (tmp_path / "oncall.yaml").write_text(yaml.safe_dump(room("oncall", "who is on call")))
    book = declared(Settings(broker=Broker(wiring_dir=str(tmp_path))))
    engine = LocalEngine(None, rooms=lambda _principal: None, book=book)
    assert engine.open(service("x")).dialogue.phrases.find("who's on call tonight") == book.skills[0]
    engine.close()


def test_without_a_usable_wiring_there_is_still_a_voice(tmp_path):
    (tmp_path / "broken.yaml").write_text("a: [")
    with capture_logs() as logs:
        book = declared(Settings(broker=Broker(wiring_dir=str(tmp_path))))
    assert (book.skills, book.find("who is on call")) == ((), None)
    assert [entry["event"] for entry in logs] == ["wiring.unusable"]
