"""Memory that is given back: settings of glibc's malloc and of oneDNN, before any model is loaded.

A recogniser and a voice allocate tens of megabytes for each turn. Left alone, glibc keeps a heap for every thread and
returns little of them: the service grew from 420 to 770 MB in fifty turns. oneDNN, with which the recogniser computes,
keeps what it prepared for each length of sound it has met, a megabyte a question and 1,024 of them.
"""

import ctypes
import sys

# mallopt(3)
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8

# Hardly two turns are equally long, so nearly all that oneDNN would keep is never used again; without it a turn is read
# with a tenth less of the processor. Enough stays for two turns that are read side by side.
_PREPARED = (b"ONEDNN_PRIMITIVE_CACHE_CAPACITY", b"8")


def save_memory() -> bool:
    """One heap, pieces from a megabyte mapped by themselves; False where the C library is another one.

    With smaller pieces mapped, or everything free given back at once, a turn takes a third more of the processor. What
    oneDNN keeps is bounded with any of them, unless the environment says otherwise.
    """
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None)
    library.setenv(*_PREPARED, 0)  # 0: what the operator has set stands
    mallopt = getattr(library, "mallopt", None)
    if mallopt is None:
        return False
    settings = ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, 1 << 20), (_TRIM_THRESHOLD, 32 << 20))
    return all(mallopt(name, value) == 1 for name, value in settings)
