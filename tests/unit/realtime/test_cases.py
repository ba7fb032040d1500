"""A conversation about a case: opened once, handed over with the session, used in answers, gone when it is gone."""

from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest

from realtime.connection import Connection
from realtime.dialogue import wording
from realtime.effects import UseCase
from realtime.engine import CaseClosed
from realtime.resumption import Resumed
from voiceassist.contracts.cases import CaseFact, current
from voiceassist.core import clock
from voiceassist.core.errors import ForbiddenError, NotFoundError, UnavailableError

EXTENDED = {"voiceassist": {"extensions": True}}
CASE, OTHER = "01900000-0000-7000-8000-000000000001", "01900000-0000-7000-8000-000000000002"
UPDATED = "voiceassist.context.updated"


def fact(kind, text, **ago):
    return CaseFact(kind=kind, text=text, since=clock.now() - timedelta(**ago))


FACTS = (
    fact("person", "65-year-old man"), fact("person", "weight 80 kg"), fact("person", "height 180 cm"),
    fact("lab", "creatinine 1.4 mg/dL", days=1), fact("lab", "creatinine 9.9 mg/dL", days=8),
)  # fmt: skip


def test_a_case_is_asked_for_once_and_told_when_it_is_open(desk):
    desk.update(**EXTENDED)
    assert desk.send("voiceassist.context.update", case_id=CASE, event_id="mine") == []
    assert desk.last(UseCase) == UseCase(CASE, "mine")
    (event,) = desk.take(desk.session.case_opened(CASE, facts=2, expires_at="2026-01-02T03:04:05.000Z"))
    assert (event["type"], event["case_id"], event["facts"]) == (UPDATED, CASE, 2)
    assert desk.session.snapshot().case_id == CASE
    (refused,) = desk.send("voiceassist.context.update", case_id=OTHER)
    assert (refused["error"]["code"], refused["error"]["param"]) == ("case_already_open", "case_id")
    assert desk.send("voiceassist.context.update", case_id=CASE) == [], "the same one again is looked at anew"


@pytest.mark.parametrize("case_id", ["", "x" * 65, 7, None])
def test_what_names_no_case_is_an_error(desk, case_id):
    (event,) = desk.send("voiceassist.context.update", case_id=case_id)
    assert event["error"]["param"] == "case_id"
    assert desk.all(UseCase) == []


def test_a_case_that_is_gone_is_told_and_another_one_may_be_opened(desk):
    desk.update(**EXTENDED)
    desk.take(desk.session.case_opened(CASE, facts=2, expires_at=""))
    desk.write("What is the dose?")
    desk.send("response.create")
    (event,) = desk.take(desk.session.piece(desk.session._last_response_id, CaseClosed()))
    assert (event["type"], event["case_id"]) == (UPDATED, None)
    assert desk.session.snapshot().case_id == ""
    assert desk.send("voiceassist.context.update", case_id=OTHER) == []


class Book:
    def __init__(self, *fails):
        self.fails, self.opened = list(fails), []

    async def open(self, case_id):
        self.opened.append(str(case_id))
        if self.fails:
            raise self.fails.pop(0)
        return SimpleNamespace(facts=FACTS, expires_at=clock.now())

    async def facts(self, _case_id):
        return FACTS


class Engine:
    def __init__(self):
        self.read = None

    def use(self, read):
        self.read = read

    def recall(self, _context):
        raise AssertionError("nothing was handed over")


class Keeper:
    case_id = None

    def about(self, case_id):
        self.case_id = case_id

    def adopt(self, *_):
        pass


@pytest.fixture
def line(desk):
    """A connection without a socket, whose session is the desk's."""

    def make(book, **more):
        recorded = []

        async def record(action, _id):
            recorded.append(action)

        connection = Connection(None, desk.session, Engine(), record, keeper=Keeper(), casebook=book, **more)
        connection.sent = lambda: [connection._unsent.get_nowait() for _ in range(connection._unsent.qsize())]
        return connection

    desk.update(**EXTENDED)
    return make


async def test_an_opened_case_is_the_engine_s_and_the_store_s(line):
    connection = line(Book())
    await connection._use(UseCase(CASE))
    assert UPDATED in connection.sent()[0]
    assert await connection._engine.read() == FACTS
    assert connection._keeper.case_id == UUID(CASE)


