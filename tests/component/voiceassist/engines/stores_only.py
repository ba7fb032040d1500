"""The supervisor over the stores alone: what `voiceassist up` does before the rooms. Run by test_lifecycle."""

import os
import sys
from pathlib import Path

from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.stack import open_stack
from voiceassist.runtime.engines.supervisor import signals


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    stack = open_stack(Layout(Path(sys.argv[1])), port_base=int(sys.argv[2]), environ=dict(os.environ), report=say)
    with signals(stack.supervisor):
        try:
            stack.start_stores()
            # Recorded as ready before the word goes out: a test looks into the state next.
            stack.supervisor.complete = True
            say("ready")
            stack.supervisor.watch()
        finally:
            stack.stop()
