"""When a room grows and shrinks, over invented time."""

from dataclasses import replace
from pathlib import Path

import pytest

from voiceassist.runtime.host.scaling import Autoscaler, Scale
from voiceassist.runtime.wiring import Room

SCALE = Scale(least=0, most=4, places=10, target=7.0, by_rate=False, idle_seconds=60.0)
ROOM = Room("echo", "echo", Path("main.py"), 80, 10, 0, 20, 600, (), (), (), False)


def scaler(**changes) -> Autoscaler:
    return Autoscaler(replace(SCALE, **changes))


def arrive(one: Autoscaler, count: int, now: float) -> None:
    for _ in range(count):
        one.arrived(now)


def leave(one: Autoscaler, count: int, now: float) -> None:
    for _ in range(count):
        one.left(now)


def test_nobody_asks_and_nothing_runs():
    one = scaler()
    assert one.change(0.0, 0) == 0
    assert one.change(1000.0, 0) == 0


def test_the_first_request_starts_the_first_instance():
    one = scaler()
    one.arrived(0.0)
    assert one.change(0.0, 0) == 1
    assert one.change(0.0, 1) == 0


@pytest.mark.parametrize(("present", "wanted"), [(1, 1), (10, 1), (11, 2), (20, 2), (21, 3), (40, 4), (1000, 4)])
def test_everybody_gets_a_place_at_once_up_to_the_most(present, wanted):
    one = scaler()
    arrive(one, present, 0.0)
    assert one.change(0.0, 0) == wanted


def test_a_burst_that_finds_its_places_does_not_grow_the_room_but_a_load_that_lasts_does():
    one = scaler()
    arrive(one, 10, 0.0)
    assert one.change(0.0, 1) == 0
    assert one.change(1.0, 1) == 0
    assert one.change(6.0, 1) == 1  # ten at once are more than 70 % of ten


def test_a_room_measured_by_rate_grows_with_its_requests_per_second():
    one = scaler(by_rate=True, target=105.0, places=80)
    for tick in range(2000):  # 200 a second, each answered at once
        one.arrived(tick / 200)
        one.left(tick / 200)
    assert one.change(10.0, 1) == 1
    assert one.change(10.0, 2) == 0


def test_a_room_without_a_limit_of_places_grows_by_its_load_alone():
    one = scaler(places=0)
    arrive(one, 50, 0.0)
    assert one.change(0.0, 0) == 1
    assert one.change(30.0, 1) == 3


def test_an_idle_room_goes_after_its_time_and_not_before():
    one = scaler()
    one.arrived(0.0)
    one.left(100.0)
    assert one.change(159.0, 1) == 0
    assert one.change(160.0, 1) == -1


def test_a_request_that_takes_long_keeps_its_instance():
    one = scaler()
    one.arrived(0.0)
    assert one.change(10_000.0, 1) == 0


def test_what_was_needed_a_moment_ago_stays_and_then_goes_one_by_one():
    one = scaler()
    arrive(one, 31, 0.0)
    leave(one, 30, 1.0)
    assert one.change(30.0, 4) == 0
    assert [one.change(80.0, count) for count in (4, 3, 2, 1)] == [-1, -1, -1, 0]
    one.left(81.0)
    assert one.change(140.0, 1) == 0
    assert one.change(141.0, 1) == -1


def test_instances_are_kept_for_as_many_as_were_wanted():
    one = scaler()
    arrive(one, 31, 0.0)
    leave(one, 31, 1.0)
    arrive(one, 11, 50.0)
    leave(one, 11, 51.0)
    assert one.change(70.0, 4) == -1
    assert one.change(70.0, 3) == -1
    assert one.change(70.0, 2) == 0
    assert one.change(111.0, 2) == -1


def test_the_least_are_started_and_kept():
    one = scaler(least=2)
    assert one.change(0.0, 0) == 2
    assert one.change(10_000.0, 2) == 0
    assert one.change(10_000.0, 1) == 1  # one crashed


def test_a_room_above_a_smaller_scale_shrinks():
    assert scaler(most=1).change(0.0, 3) == -1


def test_an_old_load_is_forgotten():
    one = scaler(by_rate=True, target=10.0)
    for tick in range(1000):
        one.arrived(tick / 100)
        one.left(tick / 100)
    assert one.wanted() == 4
    assert one.change(100.0, 4) == -1
    assert one.change(100.0, 1) == -1


@pytest.mark.parametrize(
    ("changes", "machine", "expected"),
    [
        ({}, 2, {"least": 0, "most": 2, "places": 80, "target": 56.0, "by_rate": False}),
        ({"metric": "rps", "load_target": 150.0}, 64, {"most": 20, "target": 105.0, "by_rate": True}),
        ({"metric": "rps"}, 2, {"target": 140.0}),
        ({"load_target": 20.0}, 2, {"target": 14.0}),
        ({"concurrency": 0}, 2, {"places": 0, "target": 70.0}),
        ({"max_scale": 0}, 8, {"most": 8}),
        ({"min_scale": 5}, 2, {"least": 2, "most": 2}),
        ({"min_scale": 1, "max_scale": 1}, 8, {"least": 1, "most": 1}),
    ],
)
def test_the_scale_follows_from_the_yaml_and_the_machine(changes, machine, expected):
    scale = Scale.of(replace(ROOM, **changes), most_instances=machine, idle_seconds=660.0)
    assert {name: round(getattr(scale, name), 6) for name in expected} == expected
    assert scale.idle_seconds == 660.0
