"""What a turn is answered with."""

from dataclasses import dataclass

from voiceassist.contracts.answers import AnswerStatus, Citation
from voiceassist.contracts.calculations import CalculatorResult


@dataclass(frozen=True, slots=True)
class Ask:
    """The reply is a question; `slot` names what it is about."""

    question: str
    options: tuple[str, ...]
    slot: str


@dataclass(frozen=True, slots=True)
class Reply:
    """`text` may carry markers such as [1]; the voice leaves them out. `status` is None where sources have no part."""

    text: str
    citations: tuple[Citation, ...] = ()
    status: AnswerStatus | None = None
    notice: str = ""
    result: CalculatorResult | None = None
    ask: Ask | None = None
