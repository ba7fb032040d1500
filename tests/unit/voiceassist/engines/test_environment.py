"""What the supervisor tells its children."""

from pathlib import Path

import pytest

from voiceassist.runtime.engines import environment, secrets
from voiceassist.runtime.engines.environment import ENGINE_SETTINGS, Mode, child_environment, external_engines
from voiceassist.runtime.engines.faults import EngineError
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.ports import Ports
from voiceassist.runtime.settings import Settings, parse

LAYOUT = Layout(Path("/data"))
PORTS = Ports(9000)


@pytest.fixture(scope="module")
def known() -> secrets.Secrets:
    return secrets.generate()


def settings(known: secrets.Secrets, mode: Mode | None = None, **environ: str) -> Settings:
    return parse(child_environment(LAYOUT, known, PORTS, environ=environ, mode=mode))


def test_every_value_arrives_as_a_setting(known: secrets.Secrets) -> None:
    made = settings(known)
    assert made.base_url == "https://localhost:9000"
    assert made.room("calculators") == "http://127.0.0.1:9001/calculators"
    assert made.broker_url == "http://127.0.0.1:9002/voiceassist/default"
    assert made.realtime.url == "http://127.0.0.1:9003"
    assert made.qdrant.url == "https://127.0.0.1:9004"
    assert made.s3.endpoint == "https://127.0.0.1:9005"
    assert made.postgres.dsn == f"postgresql://va_app:{known.postgres_app}@/voiceassist?host=/data/run/postgres"
    assert made.postgres.owner_dsn.startswith(f"postgresql://va_owner:{known.postgres_owner}@")
    assert made.redis.url == f"unix://va:{known.valkey}@/data/run/valkey/valkey.sock"
    assert (made.host.port, made.host.rooms_port, made.broker.port, made.realtime.port) == (9000, 9001, 9002, 9003)
    assert made.host.tls_cert == "/data/tls/localhost.pem"
    assert made.ca_file == "/data/tls/ca.pem"
    assert made.data_dir == "/data"
    assert (made.oidc.embedded, made.oidc.issuer) == (True, "https://localhost:9000/issuer")
    assert len(made.kek) == 64
    assert made.profile == "development"


def test_children_run_the_code_that_starts_them(known: secrets.Secrets) -> None:
    made = child_environment(LAYOUT, known, PORTS, environ={"PYTHONPATH": "/another/checkout"})
    assert (Path(made["PYTHONPATH"]) / "voiceassist/runtime/engines/environment.py").samefile(environment.__file__)


def test_modes(known: secrets.Secrets) -> None:
    made = settings(known, Mode(tls=False, isolated=True))
    assert made.base_url == "http://localhost:9000"
    assert made.host.tls_cert == ""
    assert made.host.isolated
    assert made.qdrant.url.startswith("https://"), "the stores keep TLS"


@pytest.mark.parametrize("engine", ENGINE_SETTINGS)
def test_an_external_engine_takes_none_of_our_credentials(known: secrets.Secrets, engine: str) -> None:
    given = {name: f"given-{number}" for number, name in enumerate(ENGINE_SETTINGS[engine][:3])}
    made = child_environment(LAYOUT, known, PORTS, environ=given)
    assert external_engines(given) == (engine,)
    assert {name: made[name] for name in given} == given
    left = [name for name in ENGINE_SETTINGS[engine][3:] if name in made]
    assert left == [], "bucket and region are the operator's or the default"


@pytest.mark.parametrize("engine", ["postgres", "vectord", "seaweedfs"])
def test_an_engine_named_by_half_is_refused(engine: str) -> None:
    first, *rest = environment.required_settings(engine)
    with pytest.raises(EngineError) as caught:
        external_engines({first: "x"})
    assert all(name in caught.value.detail for name in (first, *rest))


def test_an_external_issuer_switches_the_embedded_one_off(known: secrets.Secrets) -> None:
    made = settings(known, VOICEASSIST_OIDC__ISSUER="https://id.example/realms/va")
    assert (made.oidc.embedded, made.oidc.issuer) == (False, "https://id.example/realms/va")


def test_what_the_operator_sets_wins_and_the_shell_stays_outside(known: secrets.Secrets) -> None:
    environ = {
        "VOICEASSIST_TELEMETRY__LOG_LEVEL": "debug",
        "VOICEASSIST_HOST__IDLE_SECONDS": "5",
        "PATH": "/bin",
        "AWS_SECRET_ACCESS_KEY": "mine",
        "OPENAI_API_KEY": "mine",
        "PYTHONPATH": "/somewhere",
    }
    made = child_environment(LAYOUT, known, PORTS, environ=environ)
    assert parse(made).telemetry.log_level == "debug"
    assert parse(made).host.idle_seconds == 5
    assert made["PATH"] == "/bin"
    assert not {"AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY"} & made.keys()
    assert made["PYTHONPATH"] == str(environment.CODE)
