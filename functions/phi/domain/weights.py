"""The weights of a model of CRFsuite, read from its file (crf1d_model.c, cqdb.c): one row a name, one column a label.

Little-endian. A header of 48 bytes: magic, length, kind, version, then how many features, labels and attributes, then
where features, labels, attributes and two lists of references stand. The features' part has a head of 12 bytes; then each
has its kind (0: of an attribute, 1: of a move between labels), from, to, and its weight. Labels and attributes are constant
databases: at bytes 16 and 20 of one are the number of its names and the place of their offsets; a name follows its number
and its length, and ends with a zero byte.
"""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LABELS, ATTRIBUTES = 32, 36  # where in the header the places of the two databases are
FEATURES = 28
FEATURE = np.dtype([("kind", "<u4"), ("source", "<u4"), ("target", "<u4"), ("weight", "<f8")])
HEAD = 12
MOVE = 1


@dataclass(frozen=True, slots=True)
class Weights:
    """`scores[attributes[name]]` are what a name says for each of `labels`; `moves[a, b]` what stands for b behind a."""

    labels: tuple[str, ...]
    attributes: dict[str, int]
    scores: NDArray[Any]
    moves: NDArray[Any]


def read(model: bytes) -> Weights:
    labels, attributes = names(model, LABELS), names(model, ATTRIBUTES)
    (place,) = struct.unpack_from("<I", model, FEATURES)
    (count,) = struct.unpack_from("<I", model, place + 8)
    every = np.frombuffer(model, FEATURE, count, place + HEAD)
    moving = every["kind"] == MOVE
    scores, moves = np.zeros((len(attributes), len(labels))), np.zeros((len(labels), len(labels)))
    for table, chosen in ((scores, every[~moving]), (moves, every[moving])):
        table[chosen["source"], chosen["target"]] = chosen["weight"]
    return Weights(tuple(sorted(labels, key=labels.__getitem__)), attributes, scores, moves)


def names(model: bytes, where: int) -> dict[str, int]:
    """The names of a database and their numbers."""
    (table,) = struct.unpack_from("<I", model, where)
    count, offsets = struct.unpack_from("<II", model, table + 16)
    found = {}
    for (place,) in struct.iter_unpack("<I", model[table + offsets : table + offsets + 4 * count]):
        number, length = struct.unpack_from("<II", model, table + place)
        found[model[table + place + 8 : table + place + 7 + length].decode()] = number
    return found
