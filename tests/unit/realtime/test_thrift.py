"""Memory is given back where the C library can be told to."""

import subprocess
import sys

import pytest

from realtime import thrift

HELD = """
import numpy as np, psutil, threading
from realtime.thrift import save_memory
assert save_memory()
def work():
    for _ in range(3):
        held = [np.ones(90_000) for _ in range(60)]
threads = [threading.Thread(target=work) for _ in range(8)]
[one.start() for one in threads]
[one.join() for one in threads]
print(psutil.Process().memory_info().rss)
"""


def test_another_system_is_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not thrift.save_memory()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's malloc only")
def test_the_settings_are_taken_by_this_c_library():
    done = subprocess.run([sys.executable, "-c", HELD], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 300 << 20
