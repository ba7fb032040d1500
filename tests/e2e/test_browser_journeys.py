"""Journeys C1 to C4 of a clinician in a real browser, spoken, with screenshots.

Chromium is fed a WAV in which a synthetic voice speaks, with pauses as long as the answers need. Nothing here says
anything about echo cancellation or real rooms. Steps that the product cannot do yet are not played: C1.9 (a file in
Nextcloud), C3.8 and C2.7's case (there are no cases; the conversation is kept instead), C4.4 and C4.5 (no model and no
literature outside are configured). C1.10 and C4.6 to C4.7 are looked at without a browser (tests/e2e/test_canary.py,
tests/component/functions/phi).
"""

import os
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from realtime.speech import audio
from realtime.speech.tts import Voice
from tests.e2e.test_browser_voice import ARGUMENTS, open_page, sign_in

SCREENSHOTS = Path(os.environ.get("VOICEASSIST_SCREENSHOTS") or Path(__file__).resolve().parents[2] / "docs" / "images")
RATE = 48_000
VIEW = {"width": 1100, "height": 760}
LONG = 40_000
RENDERED = "Number(document.querySelector('[data-testid=state]').dataset.renderedSamples)"


@pytest.fixture(scope="module")
def speech(tmp_path_factory) -> Callable[..., Path]:
    """`speech(2, "text", 8, "text", …)`: a WAV of seconds of silence and of texts."""
    voice = Voice()
    folder = tmp_path_factory.mktemp("journeys")

    def make(*parts: float | str) -> Path:
        sounds = [
            audio.silence(part, audio.VOICE_RATE) if isinstance(part, int | float) else voice.synthesize(part)
            for part in parts
        ]
        path = folder / f"{len(list(folder.iterdir()))}.wav"
        whole = np.concatenate([*sounds, audio.silence(2.0, audio.VOICE_RATE)])
        audio.write_wav(path, audio.resample(whole, audio.VOICE_RATE, RATE), RATE)
        return path

    return make


@pytest.fixture
def journey(product, monkeypatch):
    """`journey(wav)` is a page of a signed-in clinician in hands-free mode, whose microphone plays the WAV once."""
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", shutil.which("node") or "")
    chromium = shutil.which("chromium")
    assert chromium, "the browser tests need Chromium: make test installs it"
    with sync_playwright() as playwright:
        running = []

        def begin(wav: Path) -> Page:
            arguments = [*ARGUMENTS, f"--use-file-for-fake-audio-capture={wav}%noloop"]
            running.append(playwright.chromium.launch(executable_path=chromium, args=arguments))
            page, page.faults = open_page(running[-1], product, viewport=VIEW)
            sign_in(page, product)
            page.get_by_test_id("handsfree").click()
            page.get_by_test_id("consent-accept").click()
            return page

        yield begin
        for one in running:
            one.close()


