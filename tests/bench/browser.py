"""The page in a real Chromium, in a room with an echo: `python tests/bench/browser.py` prints JSON. Synthetic speech.

The whole product runs; a microphone hears its loudspeaker and a person (common/room.py). Measured are

- sound at the microphone until it goes out on the socket,
- a person's first sound until the loudspeaker is silent, and how much of the answer the page says was heard, beside
  what the loudspeaker really played (found by correlation) and beside the clock since the first sound came,
- interruptions by the assistant's own voice in a minute of answers,
- a lost connection until the session goes on,
- what must not happen: violations of the content security policy, requests to other origins, tracks that stay open.

Sound goes from the socket to the page with a random delay (`--jitter`, milliseconds), as over a bad link.
"""

import argparse
import base64
import contextlib
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
from common.fake_device import Device, bursts
from common.fake_device import silence as silence_of
from common.page import people_of, sign_in
from common.product import machine, product, settle
from common.room import RATE, RECORDER_MS, Recorder, Room, audible, room
from common.watching import INIT, Onset, first_after, onsets_of, sent_onsets
from playwright.sync_api import Page, sync_playwright

from realtime.speech.audio import VOICE_RATE, resample, write_wav
from realtime.speech.tts import Voice, speech_wav
from voiceassist.runtime.engines import state
from voiceassist.runtime.engines.layout import Layout

GOALS = {
    "mic_to_socket_ms": {"p95": 40},
    "barge_in_ms": {"p95": 250},
    "heard_position_error_ms": {"max": 20},
    "self_interruptions": 0,
    "interruptions_detected": "9 of 10",
    "resume_ms": {"max": 2000},
}
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
]  # fmt: skip
BURSTS = 30
QUESTIONS = (
    "How do I treat atrial fibrillation with a high stroke risk?",
    "What are the first steps in sepsis?",
    "How do I treat an acute exacerbation of COPD?",
    "How long is a deep vein thrombosis treated?",
)
INTERRUPTIONS = (
    "Stop, what about metformin?",
    "Wait, he has a mechanical valve.",
    "And if the creatinine is high?",
    "No, I meant the acute treatment.",
    "Hold on, what did you say about the dose?",
    "Does that hold for pregnant women?",
    "Please tell me about the side effects.",
    "What is the evidence for that?",
    "Can this wait until tomorrow?",
    "Is there anything I should monitor?",
)


class Bench:
    """One signed-in page in hands-free mode, and what it, the loudspeaker and the person did."""

    def __init__(self, page: Page, rig: Room) -> None:
        self.page, self.room = page, rig
        self.speaker, self.person, self.microphone = (
            rig.recorder(source) for source in ("speaker.monitor", "person.monitor", "room.monitor")
        )

    def close(self) -> None:
        for recorder in (self.speaker, self.person, self.microphone):
            recorder.close()

    def state(self, *names: str, seconds: float = 60) -> None:
        wanted = ",".join(f"[data-testid=state][data-state={name}]" for name in names)
        self.page.wait_for_selector(wanted, timeout=seconds * 1000)

    def ask(self, question: str) -> None:
        self.page.get_by_test_id("textbox").fill(question)
        self.page.get_by_test_id("send").click()
        self.state("speaking")

    def quiet(self, seconds: float = 60) -> None:
        self.state("listening", seconds=seconds)

    def forget(self) -> None:
        self.page.evaluate(
            "() => { bench.sent.length = bench.received.length = bench.chunks.length = 0; bench.states.length = 0; }"
        )

    def received(self) -> list[tuple[float, dict[str, Any]]]:
        found = self.page.evaluate("() => bench.received")
        return [(at / 1000, json.loads(data)) for at, data in found]

    def heard(self) -> list[Onset]:
        return onsets_of(self.page.evaluate("() => bench.chunks"))

    def first_onset(self) -> float:
        """Waits for the first sound at the microphone; when it was captured."""
        self.page.wait_for_function("() => bench.chunks.some((chunk) => chunk[4] >= 0)", polling=20)
        return self.heard()[0].captured

    def hearing(self) -> list[float]:
        """When the page began to show that it hears somebody, which is when an answer begins to wait, too."""
        return [at / 1000 for at, state in self.page.evaluate("() => bench.states") if state == "hearing"]

    def sent(self) -> list[tuple[float, str]]:
        return [(at / 1000, data) for at, data in self.page.evaluate("() => bench.sent")]


