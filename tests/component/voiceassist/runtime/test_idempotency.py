"""Every event a room hears has one effect: delivered twice at once to two processes, or after a crash at either side of
the commit. Rooms and events come from the wiring, so a new listener is tested without a line here.
"""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from .running import IDLE, fresh, heard, launcher, wired

WIRING = wired()
HEARD = [
    pytest.param(room, event, id=f"{room.name}: {event.type}")
    for room in WIRING.rooms.values()
    if room.name not in IDLE
    for event in heard(WIRING, room.name)
]
# The process ends where the handler is done and nobody was told, or where the first of its work was to be committed.
DIES_BEFORE_ANSWER = """
import os
from voiceassist.runtime import door
hear = door.hear

async def hear_and_die(room, request):
    await hear(room, request)
    os._exit(9)

door.hear = hear_and_die
"""
DIES_BEFORE_COMMIT = """
import os
from contextlib import asynccontextmanager
from voiceassist.adapters.postgres import Database
transaction = Database.transaction

@asynccontextmanager
async def dying(self, principal):
    async with transaction(self, principal) as connection:
        yield connection
        os._exit(9)

Database.transaction = dying
"""


@pytest.fixture(scope="module")
def processes(stack_env, tmp_path_factory):
    """`processes(room)`: two processes of a room, started once; `processes.start(room, code)`: one that is lost."""

    class Processes:
        started: dict = {}  # noqa: RUF012 - one per module

        def start(self, room, code=""):
            environ = stack_env | {"VOICEASSIST_BROKER_URL": ""}
            return launcher(room, environ, tmp_path_factory.mktemp(room.name), code).wait_until_it_answers()

        def __call__(self, room):
            if room.name not in self.started:
                self.started[room.name] = [self.start(room) for _ in range(2)]
            return self.started[room.name]

    processes = Processes()
    yield processes
    ends = {running.stop() for pair in processes.started.values() for running in pair}
    assert ends <= {0}


def change(world, event, deliver):
    """By how many rows each table grew and whether any row of it is another, and the answers."""
    world.make_for(event)
    before = world.snapshot()
    answers = deliver()
    after = world.snapshot()
    return {table: (after[table][0] - before[table][0], after[table] != before[table]) for table in after}, answers


@pytest.fixture
def once(world, processes):
    """What a delivery changes, after one that makes what is made but once: a row of a model, a checkpoint."""

    def once(room, event):
        for _ in range(2):
            changed, answers = change(world, event, lambda: [processes(room)[0].deliver(fresh(event)).status_code])
            assert answers == [204]
        assert any(differs for _, differs in changed.values())
        return changed

    return once


@pytest.mark.req("P3.6")
@pytest.mark.parametrize(("room", "event"), HEARD)
def test_four_deliveries_at_once_to_two_processes_are_one(once, world, processes, room, event):
    wanted, same = once(room, event), fresh(event)

    def deliver():
        with ThreadPoolExecutor(4) as pool:
            given = [pool.submit(processes(room)[number % 2].deliver, same) for number in range(4)]
            return [one.result().status_code for one in given]

    assert change(world, event, deliver) == (wanted, [204] * 4)


@pytest.mark.req("P3.6")
@pytest.mark.parametrize("dies", [DIES_BEFORE_ANSWER, DIES_BEFORE_COMMIT], ids=["before the answer", "before a commit"])
@pytest.mark.parametrize(("room", "event"), HEARD)
def test_a_crash_and_another_delivery_are_one(once, world, processes, room, event, dies):
    wanted, same = once(room, event), fresh(event)

    def deliver():
        dying = processes.start(room, dies)
        with pytest.raises(httpx.TransportError):
            dying.deliver(same)
        assert dying.process.wait(20) == 9
        return [processes(room)[0].deliver(same).status_code]

    assert change(world, event, deliver) == (wanted, [204])


@pytest.mark.req("P3.12")
@pytest.mark.parametrize(("room", "event"), HEARD)
def test_nothing_is_left_to_do_after_the_answer(once, world, processes, room, event):
    """A process may be stopped, or given no processor, from the moment it has answered."""
    wanted, same = once(room, event), fresh(event)

    def deliver():
        killed = processes.start(room)
        answer = killed.deliver(same)
        killed.process.kill()
        killed.process.wait(20)
        return [answer.status_code]

    assert change(world, event, deliver) == (wanted, [204])
