"""A scanner as many products have it: a dozen regular expressions of the standard library, no lists and no model."""

import re

NUMBER = r"[#:]?\s{0,3}(?:is\s|no\.?\s|number\s)?[#:]?\s{0,3}"
PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b\d{3}-\d{2}-\d{4}\b",
        r"(?<!\d)(?:\+?1[ .-]?)?\(?[2-9]\d{2}\)?[ .-]?\d{3}[ .-]?\d{4}\b",
        r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}",
        r"\bhttps?://[^\s\"'<>]+",
        r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
        r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b",
        r"\b\d{1,2}[/-]\d{1,2}[/-](?:\d{4}|\d{2})\b",
        r"\b\d{4}-\d{2}-\d{2}\b",
        r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}\b",
        rf"\b(?:mrn|medical record|account|acct|member id|policy|license|serial){NUMBER}[A-Z0-9-]{{4,20}}",
        r"\b[A-HJ-NPR-Z0-9]{17}\b",
        r"\b\d{5}-\d{4}\b",
        r"\b\d{1,5} (?:[A-Z][a-z]+ ){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Drive|Dr|Lane|Ln|Blvd)\b",
        r"\b(?-i:(?:Mr|Mrs|Ms|Dr|Patient|patient)\.?:? [A-Z][a-z]+(?: [A-Z][a-z]+)?)",
    )
)


def find(text: str) -> list[tuple[int, int]]:
    return [match.span() for pattern in PATTERNS for match in pattern.finditer(text)]
