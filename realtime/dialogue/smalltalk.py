"""The few sentences that need no room: greeting, thanks, stop, help, repeat."""

import re
from typing import Literal

Kind = Literal["greeting", "thanks", "stop", "help", "repeat"]

GREETING = "Hello. Ask me a clinical question, or name a calculator."
THANKS = "You are welcome."
STOPPED = "Okay."
HELP = (
    "I answer clinical questions from the library, with sources, and I compute clinical scores. "
    "For example, ask for a CHA2DS2-VASc score, or how to treat atrial fibrillation."
)
NOTHING_HEARD = "I did not hear a question. Please say it again."
NOTHING_TO_REPEAT = "I have not said anything yet."

REPLIES: dict[Kind, str] = {"greeting": GREETING, "thanks": THANKS, "stop": STOPPED, "help": HELP}
PHRASES: tuple[str, ...] = (GREETING, THANKS, STOPPED, NOTHING_HEARD, NOTHING_TO_REPEAT)

_SAID: dict[Kind, frozenset[str]] = {
    "greeting": frozenset(
        {"hello", "hi", "hey", "hello there", "hi there", "good morning", "good afternoon", "good evening"}
    ),
    "thanks": frozenset(
        {"thanks", "thank you", "thank you very much", "thanks a lot", "many thanks", "great thanks", "okay thanks"}
    ),
    "stop": frozenset(
        {"stop", "cancel", "never mind", "nevermind", "forget it", "quiet", "be quiet", "that is all", "thats all"}
    ),
    "help": frozenset({"help", "what can you do", "who are you", "what can i ask", "what can i ask you"}),
    "repeat": frozenset(
        {"repeat", "repeat that", "say that again", "say it again", "can you repeat that", "please repeat", "pardon"}
    ),
}


def kind_of(text: str) -> Kind | None:
    """Which of the few it is; anything longer or unknown is a question."""
    plain = " ".join(re.sub(r"[^a-z\s]", "", text.lower().replace("-", " ")).split())
    plain = plain.removeprefix("please ").removesuffix(" please")
    return next((kind for kind, phrases in _SAID.items() if plain in phrases), None)
