"""rego-cpp: Microsoft's Rego in C++ (regopy), in this process. The second opinion, and the engine where regorus has no
wheel (`VOICEASSIST_ACCESS__ENGINE=regopy`; the package is not among those of requirements/core.txt).
"""

import json
import threading
from collections.abc import Mapping
from typing import Any

from voiceassist.ports.policy import DECISION, Bundle, Decision, PolicyError, decision_of


class RegoCppEngine:
    """A prebuilt query; an interpreter holds the input, so threads take turns."""

    def __init__(self, bundle: Bundle) -> None:
        try:
            from regopy import Interpreter
        except ImportError:
            raise PolicyError("regopy is not installed.") from None

        self.revision = bundle.revision
        self._interpreter = Interpreter()
        self._turn = threading.Lock()
        try:
            for name, text in bundle.rules().items():
                self._interpreter.add_module(name, text)
            for text in bundle.data.values():
                self._interpreter.add_data(json.loads(text))
            self._query = self._interpreter.build(f"decision := data.{DECISION}")
        except Exception:  # noqa: BLE001 - RegoError quotes the source
            raise PolicyError("The bundle cannot be compiled.") from None

    async def decide(self, request: Mapping[str, Any]) -> Decision:
        return self.decide_now(request)

    def decide_now(self, request: Mapping[str, Any]) -> Decision:
        try:
            with self._turn:
                self._interpreter.set_input(dict(request))
                found = json.loads(str(self._interpreter.query_bundle(self._query)))
            decision = found["bindings"]["decision"]
        except Exception:  # noqa: BLE001 - undefined, a fault of the engine, or words about the input: no decision
            raise PolicyError("The policy engine failed.") from None
        return decision_of(decision, self.revision)
