"""A turn that tells who somebody is stays here, and the speaker hears of it; also when nobody can look."""

import re
import threading
from uuid import UUID

import pytest

from realtime.dialogue.reply import Reply
from realtime.effects import Answer
from realtime.engine import PhiNotice, Words
from realtime.guard import LEFT_OUT, Discreet, Guard
from voiceassist.contracts.answers import Answer as AnswerGiven
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.runtime import metrics, routing
from voiceassist.runtime.egress import Gate, Scanner, policy
from voiceassist.runtime.egress.scanning import Found
from voiceassist.runtime.pseudonyms.vault import MemoryVault

pytestmark = [pytest.mark.req("P11.8"), pytest.mark.req("P4.7")]

SPEAKER = Principal(subject="s", tenant_id=DEFAULT_TENANT, role="user", user_id=UUID(int=5))
SAID = "how do I treat gout in patient john smith m r n four four one nine eight two"


def names(text):
    return [Found(match.start(), match.end(), ("NAME",)) for match in re.finditer("john smith", text)]


class Room:
    """Answers, and sends something out when it may."""

    def __init__(self, gate=None):
        self.gate = gate
        self.local = []

    async def reply(self, text):
        self.local.append(routing.is_local())
        if self.gate and not routing.is_local():
            await self.gate.outgoing("cloud_llm", [text])
        return Reply("Colchicine.")


async def test_identifiers_keep_a_turn_here_and_are_told(gate_of):
    gate = gate_of(find=names)
    room = Room(gate)
    guard = Guard(gate, SPEAKER)
    reply, notice = await guard.watched(SAID, room.reply)
    assert (reply.text, notice) == ("Colchicine.", PhiNotice("local", "identifiers"))
    _, notice = await guard.watched("how do I treat gout", room.reply)
    assert notice is None
    assert room.local == [True, False]


async def test_where_policy_lets_stand_ins_out_the_turn_says_that_it_went(gate_of):
    gate = gate_of("cloud_llm.*=pseudonymise", find=names)
    _, notice = await Guard(gate, SPEAKER).watched(SAID, Room(gate).reply)
    assert notice == PhiNotice("cloud", "identifiers")
    _, notice = await Guard(gate, SPEAKER).watched(SAID, Room().reply)
    assert notice == PhiNotice("local", "identifiers")


async def test_the_speaker_may_keep_it_here_and_nobody_may_send_it_out(gate_of):
    room = Room()
    guard = Guard(gate_of(find=names), SPEAKER)
    await guard.watched("how do I treat gout", room.reply, route="local")
    await guard.watched(SAID, room.reply, route="cloud")
    assert room.local == [True, True]


@pytest.mark.req("C4.6")
async def test_a_detector_that_is_killed_in_mid_run_keeps_everything_here_and_the_voice_goes_on(gate_of):
    alive = [True]

    def find(text):
        if not alive[0]:
            raise MemoryError
        return names(text)

    gate = gate_of("cloud_llm.*=pseudonymise", find=find)
    room = Room(gate)
    guard = Guard(gate, SPEAKER)
    assert (await guard.watched("how do I treat gout", room.reply))[1] is None
    alive[0] = False
    before = metrics.PHI_SCAN_FAILURES.labels("ERROR")._value.get()
    for said in ("how do I treat gout", SAID):
        reply, notice = await guard.watched(said, room.reply)
        assert (reply.text, notice) == ("Colchicine.", PhiNotice("local", "unchecked"))
    assert room.local == [False, True, True]
    assert metrics.PHI_SCAN_FAILURES.labels("ERROR")._value.get() == before + 2  # what an alert is on


@pytest.mark.req("C4.6")
async def test_a_detector_that_hangs_costs_one_turn_its_deadline_and_no_more(gate_of):
    go_on, calls = threading.Event(), []

    def find(text):
        calls.append(text)
        go_on.wait(20)
        return []

    gate = gate_of(find=find, seconds=0.05, threads=1)
    gate.scanner.warm()
    guard = Guard(gate, SPEAKER)
    notices = [(await guard.watched("how do I treat gout", Room().reply))[1] for _ in range(3)]
    go_on.set()
    assert notices == [PhiNotice("local", "unchecked")] * 3
    assert len(calls) == 1


async def test_without_a_gate_everything_stays_here():
    room = Room()
    assert (await Guard(None, SPEAKER).watched(SAID, room.reply))[1] is None
    assert room.local == [True]


def test_the_notice_is_an_event_before_the_words_for_those_who_ask(new_desk):
    desk = new_desk(update={"voiceassist": {"extensions": True, "route": "local"}})
    desk.write("hello")
    desk.send("response.create")
    answer = desk.last(Answer)
    assert answer.route == "local"
    desk.take(desk.session.piece(answer.response_id, PhiNotice("local", "identifiers")))
    desk.take(desk.session.piece(answer.response_id, Words("Hello.")))
    desk.finish()
    (told,) = [event for event in desk.oracle.seen if event["type"] == "voiceassist.phi.notice"]
    assert (told["route"], told["reason"]) == ("local", "identifiers")
    kinds = [event["type"] for event in desk.oracle.seen]
    assert kinds.index("voiceassist.phi.notice") < kinds.index("response.output_item.added")


