"""The bridge to a service outside: only with an agreement, only what the gate lets through, and what its loss costs."""

import asyncio
import json

import numpy as np
import pytest

from realtime.engine import (
    Calculation,
    Called,
    Fallback,
    Function,
    FunctionCall,
    PhiNotice,
    Returned,
    Said,
    Sources,
    SpeechUnavailableError,
    ToolUse,
)
from realtime.engines.bridge import HEALTH, LOST, UNCHECKED, NoAgreementError
from realtime.speech.audio import Sound, to_mulaw
from voiceassist.runtime.egress import sockets
from voiceassist.runtime.egress.web import Egress, EgressRefusedError, NoAnswerError
from voiceassist.runtime.settings import Egress as EgressSettings
from voiceassist.runtime.settings import Settings

pytestmark = pytest.mark.req("P4.5")

QUESTION = "how do I treat acute gout"
ANSWER = "Colchicine 0.5 mg twice daily is given for acute gout."
NONE = "I found no evidence for that."
PAGE = Function("page_team", "Pages a team.", {"type": "object", "properties": {"team": {"type": "string"}}})


@pytest.fixture
def house(realtime_house):
    return realtime_house


@pytest.fixture
def fake(realtime_upstream):
    """`fake(*answers)`: the steps of each answer; the last ones again and again. Nothing may come that is no event."""
    made = []

    def make(*answers):
        count = iter(range(1_000))
        made.append(realtime_upstream.Upstream(lambda _session: answers[min(next(count), len(answers) - 1)]))
        return made[-1]

    yield make
    assert [one.problems for one in made] == [[] for _ in made]


def kinds(session):
    return [event["type"] for event in session.got]


async def closed(home):
    await home.session.close()


async def test_a_turn_goes_up_and_its_words_come_down(fake, house):
    with fake([ANSWER]) as up:
        home = house.House().bridge(up)
        pieces = await home.ask(QUESTION)
        await closed(home)
        assert house.told(pieces) == ANSWER
        assert up.requests == [{"path": "/v1/realtime", "key": "Bearer key"}]
        (session,) = up.sessions
        assert kinds(session) == ["session.update", "conversation.item.create", "response.create"]
        assert session.settings["audio"]["input"]["turn_detection"] is None
        assert session.settings["audio"]["output"]["voice"] == "marin"
        assert [one["name"] for one in session.settings["tools"]][:1] == ["search_knowledge"]


@pytest.mark.req("P11.8")
async def test_without_an_agreement_nobody_is_let_in(fake, house):
    with fake([ANSWER]) as up:
        with pytest.raises(NoAgreementError) as refused:
            house.House(baa=False).bridge(up)
        assert (refused.value.status, refused.value.code) == (403, "NO_AGREEMENT")
        assert up.sessions == []


async def test_our_tools_are_run_here_and_what_a_source_says_is_told_from_the_rest(fake, house, realtime_upstream):
    search = [realtime_upstream.Call("search_knowledge", {"query": "gout"})]
    with fake(search, [ANSWER]) as up:
        home = house.House().bridge(up)
        pieces = await home.ask(QUESTION)
        await closed(home)
        assert house.of(pieces, ToolUse) == [
            ToolUse("search_knowledge", "started"),
            ToolUse("search_knowledge", "finished"),
        ]
        (sources,) = house.of(pieces, Sources)
        assert (sources.status, [one.title for one in sources.citations]) == ("supported", ["Gout"])
        assert home.rooms.searched == ["gout"]
        assert [act.objects for act in home.auditor.acts] == [("tool:search_knowledge",)]
        output = up.sessions[0].got[-2]["item"]
        assert (output["type"], output["call_id"]) == ("function_call_output", "call_up")
        assert "Colchicine" in output["output"]
        assert "Mine." not in up.said, "nobody's own documents go up"
    with fake(["It is safe for everybody. ", ANSWER]) as up:
        home = house.House().bridge(up)
        (sources,) = house.of(await home.ask(QUESTION), Sources)
        await closed(home)
        assert (sources.status, sources.notice) == ("partial", UNCHECKED)


