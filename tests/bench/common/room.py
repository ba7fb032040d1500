"""A room of PulseAudio null sinks: a loudspeaker, a person, and a microphone that hears both.

The speaker's sound reaches the microphone after 20 ms, as an echo does; the path is linear and without reverberation.
A server of its own (no system sound is touched), ended by its own process.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 48_000
RIG = """
load-module module-native-protocol-unix socket={socket} auth-anonymous=1
load-module module-null-sink sink_name=speaker rate=48000 channels=2 sink_properties=device.description=Speaker
load-module module-null-sink sink_name=person rate=48000 channels=1 sink_properties=device.description=Person
load-module module-null-sink sink_name=room rate=48000 channels=1 sink_properties=device.description=Room
load-module module-loopback source=speaker.monitor sink=room latency_msec=20 source_dont_move=true sink_dont_move=true
load-module module-loopback source=person.monitor sink=room latency_msec=20 source_dont_move=true sink_dont_move=true
load-module module-remap-source source_name=microphone master=room.monitor source_properties=device.description=Mic
set-default-sink speaker
set-default-source microphone
"""
RECORDER_MS = 5


class Room:
    """`environment` is what a program needs to be in the room."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def say(self, wav: Path) -> "subprocess.Popen[bytes]":
        """The person speaks; wait for the process to know that it is over."""
        return subprocess.Popen(["paplay", "--device=person", "--latency-msec=20", str(wav)], env=self.environment)

    def recorder(self, source: str) -> "Recorder":
        return Recorder(source, self.environment)


class Recorder:
    """What a source carries, each sample with its moment (`time.time()`); late by at most RECORDER_MS."""

    def __init__(self, source: str, environment: dict[str, str]) -> None:
        command = ["parec", f"--device={source}", f"--latency-msec={RECORDER_MS}", "--raw", "--format=s16le",
                   f"--rate={RATE}", "--channels=1"]  # fmt: skip
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
        self._chunks: list[bytes] = []
        self._samples = 0
        self._start = float("inf")
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        while data := os.read(self._process.stdout.fileno(), 4_096):
            now = time.time()
            with self._lock:
                self._chunks.append(data)
                self._samples += len(data) // 2
                # The chunk that came soonest after it sounded tells the moment of the first sample.
                self._start = min(self._start, now - self._samples / RATE)

    def between(self, begin: float, end: float) -> tuple[npt.NDArray[np.float32], float]:
        """Samples, -1 to 1, and the moment of the first of them."""
        with self._lock:
            start, data = self._start, b"".join(self._chunks)
        data = data[: len(data) // 2 * 2]
        first = max(0, int((begin - start) * RATE))
        last = max(first, int((end - start) * RATE))
        samples = np.frombuffer(data, dtype="<i2")[first:last].astype(np.float32) / 32_768
        return samples, start + first / RATE

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._thread.join(10)


def audible(samples: npt.NDArray[np.float32], *, level: float = 0.003) -> npt.NDArray[np.intp]:
    """Indices of what can be heard: from -50 dBFS."""
    return np.flatnonzero(np.abs(samples) > level)


@contextlib.contextmanager
def room() -> Iterator[Room]:
    if not shutil.which("pulseaudio") or not shutil.which("parec"):
        sys.exit("error: PulseAudio is needed (Debian: apt-get install pulseaudio pulseaudio-utils)")
    with tempfile.TemporaryDirectory(prefix="va-room-") as folder:
        Path(folder).chmod(0o700)
        socket = Path(folder) / "pulse.sock"
        rig = Path(folder) / "rig.pa"
        rig.write_text(RIG.format(socket=socket))
        environment = os.environ | {"XDG_RUNTIME_DIR": folder, "HOME": folder, "PULSE_SERVER": f"unix:{socket}"}
        command = ["pulseaudio", "-n", "-F", str(rig), "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
                   "--disallow-exit", "--realtime=no"]  # fmt: skip
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 20
            while subprocess.run(["pactl", "info"], env=environment, capture_output=True).returncode != 0:
                if time.monotonic() > until or process.poll() is not None:
                    sys.exit("error: PulseAudio did not start")
                time.sleep(0.1)
            yield Room(environment)
        finally:
            process.terminate()
            process.wait(10)