def test_no_session_can_ask_for_the_way_out(new_desk):
    desk = new_desk()
    desk.oracle.extensions = False
    events = desk.send("session.update", session={"type": "realtime", "voiceassist": {"route": "cloud"}})
    assert [event["type"] for event in events] == ["error"]
    desk.write("hello")
    desk.send("response.create")
    assert desk.last(Answer).route == "auto"
    desk.finish()


class Library:
    """Finds nothing under a name; the other rooms tell that they were asked."""

    def __init__(self):
        self.asked = []

    async def answer(self, question):
        self.asked.append(question)
        found = "john smith" not in question
        return AnswerGiven(status="supported" if found else "abstained", text="Colchicine.", spoken="Colchicine.")

    async def interpret(self, text, **options):
        return text, options

    async def compute(self, *given):
        return given

    async def search(self, question):
        return question

    async def ask(self, *given):
        return given


async def test_what_finds_nothing_under_a_name_is_asked_again_without_it(gate_of):
    library = Library()
    rooms = Discreet(library, gate_of(find=names))
    answer = await rooms.answer("gout in patient john smith")
    assert (answer.status, library.asked) == ("supported", ["gout in patient john smith", "gout in the patient"])
    assert answer.text == answer.spoken == f"{LEFT_OUT} Colchicine."
    await rooms.answer("gout")
    assert len(library.asked) == 3


@pytest.mark.parametrize("question", ["dose of john smith in gout", "john smith", "how do I treat john smith"])
async def test_a_word_that_may_be_a_drug_is_not_left_out(gate_of, question):
    """Or another question would be answered than the one that was asked."""
    library = Library()
    answer = await Discreet(library, gate_of(find=names)).answer(question)
    assert (answer.status, library.asked) == ("abstained", [question])


async def test_nobody_to_look_means_that_it_is_asked_once(gate_of):
    def broken(_text):
        raise OSError

    library = Library()
    answer = await Discreet(library, gate_of(find=broken)).answer("gout in patient john smith")
    assert (answer.status, len(library.asked)) == ("abstained", 1)


async def test_everything_else_is_handed_on(gate_of):
    rooms = Discreet(Library(), gate_of(find=names))
    options = {"calculator": "c", "known": {}, "asked": "a", "doubted": {}, "assume": True}
    assert await rooms.interpret("text", **options) == ("text", options)
    assert await rooms.compute("c", "i") == ("c", "i")
    assert await rooms.search("john smith") == "john smith"
    assert await rooms.ask("skill", "q") == ("skill", "q")


async def test_the_rooms_are_told_which_conversation_it_is_and_the_end_forgets_it():
    """Stand-ins are the same from turn to turn, what is known is looked for, and nothing is left behind."""
    vault = MemoryVault()

    class Detector:
        version = "test"

        def find(self, text, *, known=(), kind=None):
            places = [(match, "NAME") for match in re.finditer("|".join(["john smith", *known]), text)]
            return [Found(match.start(), match.end(), (label,)) for match, label in places]

    gate = Gate(policy.load(None, "cloud_llm.*=pseudonymise"), Scanner(Detector), models=True, vault=vault)
    guard, sent = Guard(gate, SPEAKER), []

    async def reply(text):
        told = routing.headers()
        with routing.request(SPEAKER.tenant_id, caller=SPEAKER, conversation=told[routing.CONVERSATION]):
            sent.append((await gate.outgoing("cloud_llm", [text])).texts[0])
        return Reply("answer", "answer")

    for text in ("see john smith", "john smith again", "bed seven again"):
        await guard.watched(text, reply, known=("bed seven",))
    first, second, third = (re.search(r"\[\[\w+\]\]", text) for text in sent)
    assert first[0] == second[0]
    assert third[0] != first[0]
    other = Guard(gate, SPEAKER)
    await other.watched("john smith", reply)
    assert sent[-1] != first[0]
    await guard.close()
    assert len(vault._books) == 1
    await guard.watched("john smith", reply)
    assert sent[-1] != first[0]


async def test_where_what_is_known_cannot_be_kept_the_turn_stays_here():
    class Away(MemoryVault):
        async def use(self, conversation, work):
            raise UnavailableError

        async def forget(self, conversation):
            raise UnavailableError

    class Detector:
        def find(self, text, *, known=(), kind=None):
            return []

    gate = Gate(policy.load(None, "cloud_llm.*=allow"), Scanner(Detector), models=True, vault=Away())
    guard, room = Guard(gate, SPEAKER), Room()
    await guard.watched("what dose", room.reply, known=("Smith",))
    await guard.watched("what dose", room.reply)
    assert room.local == [True, False]
    await guard.close()