async def test_a_calculator_takes_the_speaker_s_values(fake, house, realtime_upstream):
    with fake([realtime_upstream.Call("compute_calculator", {"text": "BMI of 99 kg"})], ["The BMI is 25."]) as up:
        home = house.House().bridge(up)
        pieces = await home.ask("calculate the BMI for a height of 160 cm and a weight of 64 kg")
        await closed(home)
        assert house.of(pieces, Calculation)[0].result.value == pytest.approx(25.0)


async def test_a_function_of_the_client_is_called_and_its_output_goes_up_once(fake, house, realtime_upstream):
    page = realtime_upstream.Call("page_team", {"team": "renal"}, "call_7")
    with fake(["One moment. ", page], ["The renal team is paged."], ["You are welcome."]) as up:
        home = house.House().bridge(up)
        pieces = await home.ask("page the renal team", functions=(PAGE,))
        assert house.of(pieces, FunctionCall) == [FunctionCall("call_7", "page_team", '{"team": "renal"}')]
        assert house.told(pieces) == "One moment. "
        pieces = await home.ask("", functions=(PAGE,), after=[Returned("item_out", "call_7", "paged")])
        assert house.told(pieces) == "The renal team is paged."
        await home.ask("say more about that please", functions=(PAGE,))
        await closed(home)
        created = [event["item"]["type"] for event in up.sessions[0].got if event["type"] == "conversation.item.create"]
        assert created == ["message", "function_call_output", "message"], "their own call is not told back to them"


@pytest.mark.req("P11.8")
async def test_identifiers_stay_here_now_and_later(fake, house):
    with fake([ANSWER]) as up:
        home = house.House().bridge(up)
        pieces = await home.ask("how do I treat gout in patient john smith")
        assert house.of(pieces, PhiNotice) == [PhiNotice("local", "identifiers")]
        assert house.told(pieces) == NONE
        assert up.sessions == []
        assert house.told(await home.ask(QUESTION)) == ANSWER
        await closed(home)
        assert "smith" not in up.said
        assert NONE not in up.said
        home = house.House("cloud_llm.*=pseudonymise").bridge(up)
        assert house.told(await home.ask("how do I treat gout in patient john smith")) == NONE
        assert "smith" not in up.said, "sound has no stand-ins"


@pytest.mark.req("P11.8")
async def test_a_policy_that_allows_it_lets_a_name_go_up_and_that_is_told(fake, house):
    with fake([ANSWER]) as up:
        home = house.House("cloud_llm.*=allow").bridge(up)
        pieces = await home.ask("how do I treat gout in patient john smith")
        await closed(home)
        assert pieces[0] == PhiNotice("cloud", "identifiers")
        assert "smith" in up.said
        home = house.House("cloud_llm.*=allow").bridge(up)
        await home.ask(QUESTION, route="local")
        assert len(up.sessions) == 1, "the speaker may keep it here"


@pytest.mark.parametrize("fault", ["DROP", "EXPIRED", "HANG", "FAIL"])
async def test_its_loss_in_mid_turn_is_said_and_the_dialogue_goes_on(fake, house, realtime_upstream, fault):
    with fake(["Colchicine is ", realtime_upstream.Pause(0.3), getattr(realtime_upstream, fault)]) as up:
        home = house.House().bridge(up, seconds=0.5)
        pieces = await home.ask(QUESTION)
        assert house.of(pieces, Fallback) == [Fallback("local", "unavailable")]
        assert house.told(pieces) == f"Colchicine is {LOST} {NONE}"
        again = await home.ask("how do I treat chronic gout")
        assert house.of(again, Fallback) == [Fallback("local", "unavailable")]
        assert house.told(again) == NONE, "it is said once, and nobody is asked for a minute"
        assert len(up.sessions) == 1
        await closed(home)


