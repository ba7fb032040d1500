"""The wiring's files, as they change under a running broker."""

import os
from pathlib import Path

import pytest
import yaml

from events.broker.wiring_files import WiringFiles
from voiceassist.core.errors import SettingsError

from .conftest import broker_object, trigger


class Folder:
    """Writes files whose changes are seen even within one tick of the clock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ticks = 0
        self.files = WiringFiles(path, lambda ref: f"http://{ref['name']}.local")

    def write(self, name, *objects):
        target = self.path / name
        target.parent.mkdir(exist_ok=True)
        target.write_text(objects[0] if isinstance(objects[0], str) else yaml.safe_dump_all(objects))
        self.ticks += 1
        os.utime(target, ns=(self.ticks, self.ticks))

    def heard(self):
        return sorted(name.removeprefix("voiceassist/") for name in self.files.routing().routes)


@pytest.fixture
def folder(tmp_path):
    made = Folder(tmp_path)
    made.write("brokers.yaml", broker_object("default"), broker_object("dead-letters"))
    made.write("one.yaml", trigger("one"))
    made.files.load()
    return made


def test_nothing_changed_is_nothing_new(folder):
    assert folder.files.changed() is None
    folder.write("two.yaml", trigger("two"))
    assert folder.files.changed() is not None
    assert folder.files.changed() is None
    assert folder.heard() == ["one", "two"]


def test_of_many_changed_files_only_the_faulty_ones_stay_as_they_were(folder):
    for number in range(40):
        folder.write(f"many/{number}.yaml", trigger(f"t{number}"))
    folder.files.changed()
    for number in range(40):
        folder.write(f"many/{number}.yaml", trigger(f"t{number}", room="new"))
    folder.write("many/7.yaml", trigger("t7", retry="three"))
    folder.write("many/30.yaml", "kind: [")
    folder.write("many/31.yaml", {"kind": "Trigger", "metadata": "t31", "spec": {}})
    routing = folder.files.changed()
    assert folder.files.faults.keys() == {"many/7.yaml", "many/30.yaml", "many/31.yaml"}
    assert all(len(fault) < 120 for fault in folder.files.faults.values())
    urls = {name: route.sink.url for name, route in routing.routes.items()}
    assert sorted(name for name, url in urls.items() if url == "http://room.local/") == [
        f"voiceassist/{name}" for name in ("one", "t30", "t31", "t7")
    ]


def test_a_trigger_moves_from_one_file_to_another(folder):
    folder.write("one.yaml", trigger("two"))
    folder.write("another.yaml", trigger("one"))
    folder.files.changed()
    assert (folder.heard(), folder.files.faults) == (["one", "two"], {})


def test_what_another_file_made_impossible_is_looked_at_again(folder):
    folder.write("two.yaml", trigger("one"))
    folder.files.changed()
    assert "there twice" in folder.files.faults["two.yaml"]
    (folder.path / "one.yaml").unlink()
    folder.files.changed()
    assert (folder.heard(), folder.files.faults) == (["one"], {})


def test_a_broker_that_would_break_its_triggers_is_refused(folder):
    plain = trigger("plain")
    del plain["spec"]["delivery"]
    folder.write("plain.yaml", plain)
    folder.files.changed()
    folder.write("brokers.yaml", broker_object("default", retry="three"), broker_object("dead-letters"))
    assert folder.files.changed().routes.keys() == {"voiceassist/one", "voiceassist/plain"}
    assert folder.files.faults.keys() == {"brokers.yaml"}


def test_a_file_that_goes_takes_its_triggers_and_its_fault_along(folder):
    folder.write("two.yaml", trigger("two", retry="three"))
    folder.files.changed()
    assert folder.files.faults.keys() == {"two.yaml"}
    for name in ("one.yaml", "two.yaml"):
        (folder.path / name).unlink()
    folder.files.changed()
    assert (folder.heard(), folder.files.faults) == ([], {})


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "Trigger", "metadata": ["a"]},
        {"kind": "Trigger", "metadata": {"name": "a"}, "spec": "x"},
        {"kind": "Trigger", "metadata": {"name": "a"}, "spec": {"broker": "default", "subscriber": {"ref": "x"}}},
        {"kind": "Trigger", "metadata": {"name": "a", "annotations": "x"}, "spec": trigger("a")["spec"]},
        {"kind": "Service", "metadata": "x"},
        {"kind": "Broker", "metadata": "x"},
    ],
)
def test_an_object_of_another_shape_is_one_sentence(folder, wrong):
    folder.write("wrong.yaml", wrong)
    folder.files.changed()
    assert folder.files.faults["wrong.yaml"].endswith("must be an object.")
    assert folder.heard() == ["one"]
    with pytest.raises(SettingsError, match="must be an object"):
        WiringFiles(folder.path, lambda _ref: "http://x").load()
