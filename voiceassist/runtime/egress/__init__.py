"""The one way out of the installation.

`gate` decides what of a text may leave, by `policy`, after `scanning`; `streaming` does so for texts in pieces; `web`
and `transport` open the connections, to addresses that were checked. Whoever sends something to anybody outside comes
through here: tests/architecture/test_ways_out.py knows every other client there is, and why it stays inside.
"""

from voiceassist.runtime.egress.decisions import NothingLeavesError, PhiBlockedError, PhiViolationError
from voiceassist.runtime.egress.gate import Findings, Gate, Passed
from voiceassist.runtime.egress.policy import Policy
from voiceassist.runtime.egress.scanning import Detector, DetectorUnavailableError, Scanner

__all__ = [
    "Detector",
    "DetectorUnavailableError",
    "Findings",
    "Gate",
    "NothingLeavesError",
    "Passed",
    "PhiBlockedError",
    "PhiViolationError",
    "Policy",
    "Scanner",
]