def shot(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    if os.environ.get("VOICEASSIST_SCREENSHOTS") or not path.exists():
        page.wait_for_timeout(300)
        page.screenshot(path=path)


def user(page: Page, number: int = -1):
    return page.get_by_test_id("turn-user").nth(number)


def assistant(page: Page, number: int = -1):
    return page.get_by_test_id("turn-assistant").nth(number)


def write(page: Page, text: str) -> None:
    page.get_by_test_id("textbox").fill(text)
    page.get_by_test_id("send").click()


def rendered(page: Page) -> int:
    return page.evaluate(f"() => {RENDERED}")


def no_faults(page: Page) -> None:
    assert [fault for fault in page.faults if "401" not in fault and "WebSocket" not in fault] == []


@pytest.mark.req("C1.1")
@pytest.mark.req("C1.2")
@pytest.mark.req("C1.3")
@pytest.mark.req("C1.4")
@pytest.mark.req("C1.5")
@pytest.mark.req("C1.6")
@pytest.mark.req("C1.7")
@pytest.mark.req("C1.8")
def test_c1_a_spoken_question_is_asked_back_and_answered_with_sources(journey, speech):
    page = journey(speech(1.5, "Search for kidney disease management.", 10, "Chronic, stage three b."))
    expect(user(page, 0)).to_contain_text("kidney disease", timeout=LONG)
    options = page.get_by_test_id("clarify-option")
    expect(options.last).to_have_text(re.compile("something else", re.IGNORECASE), timeout=LONG)
    offered = [text.lower() for text in options.all_text_contents()]
    assert {"acute kidney injury", "chronic kidney disease"} <= set(offered)
    assert len(offered) <= 5
    expect(page.get_by_test_id("recording")).to_be_visible()
    shot(page, "c1-asked-back")
    expect(user(page, 1)).to_contain_text("hronic", timeout=LONG)
    before = rendered(page)
    # The words are shown as they sound, with the numbers of their sources.
    expect(assistant(page, 1).get_by_test_id("citation-ref").first).to_be_visible(timeout=LONG)
    page.wait_for_function(f"() => {RENDERED} > {before}", timeout=LONG)
    citation = page.get_by_test_id("citation").first
    expect(citation).to_contain_text("kidney", ignore_case=True)
    citation.click()
    shot(page, "c1-cited-answer")
    no_faults(page)


@pytest.mark.req("C2.1")
@pytest.mark.req("C2.2")
@pytest.mark.req("C2.3")
@pytest.mark.req("C2.4")
@pytest.mark.req("C2.5")
@pytest.mark.req("C2.6")
@pytest.mark.req("C2.7")
def test_c2_agreeing_does_not_interrupt_a_question_does_and_a_lost_service_loses_nothing(journey, speech, product):
    question = "How do I treat atrial fibrillation with a high stroke risk?"
    page = journey(speech(1.5, question, 4.5, "Mm-hm.", 3.5, "Stop, what about metformin?"))
    expect(assistant(page, 0)).to_contain_text("anticoag", timeout=LONG)
    expect(user(page, 1)).to_contain_text("metformin", ignore_case=True, timeout=LONG)
    expect(page.get_by_test_id("turn-user")).to_have_count(2)  # "mm-hm" is no turn
    expect(assistant(page, 0)).to_have_attribute("data-interrupted", "true")
    expect(assistant(page, 1)).to_contain_text("metformin", ignore_case=True, timeout=LONG)
    shot(page, "c2-interrupted")
    said = [user(page, number).inner_text() for number in (0, 1)]
    killed = next(one for one in product.status()["processes"] if one["name"] == "realtime")
    psutil.Process(killed["pid"]).send_signal(signal.SIGKILL)
    state = page.get_by_test_id("state")
    expect(state).to_contain_text(re.compile("reconnect", re.IGNORECASE), timeout=LONG)
    shot(page, "c2-reconnecting")
    expect(state).not_to_contain_text(re.compile("reconnect", re.IGNORECASE), timeout=LONG)
    assert [user(page, number).inner_text() for number in (0, 1)] == said
    write(page, "What are the first steps in sepsis?")
    expect(assistant(page)).to_contain_text("sepsis", ignore_case=True, timeout=LONG)
    expect(page.get_by_test_id("turn-user")).to_have_count(3)


@pytest.mark.req("C3.1")
@pytest.mark.req("C3.2")
@pytest.mark.req("C3.3")
@pytest.mark.req("C3.4")
@pytest.mark.req("C3.6")
@pytest.mark.req("C3.7")
def test_c3_a_spoken_score_asks_what_is_missing_and_shows_its_card(journey, speech):
    chads = "CHA2DS2-VASc for a 68-year-old man with hypertension and diabetes."
    page = journey(speech(1.5, chads, 9, "None of those."))
    expect(assistant(page, 0)).to_contain_text("Which of these apply", timeout=LONG)
    card = page.get_by_test_id("calculator")
    expect(card.first).to_contain_text("3", timeout=LONG)
    expect(assistant(page, 1)).to_contain_text("age 68 years")
    expect(card.first).to_contain_text("Lip")
    shot(page, "c3-score")
    write(page, "Renal dose of enoxaparin, creatinine clearance 28")
    expect(assistant(page)).to_contain_text("which of these", timeout=LONG)
    write(page, "venous thromboembolism")
    expect(card.last).to_contain_text("1 mg/kg", timeout=LONG)
    shot(page, "c3-renal-dose")
    write(page, "eGFR of a 60-year-old woman, creatinine 90 mg per deciliter")
    expect(assistant(page)).to_contain_text("unit", timeout=LONG)
    no_faults(page)


@pytest.mark.req("P4.16")
def test_a_spoken_dose_is_said_back_and_confirmed(journey, speech):
    page = journey(speech(1.5, "Is a dose of 50 milligrams of morphine safe in asthma?", 9, "Yes."))
    expect(assistant(page, 0)).to_contain_text("five zero", timeout=LONG)
    shot(page, "dose-said-back")
    expect(user(page, 1)).to_contain_text("Yes", timeout=LONG)
    expect(assistant(page, 1)).not_to_contain_text("five zero", timeout=LONG)


@pytest.mark.req("C4.1")
@pytest.mark.req("C4.2")
def test_c4_a_named_patient_keeps_the_turn_in_the_house_and_the_page_says_so(journey, speech):
    said = "Patient John Smith, M R N four four one nine eight two. How do I treat community acquired pneumonia?"
    page = journey(speech(1.5, said))
    banner = page.get_by_test_id("phi-banner")
    expect(banner).to_be_visible(timeout=LONG)
    expect(assistant(page, 0)).to_contain_text(re.compile(r"\w{3}"), timeout=LONG)
    shot(page, "c4-stays-here")
    no_faults(page)
