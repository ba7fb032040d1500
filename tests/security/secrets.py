"""Looks for secrets in every file that git keeps; run by `make security` with its own environment.

    .make/security/bin/python tests/security/secrets.py [--write]

What was looked at and is no secret (digests of models, examples, names of fields) stands in secrets.json, by file,
kind and hash; `--write` renews that list, and its change is read by whoever reviews it. Tests are full of invented
passwords: there only what has the form of a real credential is looked for.
"""

import json
import subprocess
import sys
from pathlib import Path

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

KNOWN = Path(__file__).with_name("secrets.json")
# Credentials that are known by their form.
FORMS = (
    "AWSKeyDetector", "AzureStorageKeyDetector", "GitHubTokenDetector", "GitLabTokenDetector", "JwtTokenDetector",
    "OpenAIDetector", "PrivateKeyDetector", "PypiTokenDetector", "SlackDetector", "NpmDetector",
)  # fmt: skip
# What is known by where it stands and how random it looks.
SURROUNDINGS = (
    {"name": "BasicAuthDetector"},
    {"name": "KeywordDetector"},
    {"name": "Base64HighEntropyString", "limit": 4.5},
    {"name": "HexHighEntropyString", "limit": 3.0},
)
# Locks hold hashes, data and pictures hold nothing that a program would take for a credential.
PASSED = (".png", ".svg", ".xz", ".wav", ".jsonl", ".lock", "package-lock.json", "requirements/", KNOWN.name)


def found(files: list[str], plugins: list[dict[str, object]]) -> set[tuple[str, str, str]]:
    """(file, kind, SHA-1 of the text) of what looks like a secret; the text itself is never printed."""
    with transient_settings({"plugins_used": plugins}):
        return {(one.filename, one.type, one.secret_hash) for name in files for one in scan_file(name)}


def main(arguments: list[str]) -> int:
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout.splitlines()
    files = [name for name in listed if Path(name).is_file() and not any(part in name for part in PASSED)]
    tests = [name for name in files if name.startswith(("tests/", "frontend/tests/"))]
    forms: list[dict[str, object]] = [{"name": name} for name in FORMS]
    seen = found(tests, forms) | found([name for name in files if name not in tests], [*forms, *SURROUNDINGS])
    if arguments == ["--write"]:
        KNOWN.write_text(json.dumps(sorted(seen), indent=1) + "\n", encoding="utf-8")
    known = {tuple(one) for one in json.loads(KNOWN.read_text(encoding="utf-8"))}
    for name, kind, _ in sorted(seen - known):
        print(f"{name}: {kind}. Remove it and renew what it opened; if it is no secret: secrets.py --write")
    for name, kind, _ in sorted(known - seen):
        print(f"{name}: {kind} stands in secrets.json and is no longer there")
    return int(seen != known)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