def mic_to_socket(bench: Bench, clicks: Path, count: int) -> list[tuple[float, float]]:
    """Milliseconds from a burst at the microphone until the page can have it, and from there to the socket.

    The buffers of sound server and browser, and echo cancellation, are in the first.
    """
    bench.forget()
    began = time.time()
    bench.room.say(clicks).wait()
    time.sleep(0.5)
    came = [onset.arrived for onset in bench.heard()]
    sent = sent_onsets(bench.sent())
    found = []
    for onset in onsets(bench.microphone, began, time.time()):
        page, socket = first_after(onset, came), first_after(onset, sent)
        if page and socket:
            found.append(((page - onset) * 1000, (socket - page) * 1000))
    if len(found) < count * 0.8:
        sys.exit(f"error: of {count} bursts {len(came)} came to the page, {len(sent)} to the socket")
    return found


def onsets(recorder: Recorder, begin: float, end: float) -> list[float]:
    samples, start = recorder.between(begin, end)
    found: list[float] = []
    last = -RATE
    for index in audible(samples, level=0.02):
        if index - last > RATE // 4:
            found.append(start + int(index) / RATE)
        last = int(index)
    return found


def interrupted(bench: Bench, wav: Path, after: float) -> dict[str, float] | None:
    """What one interruption took; None where the answer went on to its end."""
    bench.forget()
    bench.ask(random.choice(QUESTIONS))
    time.sleep(after)
    began = time.time()
    bench.room.say(wav).wait()
    time.sleep(1.5)
    voice, voice_start = bench.person.between(began, time.time())
    return stopped(bench, voice_start + int(audible(voice)[0]) / RATE)


def interrupted_by_file(bench: Bench, device: Device, text: str) -> dict[str, float] | None:
    """The same where the person is a file that the microphone plays."""
    later = device.speech(text)
    for _ in range(3):
        for _ in range(2):
            bench.page.get_by_test_id("handsfree").click()  # off and on: the microphone is opened anew
        bench.forget()
        onset = bench.first_onset() + later
        bench.ask(random.choice(QUESTIONS))
        if time.time() < onset - 0.5:
            time.sleep(onset + 4 - time.time())
            return stopped(bench, onset)
        silence(bench)
    sys.exit("error: an answer came too late to be interrupted three times")


def stopped(bench: Bench, onset: float) -> dict[str, float] | None:
    """What became of the answer into which somebody spoke at `onset`."""
    events = bench.received()
    cuts = [event for _, event in events if event["type"] == "conversation.item.truncated"]
    if not cuts:
        return None
    cut = cuts[-1]  # the page's own, which comes when the sound has stopped
    item = cut["item_id"]
    sound = b"".join(
        base64.b64decode(event["delta"])
        for _, event in events
        if event["type"] == "response.output_audio.delta" and event["item_id"] == item
    )
    first = next(at for at, event in events if event.get("item_id") == item and "audio.delta" in event["type"])
    played, played_start = bench.speaker.between(first - 0.2, onset + 1.5)
    end = last_sound(played, int((onset - played_start) * RATE))
    silent_at = played_start + end / RATE
    held = [at for at in bench.hearing() if at > onset]
    told = [at for at, event in events if event["type"] == "voiceassist.playback.hold" and at > onset]
    return {
        "barge_in_ms": (silent_at - onset) * 1000,
        "page_held_ms": (held[0] - onset) * 1000 if held else -1.0,
        "service_held_ms": (told[0] - onset) * 1000 if told else -1.0,
        "told_ms": cut["audio_end_ms"],
        "played_ms": position(played[:end], sound),
        "in_a_pause": not held or silent_at < held[0],
        "clock_ms": min((silent_at - first) * 1000, len(sound) / 48),
    }


