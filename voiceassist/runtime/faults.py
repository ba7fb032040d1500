"""Errors as places in code: type, file and line, never a message, an argument or a local variable.

A message quotes what was wrong, and a stack's variables hold it: with a patient's text in them both are his. `install`
takes the ways by which the interpreter itself would print an error that nobody caught.
"""

import contextlib
import faulthandler
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, TextIO

DEEPEST = 12  # places of a stack, the innermost ones
MOST_CAUSES = 4

Say = Callable[..., None]


def error_fields(error: BaseException) -> dict[str, str]:
    """`error_type`, `where` it was raised, the `stack` that led there (innermost last), types of its `causes`."""
    places = [place_of(traceback) for traceback in frames(error.__traceback__)][-DEEPEST:]
    fields = {"error_type": type(error).__name__, "where": places[-1] if places else "", "stack": " ".join(places)}
    if below := ">".join(type(cause).__name__ for cause in causes(error)):
        fields["causes"] = below
    return fields


def frames(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def place_of(traceback: TracebackType) -> str:
    return f"{file_of(traceback.tb_frame.f_code.co_filename)}:{traceback.tb_lineno}"


def file_of(path: str) -> str:
    return path.rsplit("/", 1)[-1].replace(" ", "_")


def causes(error: BaseException) -> Iterator[BaseException]:
    """What an error was raised from, or while handling; of a group its first member."""
    seen = {id(error)}
    for _ in range(MOST_CAUSES):
        if isinstance(error, BaseExceptionGroup):
            following: BaseException | None = error.exceptions[0]
        else:
            following = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if following is None or id(following) in seen:
            return
        yield following
        seen.add(id(following))
        error = following


def install(say: Say) -> None:
    """Have what nobody caught told by `say(event, **fields)`, and warnings, too.

    A way that somebody else has taken already is his: a test runner reports such errors itself. What event loops tell
    goes into a library's log, and so through LibraryHandler.
    """
    hooks = _Hooks(say)
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = hooks.uncaught
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = hooks.in_thread
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = hooks.unraisable
    if warnings.showwarning.__module__ == "warnings":
        warnings.showwarning = hooks.warned
    if not faulthandler.is_enabled():
        with contextlib.suppress(Exception):  # a standard error that is no file
            faulthandler.enable()  # of a crash in a library it tells files and lines, too


class _Hooks:
    """The interpreter's own ways to print an error: of the main thread, of others, of finalisers."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def uncaught(self, _kind: type[BaseException], error: BaseException, _traceback: TracebackType | None) -> None:
        if not isinstance(error, KeyboardInterrupt):
            self._say("process.failed", **error_fields(error))

    def in_thread(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None and not isinstance(arguments.exc_value, SystemExit):
            self._say("thread.failed", **error_fields(arguments.exc_value))

    def unraisable(self, arguments: Any) -> None:
        if arguments.exc_value is not None:
            self._say("finaliser.failed", **error_fields(arguments.exc_value))

    def warned(
        self,
        message: Warning | str,  # noqa: ARG002 - it may quote
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,  # noqa: ARG002
        line: str | None = None,  # noqa: ARG002
    ) -> None:
        self._say("library.warned", error_type=category.__name__, where=f"{file_of(filename)}:{lineno}")
