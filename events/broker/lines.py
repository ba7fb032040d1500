"""How many deliveries are under way at once in the whole broker: each holds a connection, and files are counted.

Half of the lines are for whoever comes; the other half only for Triggers that have none yet. So however many
subscribers hang, one more Trigger still gets through.
"""

import resource
from collections.abc import Callable

MOST = 16_384
RESERVED_FILES = 256  # the log, our own port and its publishers


class Lines:
    """`take` before a delivery, `give_back` after it; who gets none waits and is called."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0
        self._first: dict[Callable[[], None], None] = {}
        self._more: dict[Callable[[], None], None] = {}

    def take(self, held: int, again: Callable[[], None]) -> bool:
        """One line for somebody who holds `held`; False when there is none, then `again` is called once there is."""
        if self.taken < (self.most // 2 if held else self.most):
            self.taken += 1
            return True
        (self._more if held else self._first)[again] = None
        return False

    def give_back(self) -> None:
        self.taken -= 1
        while again := self._next():
            again()  # takes a line, waits once more, or needs none any longer

    def _next(self) -> Callable[[], None] | None:
        for waiting, most in ((self._first, self.most), (self._more, self.most // 2)):
            if waiting and self.taken < most:
                again = next(iter(waiting))
                del waiting[again]
                return again
        return None


def affordable() -> int:
    """Lines for the files this process may open; asks the system for as many as it gives."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MOST if hard == resource.RLIM_INFINITY else min(hard, 2 * MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    files = wanted if soft == resource.RLIM_INFINITY else soft
    return max(16, min(MOST, (files - RESERVED_FILES) * 3 // 4))
