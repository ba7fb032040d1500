"""How many deliveries are under way at once, and who gets the next line."""

import resource

import pytest

from events.broker import lines
from events.broker.lines import Lines, affordable


class Asker:
    """Takes as many lines as it wants and gets."""

    def __init__(self, lines, wanted):
        self.lines, self.wanted, self.held = lines, wanted, 0

    def __call__(self):
        while self.held < self.wanted and self.lines.take(self.held, self):
            self.held += 1

    def end(self, wanted):
        self.held -= 1
        self.wanted = wanted
        self.lines.give_back()


def test_half_of_the_lines_are_kept_for_those_who_have_none():
    made = Lines(8)
    greedy = [Asker(made, 32), Asker(made, 32)]
    for asker in greedy:
        asker()
    assert [asker.held for asker in greedy] == [4, 1]
    late = [Asker(made, 1) for _ in range(3)]
    for asker in late:
        asker()
    assert [asker.held for asker in late] == [1, 1, 1]
    assert made.taken == 8


def test_a_line_that_is_given_back_goes_to_who_has_none_and_only_then_to_who_wants_more():
    made = Lines(4)
    greedy, waiting = Asker(made, 4), [Asker(made, 1) for _ in range(3)]
    greedy()
    for asker in waiting:
        asker()
    assert ([greedy.held] + [asker.held for asker in waiting], made.taken) == ([2, 1, 1, 0], 4)
    greedy.end(wanted=1)
    assert ([greedy.held] + [asker.held for asker in waiting], made.taken) == ([1, 1, 1, 1], 4)
    greedy.wanted = 4
    greedy()
    for asker in waiting[:2]:
        asker.end(wanted=0)
    assert (greedy.held, made.taken) == (1, 2)
    waiting[2].end(wanted=0)
    assert (greedy.held, made.taken) == (2, 2)


def test_who_needs_none_any_longer_is_passed_over():
    made = Lines(2)
    first, gone, last = Asker(made, 2), Asker(made, 2), Asker(made, 1)
    Asker(made, 1)()
    first()
    gone()
    last()
    gone.wanted = 0
    assert (gone.held, last.held) == (0, 0)
    first.end(wanted=0)
    assert last.held == 1


@pytest.mark.parametrize(
    ("limits", "asked", "expected"),
    [
        ((1024, 1024), None, 576),
        ((1024, 4096), 4096, 2880),
        ((100, 100), None, 16),
        ((1024, resource.RLIM_INFINITY), 2 * lines.MOST, lines.MOST),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), None, lines.MOST),
    ],
)
def test_lines_are_bounded_by_the_files_a_process_may_open(monkeypatch, limits, asked, expected):
    set_to = []
    monkeypatch.setattr(lines.resource, "getrlimit", lambda _kind: limits)
    monkeypatch.setattr(lines.resource, "setrlimit", lambda _kind, pair: set_to.append(pair[0]))
    assert affordable() == expected
    assert set_to == ([asked] if asked else [])
