"""Spoken and written turns with the real ears and the real voice (synthetic speech)."""

import asyncio
import re

import pytest

SCORE = "What is the CHA2DS2-VASc score of a 68 year old man with hypertension and diabetes?"
TREATMENT = "How do I treat atrial fibrillation with a high stroke risk?"
EXTENDED = {"voiceassist": {"extensions": True}}
MANUAL = {"input": {"turn_detection": None}}
FRAME = 960  # 20 ms


async def push_to_talk(client, pcm):
    for start in range(0, len(pcm), 48_000):
        await client.append(pcm[start : start + 48_000])
    await client.send("input_audio_buffer.commit")
    await client.send("response.create")
    return await client.until("response.done")


async def speak_live(client, pcm, *, silence_s=2.0):
    """As a microphone does: a frame every 20 ms, and silence after the words until the answer begins."""
    frames = [pcm[start : start + FRAME] for start in range(0, len(pcm), FRAME)]
    frames += [bytes(FRAME)] * int(silence_s * 50)
    for frame in frames:
        await client.append(frame)
        await asyncio.sleep(0.02)


@pytest.mark.req("P4.6")
async def test_a_spoken_score_is_heard_computed_and_said(dial, say, listen, service):
    async with dial() as client:
        await client.update(audio=MANUAL, **EXTENDED)
        done = await push_to_talk(client, say(SCORE))
        assert done["response"]["status"] == "completed"
        heard = client.of("conversation.item.input_audio_transcription.completed")[0]["transcript"]
        assert "68" in heard
        assert client.of("voiceassist.calculator.result")[0]["result"]["value"] == 3
        assert client.answer.startswith("CHA2DS2-VASc: 3 points.")
        assert re.search(r"\b(3|three)[ -]points", listen(client.sound, ("CHA2DS2-VASc",)).lower())
        metrics = await client.until("voiceassist.metrics")
        assert 0 < metrics["answer_ms"] <= metrics["first_audio_ms"] < 5_000
    assert {subject for _, _, subject in service.rooms.asked} != {""}


@pytest.mark.req("P5.10")
async def test_a_question_is_answered_with_its_citations(dial, say, listen):
    async with dial() as client:
        await client.update(audio=MANUAL, **EXTENDED)
        await push_to_talk(client, say(TREATMENT))
        listed = client.of("voiceassist.citation.list")[0]
        assert [citation["n"] for citation in listed["citations"]] == [1, 2]
        assert listed["status"] == "supported"
        assert "[1]" in client.answer
        said = listen(client.sound, ("apixaban",)).lower()
        assert "coagulation is recommended to prevent stroke" in said
        assert "one" not in said.split()  # the markers are shown, not spoken


@pytest.mark.req("P4.8")
async def test_the_rooms_are_asked_on_behalf_of_the_speaker(dial, service):
    principal = service.principal()
    async with dial(token=service.token(principal)) as client:
        await client.update(output_modalities=["text"])
        await client.write(TREATMENT)
        await client.until("response.done")
    assert {subject for _, _, subject in service.rooms.asked} == {principal.subject}


@pytest.mark.parametrize(
    "detection",
    [{"type": "server_vad"}, {"type": "semantic_vad", "eagerness": "high"}],
    ids=["server_vad", "semantic_vad"],
)
@pytest.mark.req("P4.15")
async def test_a_live_turn_ends_by_silence_and_is_answered_without_being_asked(dial, say, detection):
    async with dial() as client:
        await client.update(audio={"input": {"turn_detection": detection}}, **EXTENDED)
        speaking = asyncio.create_task(speak_live(client, say(TREATMENT)))
        await client.until("response.done")
        await speaking
        kinds = [event["type"] for event in client.events]
        assert kinds.index("input_audio_buffer.speech_started") < kinds.index("input_audio_buffer.speech_stopped")
        assert kinds.count("input_audio_buffer.committed") == 1
        assert "fibrillation" in client.of("conversation.item.input_audio_transcription.completed")[0]["transcript"]
        metrics = await client.until("voiceassist.metrics")
        assert metrics["first_audio_ms"] >= metrics["eou_ms"] > 300


