import pytest

from voiceassist.core.errors import SettingsError
from voiceassist.runtime import wiring

SERVICE = """
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: {name}
  annotations: {{voiceassist.org/routes: "{routes}"}}
spec:
  template:
    metadata: {{annotations: {{autoscaling.knative.dev/scale-down-delay: 10m{scaling}}}}}
    spec:
      containers: [{{env: [{{name: FUNCTION_TARGET, value: {name}}}, {{name: FUNCTION_SOURCE, value: f.py}}]}}]
"""


def written(name: str, routes: str, scaling: str = "") -> str:
    return SERVICE.format(name=name, routes=routes, scaling=scaling)


def test_the_longest_route_on_a_segment_border_wins(tmp_path):
    (tmp_path / "a.yaml").write_text(written("one", routes="/api/v1/a, /api/v1/b"))
    (tmp_path / "b.yaml").write_text(written("two", routes="/api/v1/a/deep"))
    found = wiring.load(tmp_path)
    assert found.room_for("/api/v1/a/x").name == "one"
    assert found.room_for("/api/v1/a/deep/x").name == "two"
    assert found.room_for("/api/v1/ab") is None
    assert found.rooms["one"].scale_down_delay_seconds == 600


def test_one_route_cannot_lead_to_two_rooms(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(written(name, routes="/api/v1/a"))
    with pytest.raises(SettingsError, match="claimed by"):
        wiring.load(tmp_path)


def test_broken_yaml_is_reported_by_file_name(tmp_path):
    (tmp_path / "bad.yaml").write_text("a: [")
    with pytest.raises(SettingsError, match=r"bad\.yaml"):
        wiring.load(tmp_path)


def test_a_room_says_its_scope_and_what_the_voice_brings_it(tmp_path):
    said = written("oncall", routes="/api/v1/oncall").replace(
        "annotations: {",
        'annotations: {voiceassist.org/scope: "oncall:read", voiceassist.org/voice: /api/v1/oncall/ask, '
        'voiceassist.org/phrases: "who is on call, tonight; on-call doctor;", ',
        1,
    )
    (tmp_path / "oncall.yaml").write_text(said)
    (tmp_path / "plain.yaml").write_text(written("plain", routes="/api/v1/plain"))
    rooms = wiring.load(tmp_path).rooms
    oncall, plain = rooms["oncall"], rooms["plain"]
    assert (oncall.scope, oncall.voice) == ("oncall:read", "/api/v1/oncall/ask")
    assert oncall.phrases == ("who is on call, tonight", "on-call doctor")
    assert (plain.scope, plain.voice, plain.phrases) == ("", "", ())


def test_what_the_autoscaler_measures_is_read_with_knatives_defaults(tmp_path):
    (tmp_path / "a.yaml").write_text(written("plain", routes="/a"))
    says = "metric: rps, autoscaling.knative.dev/target: '150', autoscaling.knative.dev/window: 2m"
    (tmp_path / "b.yaml").write_text(written("told", routes="/b", scaling=", autoscaling.knative.dev/" + says))
    rooms = wiring.load(tmp_path).rooms
    plain, told = rooms["plain"], rooms["told"]
    assert (plain.metric, plain.load_target, plain.window_seconds) == ("concurrency", 0.0, None)
    assert (told.metric, told.load_target, told.window_seconds) == ("rps", 150.0, 120)
