"""Request limits in Redis, per address and per user (SPEC P3.4, N43, N44).

A sliding window of two counters: the previous fixed window counts in the share that still overlaps the
last 60 seconds. It needs two small keys per limit where an exact log would keep every request.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voiceassist.adapters.redis import PREFIX
from voiceassist.core.errors import RateLimitedError, UnavailableError
from voiceassist.runtime import logging, metrics
from voiceassist.runtime.host.proxies import neighbourhood
from voiceassist.runtime.sessions import digest
from voiceassist.runtime.settings import Limits

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = logging.get_logger(__name__)

MINUTE, HOUR, DAY = 60, 3_600, 86_400
# Questions per user: 20/min, 100/h, 1,000/day (N44). A question costs far more than a list.
QUESTIONS = ((20, MINUTE), (100, HOUR), (1_000, DAY))
QUESTION_PATHS = frozenset({"/api/v1/answers", "/api/v1/search", "/api/v1/calculators/interpret"})

# All limits of a request are looked at before any is counted, so a refused request costs nothing.
# KEYS: current and previous counter of each limit. ARGV: now in ms, then limit and window in ms of each.
# Answers {0}, or {milliseconds to wait, index of the limit that refused}.
SCRIPT = """
local now = tonumber(ARGV[1])
for i = 1, #KEYS / 2 do
  local limit, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local current = tonumber(redis.call('GET', KEYS[2 * i - 1]) or '0')
  local previous = tonumber(redis.call('GET', KEYS[2 * i]) or '0')
  local elapsed = now % window
  if current >= limit then
    local wait = window - elapsed + window * (1 - (limit - 1) / current)
    return {math.ceil(wait), i}
  end
  if previous * (1 - elapsed / window) + current + 1 > limit then
    local wait = window * (1 - (limit - current - 1) / previous) - elapsed
    return {math.max(1, math.ceil(wait)), i}
  end
end
for i = 1, #KEYS / 2 do
  local window = tonumber(ARGV[2 * i + 1])
  redis.call('INCR', KEYS[2 * i - 1])
  redis.call('PEXPIRE', KEYS[2 * i - 1], 2 * window)
end
return {0, 0}
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """`count` requests of one subject in `seconds`."""

    kind: str
    subject: str
    count: int
    seconds: int = MINUTE


class Limiter:
    def __init__(self, redis: "Redis", limits: Limits, *, now: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._limits = limits
        self._now = now
        self._script: Any = None

    def address(self, address: str, kind: str = "address") -> Limit:
        return Limit(kind, neighbourhood(address), self._limits.address_per_minute)

    def login(self, step: str, address: str) -> Limit:
        """Each step of a sign-in by itself: one sign-in passes each of them once.

        A provider tells of everybody who signs out there from one address, so it may call as often as a user.
        """
        limits = self._limits
        count = {"token": limits.token_per_minute, "logout": limits.user_per_minute}.get(step, limits.login_per_minute)
        return Limit(f"login-{step}", neighbourhood(address), count)

    def user(self, user: str, path: str) -> list[Limit]:
        limits = [Limit("user", user, self._limits.user_per_minute)]
        if path in QUESTION_PATHS:
            limits += [Limit(f"question-{seconds}", user, count, seconds) for count, seconds in QUESTIONS]
        return limits

    async def admit(self, limits: Sequence[Limit], *, fail_open: bool) -> None:
        """Count the request or raise RateLimitedError; without Redis only `fail_open` requests pass."""
        from redis.exceptions import RedisError

        try:
            milliseconds, refused_by = await self._ask(limits)
        except (RedisError, OSError):
            log.warning("limits.unavailable", mode="open" if fail_open else "closed")
            metrics.RATE_LIMITED.labels("store_unavailable").inc()
            if fail_open:
                return
            raise UnavailableError("Limits cannot be checked now.", code="LIMITS_UNAVAILABLE", retry_after=5) from None
        if milliseconds:
            metrics.RATE_LIMITED.labels(limits[refused_by - 1].kind).inc()
            raise RateLimitedError("Please wait before the next request.", retry_after=-(-milliseconds // 1000))

    async def _ask(self, limits: Sequence[Limit]) -> tuple[int, int]:
        now = int(self._now() * 1000)
        if self._script is None:
            self._script = self._redis.register_script(SCRIPT)
        keys: list[str] = []
        arguments: list[int] = [now]
        for limit in limits:
            window = limit.seconds * 1000
            number = now // window
            # The subject is hashed: addresses are personal data, and keys are seen in dumps and monitors.
            name = f"{PREFIX}limit:{limit.kind}:{digest(limit.subject)[:32]}"
            keys += [f"{name}:{number}", f"{name}:{number - 1}"]
            arguments += [limit.count, window]
        milliseconds, refused_by = await self._script(keys=keys, args=arguments)
        return int(milliseconds), int(refused_by)
