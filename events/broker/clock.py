"""The broker's time: Unix milliseconds that go on evenly whatever happens to the machine's clock.

Read from the wall once, at the start; from then on the monotonic clock counts. A clock that is set back or forward
while the broker runs thus neither holds up a retry nor makes a week of events old at once.
"""

import time
from collections.abc import Callable


class Clock:
    """Call it for the time now, in Unix milliseconds."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self._offset = wall() - steady()

    def __call__(self) -> int:
        return int((self._steady() + self._offset) * 1000)
