"""How many instances a room should have: the decision alone, without processes and without a clock.

Knative's autoscaler in small. Requests that find no place (`containerConcurrency`) ask for an instance at once,
as its activator does; the load of the last seconds asks for one per 70 % of `target`, as its panic mode does. An
instance is given up when it was not wanted for the window and the scale-down delay together, one at a time.
"""

import math
from dataclasses import dataclass

from voiceassist.runtime.wiring import Room

UTILISATION = 0.7  # container-concurrency-target-percentage, Knative serving config-autoscaler
REQUESTS_AT_ONCE = 100.0  # container-concurrency-target-default
REQUESTS_PER_SECOND = 200.0  # requests-per-second-target-default
FADING_SECONDS = 3.0  # a load fades out within about Knative's panic window of 6 s


@dataclass(frozen=True, slots=True)
class Scale:
    """What a room's YAML and this machine allow. `target` is what one instance should carry when all goes well."""

    least: int
    most: int
    places: int
    target: float
    by_rate: bool
    idle_seconds: float

    @classmethod
    def of(cls, room: Room, *, most_instances: int, idle_seconds: float) -> "Scale":
        """`most_instances` is this machine's limit for any room; max-scale 0 means no limit, as in Knative."""
        most = min(room.max_scale or most_instances, most_instances)
        by_rate = room.metric == "rps"
        usual = REQUESTS_PER_SECOND if by_rate else room.concurrency or REQUESTS_AT_ONCE
        return cls(
            least=min(room.min_scale, most),
            most=most,
            places=room.concurrency,
            target=(room.load_target or usual) * UTILISATION,
            by_rate=by_rate,
            idle_seconds=idle_seconds,
        )


class Autoscaler:
    """The scale of one room over time; every `now` is seconds on a clock that never goes back."""

    def __init__(self, scale: Scale) -> None:
        self.scale = scale
        self.present = 0  # requests running or held
        self._at_once = 0.0  # fading averages
        self._per_second = 0.0
        self._at = -math.inf
        self._wanted_at = [-math.inf] * (scale.most + 1)  # when so many instances were last wanted

    def arrived(self, now: float) -> None:
        self._pass(now)
        self.present += 1
        self._per_second += 1 / FADING_SECONDS

    def left(self, now: float) -> None:
        self._pass(now)
        self.present -= 1

    def wanted(self) -> int:
        """Instances for what is asked: a place for everybody, and no more than the target on each."""
        seats = math.ceil(self.present / self.scale.places) if self.scale.places else min(self.present, 1)
        carried = (self._per_second if self.scale.by_rate else self._at_once) / self.scale.target
        # Up to the target one instance is enough, and whether that one may go is a question of requests.
        load = math.ceil(carried) if carried > 1 else 0
        return min(max(seats, load, self.scale.least), self.scale.most)

    def change(self, now: float, count: int) -> int:
        """How many instances to start, or -1 to give one up; `count` are there or starting."""
        self._pass(now)
        wanted = self.wanted()
        if wanted >= count:
            return wanted - count
        # More than the most are there only when the scale was made smaller.
        last = self._wanted_at[count] if count <= self.scale.most else -math.inf
        return -1 if now - last >= self.scale.idle_seconds else 0

    def _pass(self, now: float) -> None:
        """Let the time since the last look count, with the requests that were there."""
        fading = math.exp((self._at - now) / FADING_SECONDS)
        self._at_once = self._at_once * fading + self.present * (1 - fading)
        self._per_second *= fading
        self._at = now
        for count in range(self.wanted() + 1):
            self._wanted_at[count] = now
