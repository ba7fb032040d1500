"""`voiceassist workloads create`: what it writes is what compose.yaml, the cluster and the settings take."""

import json
import stat

import pytest
from click.testing import CliRunner

from voiceassist.cli.main import group
from voiceassist.core.errors import ConflictError
from voiceassist.core.identity import service
from voiceassist.runtime import tokens, workloads
from voiceassist.runtime.settings import parse


@pytest.fixture
def made(tmp_path):
    folder = tmp_path / "workloads"
    told = CliRunner().invoke(group, ["workloads", "create", str(folder)], catch_exceptions=False)
    assert told.exit_code == 0
    return folder


def settings(path):
    lines = (line.partition("=") for line in path.read_text().splitlines())
    return parse({name: value.strip("'") for name, _, value in lines})


def test_each_part_gets_its_own_key_and_all_know_all(made):
    parts = {"gateway", "realtime", "broker", *workloads.rooms()}
    assert {path.name for path in (made / "cluster").iterdir()} == parts
    assert {path.stem for path in (made / "compose").iterdir()} == {*parts, "migrate"}
    known = (made / "keys.json").read_text()
    for part in parts:
        own = settings(made / "compose" / f"{part}.env").workload
        assert own.keys == known
        assert own.key == (made / "cluster" / part).read_text()
        assert [key["kid"] for key in json.loads(own.key)["keys"]] == [part]
        token = tokens.mint(service(part), issuer=part, audience="phi", workload=own)
        assert tokens.verify(token, audience="phi", workload=settings(made / "compose" / "phi.env").workload)
    assert settings(made / "compose" / "migrate.env").workload.key == ""


def test_nobody_else_reads_them_and_nothing_is_written_over(made):
    files = [path for path in made.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.rglob("*") if path.is_dir()} == {0o700}
    before = (made / "keys.json").read_text()
    with pytest.raises(ConflictError):
        CliRunner().invoke(group, ["workloads", "create", str(made)], catch_exceptions=False)
    assert (made / "keys.json").read_text() == before