def last_sound(samples: npt.NDArray[np.float32], begin: int) -> int:
    """Where the sound that plays at `begin` ends: the last audible sample before 700 ms of silence."""
    heard = audible(samples)
    last = begin
    for index in heard[heard >= begin - RATE // 3]:
        if index - last > 0.7 * RATE:
            break
        last = max(last, int(index))
    return last


def position(played: npt.NDArray[np.float32], sound: bytes) -> float:
    """Milliseconds of `sound` (24 kHz) at which the last 400 ms of `played` end, by the best correlation."""
    whole = np.frombuffer(sound, "<i2").astype(np.float32) / 32_768
    probe = resample(played[-round(0.4 * RATE) :], RATE, VOICE_RATE)
    size = 1 << (len(whole) + len(probe)).bit_length()
    matches = np.fft.irfft(np.fft.rfft(whole, size) * np.conj(np.fft.rfft(probe, size)), size)
    places = max(1, len(whole) - len(probe))
    energy = np.concatenate([[0.0], np.cumsum(whole.astype(np.float64) ** 2)])
    loudness = np.sqrt(energy[len(probe) : len(probe) + places] - energy[:places] + 1e-3)
    return (int(np.argmax(matches[:places] / loudness)) + len(probe)) * 1000 / VOICE_RATE


def self_interruptions(bench: Bench, seconds: float) -> tuple[int, float]:
    """How often the assistant took its own voice for somebody's in so many seconds of answers, and the seconds."""
    bench.forget()
    spoken = 0.0
    while spoken < seconds:
        for question in QUESTIONS:
            began = time.time()
            bench.ask(question)
            bench.quiet(90)
            spoken += time.time() - began
            if spoken >= seconds:
                break
    events = [event["type"] for _, event in bench.received()]
    return events.count("input_audio_buffer.speech_started"), spoken


def resumed(bench: Bench) -> float:
    """Milliseconds from a broken connection to the session that goes on."""
    bench.forget()
    turns = bench.page.get_by_test_id("turn-assistant").count()
    broken = time.time()
    bench.page.evaluate("() => bench.sockets.at(-1).close(4000)")
    while not (found := [at for at, event in bench.received() if event["type"] == "voiceassist.session.resumed"]):
        if time.time() - broken > 20:
            sys.exit("error: the session did not go on")
        time.sleep(0.05)
    bench.quiet()
    if bench.page.get_by_test_id("turn-assistant").count() != turns:
        sys.exit("error: turns were lost")
    return (found[0] - broken) * 1000


@contextlib.contextmanager
def opened(rig: Room, people: dict[str, dict[str, str]], url: str, *more: str) -> Iterator[tuple[Page, list[str]]]:
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", shutil.which("node") or "")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=[*ARGUMENTS, *more],
            ignore_default_args=["--mute-audio"],
            env={name: str(value) for name, value in rig.environment.items()},
        )
        context = chromium.new_context(ignore_https_errors=True, permissions=["microphone"])
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.add_init_script(INIT)
        strange: list[str] = []
        own = (url, url.replace("https", "wss"), "data:", "blob:")
        page.on("request", lambda request: None if request.url.startswith(own) else strange.append(request.url))
        page.goto(f"{url}/voice/")
        sign_in(page, people["clinician"])
        page.get_by_test_id("handsfree").click()
        page.get_by_test_id("consent-accept").click()
        yield page, strange
        chromium.close()