@pytest.mark.req("P4.14")
async def test_speaking_into_an_answer_stops_it(dial, say, service):
    service.rooms.delay = 1.0
    async with dial() as client:
        await client.update(**EXTENDED)
        await client.write(TREATMENT)
        await client.until("response.created")
        speaking = asyncio.create_task(speak_live(client, say("Stop. I have another question."), silence_s=0.1))
        done = await client.until("response.done")
        assert done["response"]["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
        await speaking


@pytest.mark.req("P4.14")
async def test_who_agrees_while_an_answer_is_heard_holds_it_for_a_moment(dial, say):
    async with dial() as client:
        await client.update(**EXTENDED)
        await client.write(TREATMENT)
        await client.until("response.done")
        item_id = client.of("response.output_audio.done")[0]["item_id"]
        await client.send("voiceassist.playback.position", item_id=item_id, audio_ms=500)
        speaking = asyncio.create_task(speak_live(client, say("Okay."), silence_s=1.5))
        await client.until("voiceassist.playback.hold")
        await client.until("voiceassist.playback.resume")
        await speaking
        assert client.of("input_audio_buffer.speech_started") == []
        assert client.of("conversation.item.truncated") == []


@pytest.mark.req("P4.16")
async def test_noise_is_no_question(dial):
    import numpy as np

    noise = (np.random.default_rng(1).standard_normal(48_000) * 3000).astype("<i2").tobytes()
    async with dial() as client:
        await client.update(audio=MANUAL, **EXTENDED)
        await push_to_talk(client, noise)
        assert client.of("conversation.item.input_audio_transcription.completed")[0]["transcript"] == ""
        assert client.answer == "I did not hear a question. Please say it again."


@pytest.mark.parametrize(("wire", "bytes_per_second"), [("audio/pcmu", 8_000), ("audio/pcma", 8_000)])
async def test_telephone_formats_are_heard_and_spoken(dial, say, listen, wire, bytes_per_second):
    from realtime.speech import audio

    narrow = audio.resample(audio.from_pcm16(say(TREATMENT)), 24_000, 8_000)
    async with dial() as client:
        await client.update(
            audio={
                "input": {"format": {"type": wire}, "turn_detection": None},
                "output": {"format": {"type": wire}},
            }
        )
        await push_to_talk(client, audio.encode(narrow, wire))
        assert "stroke" in client.of("conversation.item.input_audio_transcription.completed")[0]["transcript"]
        wide = audio.resample(audio.decode(client.sound, wire), 8_000, 24_000)
        assert "stroke" in listen(audio.to_pcm16(wide), ("anticoagulation",))
        assert len(client.sound) < 12 * bytes_per_second


@pytest.mark.req("P4.11")
async def test_a_missing_value_is_asked_for_and_its_answer_remembered(dial, service):
    async with dial() as client:
        await client.update(output_modalities=["text"], **EXTENDED)
        await client.write("calculate the eGFR of a 70 year old woman".replace("70", "seventy"))
        await client.until("response.done")
        asked = client.of("voiceassist.clarify.ask")[0]
        assert (asked["question"], asked["slot"]) == ("What is the creatinine?", "creatinine")
        await client.write("0.9")
        await client.until("response.done")
        assert client.of("voiceassist.calculator.result")
    interpreted = [body for room, body, _ in service.rooms.asked if "text" in body]
    assert (interpreted[1]["calculator"], interpreted[1]["asked"]) == ("egfr", "creatinine")


@pytest.mark.req("C1.4", "C1.5")
async def test_a_spoken_topic_with_kinds_is_asked_back_and_the_spoken_reply_is_understood(dial, say, service):
    async with dial() as client:
        await client.update(audio=MANUAL, **EXTENDED)
        await push_to_talk(client, say("Search for kidney disease management."))
        asked = client.of("voiceassist.clarify.ask")[0]
        assert asked["options"][0] == "Chronic kidney disease"
        assert asked["options"][-1] == "something else"
        assert client.answer == asked["question"]
        assert not client.of("voiceassist.citation.list")
        await push_to_talk(client, say("The chronic one, please."))
        assert client.of("voiceassist.citation.list")
    (question,) = [
        body["question"] for room, body, _ in service.rooms.asked if room == "retrieval" and "question" in body
    ]
    assert "Chronic kidney disease management" in question


async def test_rooms_that_are_down_are_told_truthfully(dial, service):
    service.rooms.down = {"calculators", "retrieval"}
    async with dial() as client:
        await client.update(output_modalities=["text"])
        await client.write("calculate the eGFR")
        assert (await client.until("response.done"))["response"]["status"] == "completed"
        assert client.answer.startswith("The calculators cannot be reached")
        await client.write(TREATMENT)
        await client.until("response.done")
        assert "The library cannot be reached" in client.answer


async def test_without_evidence_nothing_is_claimed(dial):
    async with dial() as client:
        await client.update(output_modalities=["text"], **EXTENDED)
        await client.write("How do I treat florbundian wexitis?")
        await client.until("response.done")
        listed = client.of("voiceassist.citation.list")[0]
        assert (listed["status"], listed["citations"]) == ("abstained", [])
