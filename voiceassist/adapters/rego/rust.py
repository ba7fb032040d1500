"""regorus: Rego in Rust, in this process (35 µs a decision). The default."""

import json
import threading
from collections.abc import Mapping
from typing import Any

from voiceassist.ports.policy import DECISION, Bundle, Decision, PolicyError, decision_of


class RegorusEngine:
    """An engine belongs to the thread that made it, so every thread that asks makes its own (3 ms)."""

    def __init__(self, bundle: Bundle) -> None:
        self.revision = bundle.revision
        self._bundle = bundle
        self._of_thread = threading.local()
        self._engine()

    async def decide(self, request: Mapping[str, Any]) -> Decision:
        return self.decide_now(request)

    def decide_now(self, request: Mapping[str, Any]) -> Decision:
        try:
            engine = self._engine()
            engine.set_input_json(json.dumps(request))
            found = json.loads(engine.eval_rule_as_json(f"data.{DECISION}"))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # noqa: BLE001 - RuntimeError with a backtrace that may quote the input; a panic is no Exception
            raise PolicyError("The policy engine failed.") from None
        return decision_of(found, self.revision)

    def _engine(self) -> Any:
        engine = getattr(self._of_thread, "engine", None)
        if engine is None:
            engine = self._of_thread.engine = _loaded(self._bundle, self._bundle.rules())
        return engine


def failed_tests(bundle: Bundle) -> list[str]:
    """Names of the bundle's own tests that do not hold; PolicyError where it cannot be compiled or has none."""
    engine = _loaded(bundle, bundle.modules)
    engine.set_input_json("{}")
    names = [name for text in bundle.tests().values() for name in test_names(text)]
    if not names:
        raise PolicyError("The bundle has no tests.")
    return [name for name in names if not _holds(engine.clone(), name)]


def uncovered(bundle: Bundle) -> tuple[dict[str, list[int]], float]:
    """Lines of each rule file that its tests do not reach, and the share that they do (0 to 1)."""
    engine = _loaded(bundle, bundle.modules)
    engine.set_enable_coverage(True)
    engine.set_input_json("{}")
    for text in bundle.tests().values():
        for name in test_names(text):
            _holds(engine, name)
    files = json.loads(engine.get_coverage_report_as_json())["files"]
    rules = [one for one in files if one["path"] in bundle.rules()]
    missed = {one["path"]: sorted(one["not_covered"]) for one in rules}
    covered = sum(len(one["covered"]) for one in rules)
    return missed, covered / max(1, covered + sum(map(len, missed.values())))


def test_names(text: str) -> list[str]:
    """The rules `test_…` of a file, with the package in front."""
    lines = text.splitlines()
    package = next((line.split()[1] for line in lines if line.startswith("package ")), "")
    found = [line.split()[0] for line in lines if line.startswith("test_")]
    return [f"data.{package}.{name}" for name in dict.fromkeys(found)]


def _holds(engine: Any, name: str) -> bool:
    try:
        return bool(json.loads(engine.eval_rule_as_json(name)) is True)
    except Exception:  # noqa: BLE001 - an undefined rule is a JSON error, a fault in it a RuntimeError
        return False


def _loaded(bundle: Bundle, modules: Mapping[str, str]) -> Any:
    import regorus

    engine = regorus.Engine()
    try:
        for name, text in modules.items():
            engine.add_policy(name, text)
        for text in bundle.data.values():
            engine.add_data_json(text)
        # Faults that parsing does not find, a call of what there is not among them, show at the first question.
        engine.set_input_json("{}")
        decision_of(json.loads(engine.clone().eval_rule_as_json(f"data.{DECISION}")), "")
    except PolicyError:
        raise
    except Exception:  # noqa: BLE001 - the message is a source excerpt with a backtrace
        raise PolicyError("The bundle cannot be compiled.") from None
    return engine
