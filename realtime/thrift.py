"""Memory that is given back: settings of glibc's malloc for a process whose threads need much for a moment.

A recogniser and a voice allocate tens of megabytes for each turn. Left alone, glibc keeps a heap for every thread and
returns little of them: the service grew from 420 to 770 MB in fifty turns.
"""

import ctypes
import sys

# mallopt(3)
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8


def save_memory() -> bool:
    """One heap, pieces from a megabyte mapped by themselves; False where the C library is another one.

    With smaller pieces mapped, or everything free given back at once, a turn takes a third more of the processor.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, 1 << 20), (_TRIM_THRESHOLD, 32 << 20))
    return all(mallopt(name, value) == 1 for name, value in settings)
