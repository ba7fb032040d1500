"""What reading turns leaves behind in memory, in a process of its own: settings hold for a whole process."""

import os
import subprocess
import sys

import pytest

# `used` are the bytes that malloc has given out and not got back.
READING = """
import ctypes, numpy as np
from realtime.thrift import save_memory
save_memory()
from realtime.speech.asr import Recognizer

class Told(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in
                "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]

library = ctypes.CDLL(None)
library.mallinfo2.restype = Told
used = lambda: library.mallinfo2().uordblks
recognizer = Recognizer(workers=1)
recognizer.warm_up()
recognizer.warm_up()
before = used()
for number in range(24):
    recognizer.transcribe(np.zeros(16_000 + 1_600 * number, np.float32))
print(used() - before)
"""


def left_behind(**environment: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", READING], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc tells what it has given out")
def test_turns_of_ever_new_lengths_leave_little_behind_unless_the_operator_says_otherwise() -> None:
    assert left_behind() < 4 << 20
    assert left_behind(ONEDNN_PRIMITIVE_CACHE_CAPACITY="1024") > 12 << 20