def spread(values: list[float]) -> dict[str, float]:
    if not values:
        return {}
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    return {"p50": round(statistics.median(ordered), 1), "p95": round(p95, 1), "max": round(ordered[-1], 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rig", choices=("file", "room", "both"), default="both")
    parser.add_argument("--jitter", type=float, default=120.0, help="milliseconds, for half of the interruptions")
    parser.add_argument("--seconds", type=float, default=60.0, help="of answers that nobody interrupts")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    random.seed(options.seed)
    with room() as rig, product() as layout:
        settle([psutil.Process(known_of(layout).supervisor.pid)])
        found: dict[str, Any] = {"goals": GOALS}
        if options.rig != "room":
            found["file"] = by_file(options, rig, layout)
        if options.rig != "file":
            found["room"] = in_room(options, rig, layout)
        print(json.dumps({**found, "seed": options.seed, "machine": machine()}, indent=2))


def known_of(layout: Layout) -> state.State:
    known = state.read(layout)
    if known is None:
        sys.exit("error: the product does not run")
    return known


def by_file(options: argparse.Namespace, rig: Room, layout: Layout) -> dict[str, Any]:
    """Without an echo: the microphone plays files, and only the loudspeaker is in the room."""
    with tempfile.TemporaryDirectory() as folder:
        device = Device(Path(folder) / "person.wav", Voice())
        device.holds(np.concatenate([silence_of(6.0), bursts(BURSTS)]))
        with opened(rig, people_of(layout), known_of(layout).url, *device.argument) as (page, strange):
            bench = Bench(page, rig)
            bench.quiet()
            time.sleep(7 + BURSTS * 0.6)
            sent = sent_onsets(bench.sent())
            delays = [(at - one.captured) * 1000 for one in bench.heard() if (at := first_after(one.captured, sent))]
            if len(delays) < BURSTS * 0.8:
                sys.exit(f"error: of {BURSTS} bursts {len(delays)} came to the socket")
            found, missed = interruptions(
                bench, options.jitter, lambda number: interrupted_by_file(bench, device, INTERRUPTIONS[number])
            )
            rest = remaining(bench)
            bench.close()
    return {"mic_to_socket_ms": spread(delays), **told(found, missed), **rest, "off_origin_requests": strange}


def in_room(options: argparse.Namespace, rig: Room, layout: Layout) -> dict[str, Any]:
    voice = Voice()
    with (
        tempfile.TemporaryDirectory() as folder,
        opened(rig, people_of(layout), known_of(layout).url) as (page, strange),
    ):
        clicks = Path(folder) / "clicks.wav"
        write_wav(clicks, bursts(BURSTS), RATE)
        wavs = [Path(folder) / f"{number}.wav" for number in range(len(INTERRUPTIONS))]
        for wav, text in zip(wavs, INTERRUPTIONS, strict=True):
            speech_wav(voice, text, wav, rate=RATE, lead_s=0.1, tail_s=0.1)
        bench = Bench(page, rig)
        bench.quiet()
        delays = mic_to_socket(bench, clicks, BURSTS)
        bench.quiet()
        own, spoken = self_interruptions(bench, options.seconds)
        held = len(bench.hearing())
        found, missed = interruptions(
            bench, options.jitter, lambda number: interrupted(bench, wavs[number], random.uniform(1.5, 3.0))
        )
        rest = remaining(bench)
        bench.close()
    return {
        "mic_to_socket_ms": {**spread([sum(one) for one in delays]), "recorder_ms": RECORDER_MS},
        "of_it_until_the_page_ms": spread([one[0] for one in delays]),
        "of_it_in_the_page_ms": spread([one[1] for one in delays]),
        **told(found, missed),
        "self_interruptions": own,
        "held_by_its_own_voice": held,
        "seconds_of_answers": round(spoken, 1),
        **rest,
        "off_origin_requests": strange,
    }


def interruptions(
    bench: Bench, jitter: float, interrupt: Callable[[int], dict[str, float] | None]
) -> tuple[dict[str, list[dict[str, float]]], int]:
    """Each once over a good link and once over a bad one, and how many went unheard."""
    found: dict[str, list[dict[str, float]]] = {"steady": [], "jittered": []}
    missed = 0
    for link, late in (("steady", 0.0), ("jittered", jitter)):
        bench.page.evaluate("(jitter) => { bench.jitter = jitter; }", late)
        for number in range(len(INTERRUPTIONS)):
            if took := interrupt(number):
                found[link].append(took)
            else:
                missed += 1
            silence(bench)
    bench.page.evaluate("() => { bench.jitter = 0; }")
    return found, missed


def remaining(bench: Bench) -> dict[str, Any]:
    """Connections that break, and what must not be there at the end."""
    resume = [resumed(bench) for _ in range(5)]
    bench.page.get_by_test_id("handsfree").click()
    ended = bench.page.wait_for_function("() => bench.tracks.every((track) => track.readyState === 'ended')")
    violations = bench.page.evaluate("() => bench.violations")
    return {"resume_ms": spread(resume), "tracks_ended": bool(ended), "csp_violations": violations}


def told(found: dict[str, list[dict[str, float]]], missed: int) -> dict[str, Any]:
    every = [*found["steady"], *found["jittered"]]
    return {
        "barge_in_ms": spread([one["barge_in_ms"] for one in every]),
        "until_the_page_held_ms": spread([one["page_held_ms"] for one in every if one["page_held_ms"] >= 0]),
        "until_the_service_held_ms": spread([one["service_held_ms"] for one in every if one["service_held_ms"] >= 0]),
        "interruptions_detected": f"{len(every)} of {len(every) + missed}",
        "heard_position_error_ms": errors(found, "told_ms"),
        "heard_position_error_of_the_clock_ms": errors(found, "clock_ms"),
        "each": found,
    }


def errors(found: dict[str, list[dict[str, float]]], of: str) -> dict[str, Any]:
    """By link; a stop in a pause of the answer itself leaves no sound by which it could be placed."""
    made = {}
    for link, ones in found.items():
        placed = [abs(one[of] - one["played_ms"]) for one in ones if not one["in_a_pause"]]
        made[link] = {**spread(placed), "of": len(placed)}
    return made


def silence(bench: Bench) -> None:
    """The answer to the interruption is not waited for."""
    deadline = time.time() + 20
    while time.time() < deadline:
        if bench.page.get_by_test_id("interrupt").count():
            bench.page.get_by_test_id("interrupt").click()
            break
        time.sleep(0.1)
    bench.quiet()
    time.sleep(0.5)


if __name__ == "__main__":
    main()