@pytest.mark.parametrize("fault", ["DROP", "EXPIRED"])
async def test_a_loss_before_anything_was_said_costs_a_new_session_with_the_same_history(
    fake, house, realtime_upstream, fault
):
    with fake([ANSWER], [getattr(realtime_upstream, fault)], ["Rest helps, too."]) as up:
        home = house.House().bridge(up)
        await home.ask(QUESTION)
        pieces = await home.ask("and what else helps")
        await closed(home)
        assert (house.told(pieces), house.of(pieces, Fallback)) == ("Rest helps, too.", [])
        texts = [part["text"] for item in up.sessions[1].items.values() for part in item["content"] if "text" in part]
        assert texts[:3] == [QUESTION, ANSWER, "and what else helps"]


async def test_a_service_that_is_not_there_is_tried_twice_and_then_left(fake, house):
    with fake([ANSWER]) as up:
        up.refuses = True
        home = house.House().bridge(up, seconds=1.0)
        pieces = await home.ask(QUESTION)
        assert house.told(pieces) == f"{LOST} {NONE}"
        assert len(up.requests) == 2
    home = house.House().bridge(up, seconds=1.0)
    assert house.told(await home.ask(QUESTION)) == f"{LOST} {NONE}"


async def test_a_session_is_renewed_before_it_expires(fake, house):
    with fake([ANSWER]) as up:
        home = house.House().bridge(up, renew_seconds=0.0)
        await home.ask(QUESTION)
        await home.ask("and what else helps")
        await closed(home)
        assert len(up.sessions) == 2
        roles = [item["role"] for item in up.sessions[1].items.values()]
        assert roles == ["user", "assistant", "user", "assistant"]
        assert kinds(up.sessions[1])[:4] == ["session.update", *["conversation.item.create"] * 3]


@pytest.mark.req("P4.14")
async def test_who_interrupts_cancels_it_there_and_the_heard_position_goes_up(fake, house, realtime_upstream):
    with fake([ANSWER, realtime_upstream.Pause(5.0), "More."], ["Good."]) as up:
        home = house.House().bridge(up)
        home.entries.append(Said("item_q", "user", QUESTION))
        context = house.Context("item_a", tuple(home.entries))
        answer = home.session.answer(QUESTION, spoken=True, context=context)

        async def listen():
            async for piece in answer:
                if piece.text:
                    heard.set()

        heard = asyncio.Event()
        listening = asyncio.create_task(listen())
        await asyncio.wait_for(heard.wait(), 10)
        await asyncio.sleep(0.2)
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening
        await home.session.cut("item_a", 1_200)
        home.entries += [Said("item_a", "assistant", "Colchicine 0.5 mg"), Said("item_q2", "user", "go on please")]
        again = house.Context("item_b", tuple(home.entries))
        pieces = [piece async for piece in home.session.answer("go on please", spoken=False, context=again)]
        await closed(home)
        assert house.told(pieces) == "Good."
        (session,) = up.sessions
        assert kinds(session)[2:] == [
            "response.create",
            "response.cancel",
            "conversation.item.truncate",
            "conversation.item.create",
            "response.create",
        ]
        assert list(session.heard_ms.values()) == [1_200]


async def test_what_was_taken_back_here_is_taken_back_there(fake, house):
    with fake([ANSWER]) as up:
        home = house.House().bridge(up)
        await home.ask(QUESTION)
        home.entries.clear()
        await home.ask("how do I treat chronic gout", instead=True)
        await closed(home)
        (session,) = up.sessions
        assert kinds(session).count("conversation.item.delete") == 2
        assert [item["role"] for item in session.items.values()] == ["user", "assistant"]
        assert QUESTION not in json.dumps(session.items)


