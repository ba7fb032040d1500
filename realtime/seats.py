"""Who may have a voice session now: so many in all, and so many of one person."""

from collections import Counter
from collections.abc import Callable

from voiceassist.core.errors import RateLimitedError, UnavailableError
from voiceassist.runtime import metrics

SEATS_OF_ONE = 2  # SPEC P4.8
RETRY_SECONDS = 5


class Seats:
    """`most` sessions in all."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[str] = Counter()

    def take(self, subject: str) -> Callable[[], None]:
        """Take a seat, before anything is awaited: two sockets at once must not both get the last one.

        Answers what gives it back, once, however often it is called; raises UnavailableError or RateLimitedError.
        """
        if self._taken.total() >= self._most:
            metrics.RATE_LIMITED.labels("voice_sessions").inc()
            raise UnavailableError(
                "All voice sessions are in use; please try again in a moment.",
                code="VOICE_BUSY",
                retry_after=RETRY_SECONDS,
            )
        if self._taken[subject] >= SEATS_OF_ONE:
            metrics.RATE_LIMITED.labels("voice_sessions_user").inc()
            raise RateLimitedError("You have two voice sessions open already.", retry_after=RETRY_SECONDS)
        self._taken[subject] += 1
        given_back = False

        def give_back() -> None:
            nonlocal given_back
            if not given_back:
                given_back = True
                self._taken -= Counter({subject: 1})

        return give_back
