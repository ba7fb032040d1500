"""Looking for words in every file of every store as bytes, in the forms in which a store might keep them."""

import base64
import secrets
import string

PIECE = 4_194_304
SKIPPED = {"runtime", "models", "run"}  # unpacked programs, models, sockets


def word():
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(18))


def forms(planted):
    """As it is, as UTF-16, as hex, and as base64 at each of its three alignments."""
    data = planted.encode()
    yield from (data, planted.encode("utf-16-le"), data.hex().encode())
    for shift in range(3):
        yield base64.b64encode(b"\0" * shift + data)[4 if shift else 0 : -4]


def found_on_disk(folder, planted):
    """The names of words that stand in any file, with the store whose file it is."""
    needles = {form: name for name, told in planted.items() for form in forms(told)}
    longest, seen, size = max(map(len, needles)), set(), 0
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if inside.parts[0] in SKIPPED or not path.is_file() or path.is_symlink():
            continue
        with path.open("rb") as file:
            kept = b""
            while piece := file.read(PIECE):
                size += len(piece)
                data = kept + piece
                seen |= {(name, inside.parts[0]) for form, name in needles.items() if form in data}
                kept = data[-longest:]
    return seen, size
