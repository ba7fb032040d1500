"""Where things lie and what they are called: pure functions."""

from pathlib import Path

import pytest

from voiceassist.runtime.engines import secrets
from voiceassist.runtime.engines.layout import Layout, default_data
from voiceassist.runtime.engines.machine import _major
from voiceassist.runtime.engines.ports import Ports
from voiceassist.runtime.engines.probes import _host
from voiceassist.runtime.engines.supervisor import _how

HOME = Path("/home/someone")


@pytest.mark.parametrize(
    ("environ", "uid", "expected"),
    [
        ({}, 0, "/var/lib/voiceassist"),
        ({}, 1000, "/home/someone/.local/share/voiceassist"),
        ({"XDG_DATA_HOME": "/xdg"}, 1000, "/xdg/voiceassist"),
        ({"XDG_DATA_HOME": ""}, 1000, "/home/someone/.local/share/voiceassist"),
        ({"VOICEASSIST_DATA": "/elsewhere", "XDG_DATA_HOME": "/xdg"}, 0, "/elsewhere"),
    ],
)
def test_the_data_directory(environ: dict[str, str], uid: int, expected: str) -> None:
    assert default_data(environ, uid=uid, home=HOME) == Path(expected)


def test_the_sockets_lie_inside_unless_the_path_is_too_long() -> None:
    assert Layout(Path("/data")).run == Path("/data/run")
    long = Layout(Path("/") / ("x" * 90)).run
    assert not long.is_relative_to("/" + "x" * 90)
    assert long != Layout(Path("/") / ("y" * 90)).run, "two installations never share sockets"
    multibyte = Layout(Path("/") / ("ü" * 40))
    assert len(str(multibyte.data).encode()) > 80
    assert multibyte.run.name.startswith("voiceassist-")


def test_ports_are_a_row_and_four_are_doubled() -> None:
    ports = Ports(8443)
    assert ports.needed()[:4] == [8443, 8444, 8445, 8446]
    assert len(set(ports.needed())) == 13
    assert {18448, 18449, 18450, 18451} <= set(ports.needed())
    assert ports.needed(s3=False, vectord=False) == [8443, 8444, 8445, 8446]


def test_secrets_are_long_different_and_of_their_kind() -> None:
    one, two = secrets.generate(), secrets.generate()
    values = [getattr(one, name) for name in one.__struct_fields__]
    assert len(set(values)) == len(values)
    assert all(len(value) >= 43 for value in values)
    assert all(getattr(one, name) != getattr(two, name) for name in one.__struct_fields__)
    assert len(bytes.fromhex(one.kek)) == len(bytes.fromhex(one.s3_sse_kek)) == 32
    assert one.cli_api_key.startswith("va_")
    assert not set(one.postgres_app) & set("'@/:?#"), "it stands in SQL and in URLs unescaped"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://va_app:secret@/voiceassist?host=/data/run/postgres", "unix:/data/run/postgres"),
        ("postgresql://u:secret@db.example:5433/va?sslmode=verify-full", "postgresql://db.example:5433/va"),
        ("unix://va:secret@/data/run/valkey/valkey.sock", "unix:/data/run/valkey/valkey.sock"),
        ("rediss://:secret@cache.example:6380/0", "rediss://cache.example:6380/0"),
        ("", "://"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert _host(url) == shown


@pytest.mark.parametrize(
    ("status", "words"), [(None, "is gone"), (-9, "was ended by SIGKILL"), (3, "stopped with exit code 3")]
)
def test_a_death_in_words(status: int | None, words: str) -> None:
    assert _how(status) == words


@pytest.mark.parametrize(("version", "major"), [("20.20.2", 20), ("4.3", 4), ("absent", 0), ("", 0)])
def test_major_versions(version: str, major: int) -> None:
    assert _major(version) == major