async def test_a_call_that_was_made_elsewhere_is_told_with_the_history(fake, house):
    with fake([ANSWER]) as up:
        home = house.House().bridge(up)
        call = Called("item_c", FunctionCall("call_1", "page_team", "{}"))
        await home.ask(
            QUESTION, after=[call, Returned("item_r", "call_1", "paged"), Said("item_z", "user", "thanks so")]
        )
        await closed(home)
        types = [event["item"]["type"] for event in up.sessions[0].got if event["type"] == "conversation.item.create"]
        assert types == ["message", "function_call", "function_call_output", "message"]


async def test_addresses_and_redirects_are_the_gate_s():
    for url in ("wss://127.0.0.1/v1/realtime", "ws://example.com/v1/realtime"):
        with pytest.raises(EgressRefusedError):
            await sockets.opened(Egress(Settings()), url, headers={})
    private = Egress(Settings(egress=EgressSettings(allow_private=True)))
    with pytest.raises(NoAnswerError):
        await sockets.opened(private, "ws://127.0.0.1:9/v1/realtime", headers={})

    async def elsewhere(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nlocation: ws://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        seen.append(True)

    seen = []
    server = await asyncio.start_server(elsewhere, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(NoAnswerError):
        await sockets.opened(private, f"ws://127.0.0.1:{port}/", headers={})
    server.close()
    assert seen == [True]


class TestTheirEars:
    """Where policy lets everything out, and only there, the service may read turns before we know their words."""

    OUT = "cloud_llm.*=allow"
    SOUND = np.zeros(24_000, np.float32)

    async def heard(self, home, **options):
        return (await home.session.transcribe(self.SOUND, 24_000, **options)).text

    async def test_a_turn_is_read_there_and_answered_without_going_up_again(self, fake, house):
        with fake([ANSWER]) as up:
            home = house.House(self.OUT).bridge(up, ears="theirs", transcriber="scripted")
            assert await self.heard(home) == QUESTION
            assert house.told(await home.ask(QUESTION)) == ANSWER
            await closed(home)
            (session,) = up.sessions
            assert "conversation.item.create" not in kinds(session)
            assert len(session.items) == 2
            assert session.settings["audio"]["input"]["transcription"] == {"model": "scripted"}

    async def test_a_turn_that_went_on_is_taken_back_there(self, fake, house):
        with fake([ANSWER]) as up:
            home = house.House(self.OUT).bridge(up, ears="theirs", transcriber="scripted")
            await self.heard(home)
            await self.heard(home)
            await home.ask(QUESTION)
            await self.heard(home)
            await home.ask("something that was written")
            await closed(home)
            (session,) = up.sessions
            assert kinds(session).count("conversation.item.delete") == 2
            assert [item["role"] for item in session.items.values()] == ["user", "assistant", "user", "assistant"]

    @pytest.mark.req("P11.8")
    @pytest.mark.parametrize(
        ("exceptions", "options"),
        [("", {}), ("cloud_llm.NAME=allow", {}), ("cloud_llm.*=pseudonymise", {}), (OUT, {"route": "local"})],
    )
    async def test_whatever_policy_or_the_speaker_keeps_here_is_read_here(self, fake, house, exceptions, options):
        with fake([ANSWER]) as up:
            home = house.House(exceptions).bridge(up, ears="theirs", transcriber="scripted")
            with pytest.raises(SpeechUnavailableError):  # this house has no ears of its own
                await self.heard(home, **options)
            assert up.sessions == []

    @pytest.mark.parametrize("fault", ["failed", "refuses"])
    async def test_where_it_does_not_hear_we_do(self, fake, house, fault):
        with fake([ANSWER]) as up:
            up.refuses = fault == "refuses"
            up.hears = lambda _sound: None
            home = house.House(self.OUT).bridge(up, ears="theirs", transcriber="scripted", seconds=1.0)
            with pytest.raises(SpeechUnavailableError):
                await self.heard(home)
            home.engine.health.failed(HEALTH)
            with pytest.raises(SpeechUnavailableError):
                await self.heard(home)
            await closed(home)

    async def test_words_in_passing_are_not_read_there(self, fake, house):
        with fake([ANSWER]) as up:
            home = house.House(self.OUT).bridge(up, ears="theirs", transcriber="scripted")
            assert await self.heard(home, passing=True) == ""
            assert up.sessions == []

    # Sound that goes up while it is said

    @staticmethod
    def sound(level, seconds=0.5):
        return np.full(int(24_000 * seconds), level, "<i2").tobytes()

    def talking(self, up, house, exceptions=OUT, **options):
        """A house with their ears, and what they heard: each turn's sound."""
        heard = []

        def hears(sound):
            heard.append(sound)
            return QUESTION

        up.hears = hears
        return house.House(exceptions).bridge(up, ears="theirs", transcriber="scripted", **options), heard

    async def said(self, home, *pieces, **options):
        for piece in pieces:
            home.session.pass_on(piece)
            await asyncio.sleep(0.05)
        whole = Sound(to_mulaw(b"".join(pieces)), "audio/pcmu", 24_000)
        passed = home.session.passed()
        return (await home.session.transcribe(whole, 24_000, passed=passed, **options)).text

    async def test_a_turn_goes_up_while_it_is_said(self, fake, house):
        with fake([ANSWER]) as up:
            home, heard = self.talking(up, house)
            assert home.session.wants_sound
            pieces = [self.sound(level) for level in (1, 2, 3)]
            for piece in pieces:
                home.session.pass_on(piece)
            while not up.sessions or kinds(up.sessions[0]).count("input_audio_buffer.append") < 3:
                await asyncio.sleep(0.01)
            assert await self.said(home, self.sound(4)) == QUESTION  # the reserve is of another length: as a whole
            assert await self.said(home, *pieces) == QUESTION
            assert house.told(await home.ask(QUESTION)) == ANSWER
            await closed(home)
            (session,) = up.sessions
            assert len(heard) == 2
            assert heard[1] == b"".join(pieces)  # as it came, and not as it was held
            assert kinds(session).count("input_audio_buffer.clear") == 1
            assert "conversation.item.create" not in kinds(session)

    async def test_a_turn_that_is_over_at_once_and_the_next_one_stay_apart(self, fake, house):
        with fake([ANSWER]) as up:
            home, heard = self.talking(up, house)
            first, second = self.sound(1), self.sound(2)
            home.session.pass_on(first)
            one = home.session.passed()
            home.session.pass_on(second)
            two = home.session.passed()
            turns = [(first, one), (second, two)]
            await asyncio.gather(
                *(home.session.transcribe(Sound(sound), 24_000, passed=passed) for sound, passed in reversed(turns))
            )
            await closed(home)
            assert heard == [first, second]

    @pytest.mark.parametrize("how", ["taken back", "nobody reads it"])
    async def test_sound_that_nobody_wants_is_dropped_there_and_the_next_turn_is_its_own(self, fake, house, how):
        with fake([ANSWER]) as up:
            home, heard = self.talking(up, house)
            home.session.pass_on(self.sound(1))
            while not up.sessions or "input_audio_buffer.append" not in kinds(up.sessions[0]):
                await asyncio.sleep(0.01)
            if how == "taken back":
                home.session.pass_on(None)
            else:
                home.session.passed().over()
            assert await self.said(home, self.sound(2)) == QUESTION
            assert heard == [self.sound(2)]
            await closed(home)

    async def test_a_turn_that_is_read_as_a_whole_does_not_mix_with_one_that_is_being_said(self, fake, house):
        with fake([ANSWER]) as up:
            home, heard = self.talking(up, house)
            home.session.pass_on(self.sound(1))
            await asyncio.sleep(0.1)
            written = self.sound(7, 1.0)
            await home.session.transcribe(Sound(written), 24_000)
            assert await self.said(home, self.sound(2)) == QUESTION
            assert heard == [written, self.sound(2)]
            await closed(home)

    async def test_a_service_that_is_lost_in_mid_turn_gets_it_as_a_whole_in_a_new_session(self, fake, house):
        with fake([ANSWER]) as up:
            home, heard = self.talking(up, house)
            home.session.pass_on(self.sound(100))
            while not up.sessions or "input_audio_buffer.append" not in kinds(up.sessions[0]):
                await asyncio.sleep(0.01)
            up._loop.call_soon_threadsafe(up.sessions[0].socket.transport.abort)
            while home.session._upstream.is_open:
                await asyncio.sleep(0.01)
            home.session.pass_on(self.sound(200))
            whole = Sound(to_mulaw(self.sound(100) + self.sound(200)), "audio/pcmu", 24_000)
            passed = home.session.passed()
            assert (await home.session.transcribe(whole, 24_000, passed=passed)).text == QUESTION
            await closed(home)
            assert len(up.sessions) == 2
            (sound,) = heard
            assert len(sound) == 2 * len(self.sound(1))
            levels = np.frombuffer(sound, "<i2").reshape(2, -1)
            assert (levels == levels[:, :1]).all()
            assert list(levels[:, 0]) == pytest.approx([100, 200], abs=8)  # as it was held

    async def test_one_that_is_not_there_costs_the_turn_nothing_but_its_reader(self, fake, house):
        with fake([ANSWER]) as up:
            up.refuses = True
            home, _ = self.talking(up, house, seconds=1.0)
            with pytest.raises(SpeechUnavailableError):  # this house has no ears of its own
                await self.said(home, self.sound(1), self.sound(2))
            await closed(home)

    @pytest.mark.req("P11.8")
    async def test_what_is_to_stay_here_after_all_is_not_read_there(self, fake, house):
        with fake([ANSWER]) as up:
            home, heard = self.talking(up, house)
            with pytest.raises(SpeechUnavailableError):
                await self.said(home, self.sound(1), route="local")
            home.session.use(lambda: None)  # a case: nothing of it goes outside
            home.session.pass_on(self.sound(2))
            assert home.session.passed() is None
            await asyncio.sleep(0.1)
            await closed(home)
            assert heard == []
            assert kinds(up.sessions[0]).count("input_audio_buffer.clear") == 1

    @pytest.mark.req("P11.8")
    @pytest.mark.parametrize("exceptions", ["", "cloud_llm.NAME=allow", "cloud_llm.*=pseudonymise"])
    async def test_where_policy_keeps_anything_no_sound_is_wanted_early(self, fake, house, exceptions):
        with fake([ANSWER]) as up:
            home, _ = self.talking(up, house, exceptions)
            assert not home.session.wants_sound

    async def test_a_session_that_ends_in_mid_turn_leaves_nothing_running(self, fake, house):
        with fake([ANSWER]) as up:
            before = asyncio.all_tasks()  # other tests' servers share the loop
            home, heard = self.talking(up, house)
            home.session.pass_on(self.sound(1))
            await asyncio.sleep(0)
            assert asyncio.all_tasks() - before
            await closed(home)
            assert heard == []
            assert asyncio.all_tasks() - before == set()

    async def test_a_session_that_is_old_is_renewed_for_the_answer_and_not_while_somebody_speaks(self, fake, house):
        with fake([ANSWER]) as up:
            home, heard = self.talking(up, house)
            assert await self.said(home, self.sound(1)) == QUESTION
            home.engine.renew_seconds = 0.0
            assert await self.said(home, self.sound(100)) == QUESTION
            assert len(up.sessions) == 1
            assert house.told(await home.ask(QUESTION)) == ANSWER
            await closed(home)
            assert len(up.sessions) == 2
            assert heard == [self.sound(1), self.sound(100)]
            (item,) = [event["item"] for event in up.sessions[1].got if event["type"] == "conversation.item.create"]
            assert item["content"][0]["type"] == "input_audio"
