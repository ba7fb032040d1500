"""A page that holds a conversation for long: `python tests/bench/soak.py --minutes 30` prints JSON. Synthetic speech.

The whole product runs. Chromium's microphone plays questions over and over, with pauses in which they are answered
aloud, and the page listens hands-free. Measured after warming up and again at the end, each after a forced garbage
collection: what the page's JavaScript holds, nodes and listeners of its document, and the memory of its process and of
the voice service. The transcript grows with every turn, so some growth is the conversation itself. Sound in the audio
thread is not in the heap of JavaScript, but in the memory of the process.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from browser import ARGUMENTS, QUESTIONS, known_of
from common.fake_device import RATE, silence
from common.page import people_of, sign_in
from common.product import machine, product, settle
from playwright.sync_api import CDPSession, Page, sync_playwright

from realtime.speech.audio import VOICE_RATE, resample, write_wav
from realtime.speech.tts import Voice
from voiceassist.runtime.engines.layout import Layout

GOALS = {"heap_growth_mb": 20}
WARM_TURNS = 4
# An answer takes ten seconds or so; one that is longer is interrupted, as people do.
ANSWER_S = 16.0
SAMPLE_S = 60.0
MOST_WAIT_S = 90.0
MB = 2**20


def questions(path: Path) -> None:
    """What the microphone plays, from its end to its beginning again."""
    voice = Voice()
    said = [resample(voice.synthesize(text), VOICE_RATE, RATE) for text in QUESTIONS]
    write_wav(path, np.concatenate([part for one in said for part in (silence(2.0), one, silence(ANSWER_S))]), RATE)


class Soak:
    """One signed-in page that talks, and what it and the service hold."""

    def __init__(self, page: Page, layout: Layout) -> None:
        self.page = page
        self._devtools: CDPSession = page.context.new_cdp_session(page)
        record = known_of(layout).processes["realtime"].record
        if record is None:
            sys.exit("error: the voice service does not run")
        self._service = psutil.Process(record.pid)

    def turns(self) -> int:
        return self.page.locator("[data-testid=turn-assistant][data-final=true]").count()

    def wait_for_turns(self, count: int) -> None:
        deadline = time.monotonic() + count * MOST_WAIT_S
        while self.turns() < count:
            if time.monotonic() > deadline:
                state = self.page.get_by_test_id("state").get_attribute("data-state")
                sys.exit(f"error: {self.turns()} of {count} turns were answered; the page says {state}")
            time.sleep(1)

    def held(self) -> dict[str, float]:
        """Megabytes and counts, after everything that nobody needs any more is gone."""
        for _ in range(3):  # what a first one finalizes goes with the next
            self._devtools.send("HeapProfiler.collectGarbage")
        heap = self._devtools.send("Runtime.getHeapUsage")["usedSize"]
        counts = self._devtools.send("Memory.getDOMCounters")
        return {
            "turns": self.turns(),
            "heap_mb": round(heap / MB, 2),
            "nodes": counts["nodes"],
            "listeners": counts["jsEventListeners"],
            "page_rss_mb": round(renderer().memory_info().rss / MB),
            "service_rss_mb": round(self._service.memory_info().rss / MB),
        }


def renderer() -> psutil.Process:
    """The process of the page: the largest of Chromium's renderers that we started."""
    ours = [one for one in psutil.Process().children(recursive=True) if "--type=renderer" in one.cmdline()]
    return max(ours, key=lambda one: one.memory_info().rss)


def soaked(soak: Soak, minutes: float) -> dict[str, Any]:
    soak.wait_for_turns(WARM_TURNS)
    start = soak.held()
    began = time.monotonic()
    each = [start["heap_mb"]]
    while (left := began + minutes * 60 - time.monotonic()) > 0:
        soak.page.wait_for_timeout(min(SAMPLE_S, left) * 1000)
        each.append(soak.held()["heap_mb"])
    end = soak.held()
    growth = {name: round(end[name] - start[name], 2) for name in start}
    if growth["turns"] < minutes:
        sys.exit(f"error: the conversation stopped: {growth['turns']} turns in {minutes} minutes")
    return {"minutes": minutes, "start": start, "end": end, "growth": growth, "heap_mb_each_minute": each}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0, help="after warming up; the goal is for 30")
    options = parser.parse_args()
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", shutil.which("node") or "")
    with tempfile.TemporaryDirectory() as folder, product() as layout, sync_playwright() as playwright:
        wav = Path(folder) / "questions.wav"
        questions(wav)
        known = known_of(layout)
        settle([psutil.Process(known.supervisor.pid)])
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=[
                *ARGUMENTS, "--ignore-certificate-errors", "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={wav}",
            ],
        )  # fmt: skip
        page = chromium.new_context(ignore_https_errors=True, permissions=["microphone"]).new_page()
        page.goto(f"{known.url}/voice/")
        sign_in(page, people_of(layout)["clinician"])
        page.get_by_test_id("handsfree").click()
        page.get_by_test_id("consent-accept").click()
        found = soaked(Soak(page, layout), options.minutes)
        chromium.close()
    print(json.dumps({"goals": GOALS, **found, "machine": machine()}, indent=2))


if __name__ == "__main__":
    main()
