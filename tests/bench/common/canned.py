"""The voice service with an answer that lies ready: `python tests/bench/common/canned.py PORT` until SIGTERM.

Socket, session, ears, turn-taking, dialogue and voice are the product's; only the rooms behind the dialogue are not.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from voiceassist.cli.evals.standing import serve
from voiceassist.contracts.answers import Answer, Passage
from voiceassist.contracts.calculations import Interpretation

REPLY = "Certainly, this is an answer that was ready before. It has a second sentence, as most answers have."


class CannedRooms:
    async def interpret(self, _text: str, **_known: Any) -> Interpretation:
        return Interpretation()

    async def search(self, _question: str) -> tuple[Passage, ...]:
        return ()

    async def answer(self, _question: str) -> Answer:
        return Answer(status="supported", text=REPLY, spoken=REPLY)


if __name__ == "__main__":
    serve(CannedRooms(), int(sys.argv[1]))  # type: ignore[arg-type]
