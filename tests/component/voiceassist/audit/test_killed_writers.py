"""Several processes write, and some are killed meanwhile: what was acknowledged is there, and all of it verifies."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from voiceassist.core.hash_chain import Walk

PROGRAM = Path(__file__).with_name("appending.py")
ROOT = PROGRAM.parents[4]
WRITERS = 4
KILLS = 12


@pytest.fixture
def start(stack_env, doctor, tmp_path):
    """Start a writer under a name of its own; what it acknowledged is in the file it answers with."""
    running = []

    def begin(name, *options):
        told = tmp_path / name
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **stack_env}
        command = [sys.executable, str(PROGRAM), str(doctor.tenant_id), str(doctor.user_id), name, *options]
        with told.open("wb") as output:
            process = subprocess.Popen(command, env=environ, stdout=output, stderr=subprocess.STDOUT)
        running.append(process)
        return process, told

    yield begin
    for process in running:
        process.kill()
        process.wait(10)


def lines(told):
    """What was acknowledged whole; a line that was cut by the kill was not heard by anybody."""
    return told.read_text().rpartition("\n")[0].splitlines()


def until(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def killed(process):
    process.send_signal(signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL


def walked(found, keys, tenant):
    """Every chain verifies from its first entry on; how many entries there are."""
    for records in found.values():
        walk = Walk(lambda name: keys.find(tenant, name))
        assert walk.through(records) is None
        assert walk.head.number == len(records)
    return sum(map(len, found.values()))


def told_of(found):
    return [name for records in found.values() for record in records for name in json.loads(record.body)["objects"]]


@pytest.mark.req("P11.4")
async def test_writers_that_are_killed_leave_a_whole_record_and_lose_nothing_acknowledged(start, doctor, entries, keys):
    chance = random.Random(11)
    writing = [start(f"writer{place}") for place in range(WRITERS)]
    every = [told for _, told in writing]
    for kill in range(KILLS):
        place = chance.randrange(WRITERS)
        process, told = writing[place]
        until(lambda told=told: len(lines(told)) > 2)
        time.sleep(chance.uniform(0.0, 0.05))  # anywhere between two acknowledgements
        killed(process)
        writing[place] = start(f"again{kill}")
        every.append(writing[place][1])
        # While the others go on, what is there is whole.
        walked(await entries(), keys, doctor.tenant_id)
    for _, told in writing:
        until(lambda told=told: lines(told))
    for process, _ in writing:
        killed(process)
    found = await entries()
    count = walked(found, keys, doctor.tenant_id)
    there = told_of(found)
    acknowledged = [name for told in every for name in lines(told)]
    assert set(acknowledged) - set(there) == set()
    assert len(set(there)) == len(there) == count
    # At most the one entry of each killed writer whose acknowledgement nobody heard.
    assert len(there) - len(acknowledged) <= KILLS + WRITERS
    assert len(acknowledged) > 3 * KILLS


@pytest.mark.req("P11.4")
async def test_a_writer_killed_between_its_entry_and_the_commit_leaves_nothing_and_stops_nobody(
    start, writer, doctor, entries, keys
):
    process, told = start("stopped", "stop")
    until(lambda: lines(told) == ["added"])
    killed(process)
    going_on, heard = start("going-on")
    until(lambda: len(lines(heard)) >= 10, seconds=30)
    killed(going_on)
    found = await entries()
    assert "document:stopped" not in told_of(found)
    assert set(lines(heard)) <= set(told_of(found))
    assert walked(found, keys, doctor.tenant_id) >= 10