@pytest.mark.parametrize("fails", [NotFoundError("x"), ForbiddenError("x"), UnavailableError("x")])
async def test_a_case_that_cannot_be_opened_is_an_error_and_the_session_goes_on(line, fails):
    connection = line(Book(fails))
    await connection._use(UseCase(CASE, "mine"))
    (error,) = connection.sent()
    assert '"code":"case_not_opened"' in error
    assert '"event_id":"mine"' in error
    assert connection._engine.read is None
    await connection._use(UseCase("John Smith"))
    assert "John" not in connection.sent()[0]
    await line(None)._use(UseCase(CASE))
    assert connection._casebook.opened == [CASE]


@pytest.mark.parametrize("gone", [False, True])
async def test_who_comes_back_has_the_case_again_unless_it_is_gone(line, desk, gone):
    book = Book(*[NotFoundError("x")] * gone)
    desk.session._case_id = CASE
    state = desk.session.snapshot()
    desk.session._case_id = ""

    class Back:
        async def offer(self, _conversation_id):
            return "vr_y"

        async def take(self, *_args, **_kwargs):
            return Resumed("01900000-0000-7000-8000-0000000000aa", state, [], 0)

    connection = line(book, handover=Back())
    await connection._resume(SimpleNamespace(token="vr_x", after=0, conversation_id="", event_id=None))
    told = [one for one in connection.sent() if UPDATED in one]
    assert len(told) == 1
    assert ('"case_id":null' in told[0]) is gone
    assert (connection._engine.read is None) is gone
    assert desk.session.snapshot().case_id == ("" if gone else CASE)


@pytest.fixture
def house(realtime_house):
    home = realtime_house.House()
    home.session = home.local.open(home.principal)
    return home


def reading(*found):
    """A case that is read with these outcomes, the last one again and again."""
    outcomes = list(found)

    async def read():
        outcome = outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return read


async def said(house, realtime_house, text):
    return realtime_house.told(await house.ask(text))


async def test_a_calculator_takes_its_inputs_from_the_case_and_says_so(house, realtime_house):
    house.session.use(reading(FACTS))
    answer = await said(house, realtime_house, "Calculate the creatinine clearance")
    today, before = (wording._day((clock.now() - timedelta(days=one)).date().isoformat()) for one in (0, 1))
    assert f"From the case, as of {before}: serum creatinine 1.4 mg/dL." in answer, "and not the one of last week"
    assert f"From the case, as of {today}: age 65 years, sex male, weight 80 kg and height 180 cm." in answer
    assert "I used" not in answer
    other = await said(house, realtime_house, "Calculate the creatinine clearance of a 40-year-old woman")
    assert "case" not in other


async def test_a_renal_dose_is_given_for_the_kidneys_of_the_case(house, realtime_house):
    house.session.use(reading((*FACTS[:3], fact("lab", "creatinine clearance 24 mL/min"))))
    answer = await said(house, realtime_house, "What is the dose of enoxaparin for prophylaxis in this patient?")
    assert "enoxaparin" in answer.lower()
    assert "creatinine clearance 24 mL/min" in answer
    assert "From the case" in answer


async def test_a_fact_that_is_added_or_erased_counts_with_the_next_turn(house, realtime_house):
    house.session.use(reading(FACTS, FACTS[:3]))
    assert "creatinine 1.4" in await said(house, realtime_house, "Calculate the creatinine clearance")
    again = await said(house, realtime_house, "Calculate the creatinine clearance")
    assert "creatinine 1.4" not in again
    assert again.endswith("?")


async def test_of_a_case_that_is_gone_nothing_is_used_and_nothing_remembered(house, realtime_house):
    house.session.use(reading(FACTS[:2], None))
    await said(house, realtime_house, "Calculate the creatinine clearance")
    assert house.session.dialogue.open
    pieces = await house.ask("1.4 mg/dL")
    assert realtime_house.of(pieces, CaseClosed) == [CaseClosed()]
    assert realtime_house.told(pieces).startswith(wording.CASE_CLOSED)
    assert house.session.dialogue.open is None
    assert house.session.dialogue.before.open is None
    assert house.rooms.case == ()
    assert wording.CASE_CLOSED not in await said(house, realtime_house, "What is sepsis?"), "it is said once"


async def test_a_case_that_cannot_be_read_is_said_and_not_used(house, realtime_house):
    house.session.use(reading(UnavailableError("down"), FACTS))
    answer = await said(house, realtime_house, "Calculate the creatinine clearance")
    assert answer.startswith(wording.CASE_UNREADABLE)
    assert "From the case" not in answer
    assert "From the case" in await said(house, realtime_house, "Calculate the BMI")


def test_old_measurements_are_not_worked_with():
    kept = current(FACTS, clock.now())
    assert [one.text for one in kept if one.kind == "lab"] == ["creatinine 1.4 mg/dL"]
    assert current([fact("vital", "heart rate 90", hours=25)], clock.now()) == ()
