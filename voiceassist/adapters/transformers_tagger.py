"""A token classifier out of a folder as one more layer of the detection engine (optional; docs/reference/rooms/phi.md).

It finds what the de-identification models of the field were trained for (i2b2-2014 and its kin), whose names of labels
are mapped to ours. A label that is not mapped counts as OTHER_ID: what the model names is not let through.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from voiceassist.adapters.transformers_folder import ModelFolder
from voiceassist.ports.embedding import ModelError

LONGEST = 512  # tokens read at once, where the model can
OVERLAP = 32  # tokens that neighbouring windows share, so that no finding is cut
LEAST = 0.4  # of being no identifier below 1 - LEAST, or it is one: recall goes first
OUTSIDE = "O"
LABELS = {
    word: label
    for label, words in {
        "NAME": "PATIENT DOCTOR STAFF HCW NAME PER PERSON USERNAME",
        "FACILITY": "HOSP HOSPITAL VENDOR PATORG ORG ORGANIZATION",
        "GEO": "LOC LOCATION CITY STREET ZIP STATE COUNTRY OTHERLOC GEO",
        "DATE": "DATE", "AGE90": "AGE", "PHONE": "PHONE", "FAX": "FAX", "EMAIL": "EMAIL", "URL": "URL WEB",
        "IP": "IP IPADDR", "SSN": "SSN", "MRN": "MEDICALRECORD MRN", "HEALTH_PLAN": "HEALTHPLAN", "ACCOUNT": "ACCOUNT",
        "LICENSE": "LICENSE", "VEHICLE": "VEHICLE", "DEVICE": "DEVICE", "BIOMETRIC": "BIOID", "OTHER_ID": "ID IDNUM",
    }.items()
    for word in words.split()
}  # fmt: skip
NOT_OURS = frozenset(("AGE90",))  # such models name every age; the rules know which count


@dataclass(frozen=True, slots=True)
class Finding:
    """Offsets in code points of the text, `end` exclusive."""

    start: int
    end: int
    label: str
    score: float


class TransformersTagger:
    """Raises ModelError, at once, where the folder holds no token classifier that can be loaded."""

    def __init__(self, folder: Path) -> None:
        self._folder = ModelFolder(folder)
        labels = self._folder.config().get("id2label") or {}
        self._labels = {int(number): name for number, name in labels.items()}
        if OUTSIDE not in self._labels.values() or len(self._labels) < 2:
            raise ModelError("A configured model folder holds no token classifier with a label O.")
        self._folder.digest()  # weights are there
        self.longest = self._folder.longest(LONGEST)

    @cached_property
    def _tokenizer(self) -> Any:
        return self._folder.tokenizer()

    @cached_property
    def _model(self) -> Any:
        return self._folder.model("AutoModelForTokenClassification")

    def load(self) -> None:
        """Load now what the first text would otherwise wait for; raises ModelError."""
        _ = self._tokenizer, self._model

    def find(self, text: str) -> list[Finding]:
        """What the model finds; time grows with the length of the text."""
        return list(joined(text, [one for window in self._windows(text) for one in window]))

    def _windows(self, text: str) -> Iterator[list[Finding]]:
        import torch

        encoded = self._tokenizer(
            text, truncation=True, max_length=self.longest, stride=min(OVERLAP, self.longest // 4),
            return_overflowing_tokens=True, return_offsets_mapping=True, return_tensors=None,
        )  # fmt: skip
        for ids, mask, offsets in zip(
            encoded["input_ids"], encoded["attention_mask"], encoded["offset_mapping"], strict=True
        ):
            with torch.inference_mode():
                given = self._model(input_ids=torch.tensor([ids]), attention_mask=torch.tensor([mask])).logits[0]
                shares = torch.softmax(given, dim=-1).tolist()
            yield list(self._named(shares, offsets))

    def _named(self, shares: Sequence[Sequence[float]], offsets: Iterable[tuple[int, int]]) -> Iterator[Finding]:
        for row, (start, end) in zip(shares, offsets, strict=True):
            outside = sum(share for number, share in enumerate(row) if self._labels.get(number) == OUTSIDE)
            if end <= start or 1 - outside < LEAST:
                continue
            best = max(
                (number for number in range(len(row)) if self._labels.get(number) != OUTSIDE), key=row.__getitem__
            )
            label = ours(self._labels.get(best, ""))
            if label not in NOT_OURS:
                yield Finding(start, end, label, 1 - outside)


def ours(label: str) -> str:
    """`B-PATIENT`, `L-HOSP`, `I_DATE` and `STAFF` in our words."""
    plain = label.upper()
    if len(plain) > 2 and plain[0] in "BIELSU" and plain[1] in "-_":
        plain = plain[2:]
    return LABELS.get(plain.replace("_", "").replace("-", ""), "OTHER_ID")


def joined(text: str, pieces: Sequence[Finding]) -> Iterator[Finding]:
    """Pieces of one label that touch or have a space between are one finding; windows repeat each other."""
    last: Finding | None = None
    for one in sorted(pieces, key=lambda piece: (piece.start, -piece.end)):
        if last is not None and one.start <= last.end + 1 and (one.start <= last.end or text[last.end].isspace()):
            same = one.label == last.label or one.start < last.end
            if same:
                last = Finding(last.start, max(last.end, one.end), last.label, max(last.score, one.score))
                continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last
