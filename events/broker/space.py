"""How much room the event log has: the disk's, and what the operator gave it."""

import shutil
import time
from collections.abc import Callable

from events.broker.jobs import StoreError
from voiceassist.core.errors import RateLimitedError, VoiceAssistError

# A checkpoint needs as much again as the WAL holds, which is up to 96 MiB (store.py).
LEAST_FREE_BYTES = 134_217_728
TIGHT = 0.9  # of the log's share
CHECK_SECONDS = 1.0


class Space:
    """`full` is the refusal to answer with, or None. Asked on every request; the disk is looked at once a second.

    `used` tells the bytes of the log.
    """

    def __init__(self, folder: str, used: Callable[[], int], *, most_bytes: int) -> None:
        self._folder = folder
        self._used = used
        self._most = most_bytes
        self._checked = 0.0
        self._no_disk = False

    @property
    def full(self) -> VoiceAssistError | None:
        if self._used() > self._most:
            return RateLimitedError("The event log is full until events are delivered.", retry_after=30)
        if time.monotonic() - self._checked > CHECK_SECONDS:
            self._checked = time.monotonic()
            self._no_disk = shutil.disk_usage(self._folder).free < LEAST_FREE_BYTES
        return StoreError("The disk of the event log is nearly full.", retry_after=30) if self._no_disk else None

    @property
    def tight(self) -> bool:
        """Nearly full: what is delivered goes before its time, so that new events find room."""
        return self._used() > TIGHT * self._most or shutil.disk_usage(self._folder).free < 2 * LEAST_FREE_BYTES

    def forget(self) -> None:
        """Look again at the next question."""
        self._checked = 0.0
