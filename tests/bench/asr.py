"""Words and terms of spoken conversations: `python tests/bench/asr.py [--second MODEL STYLE]` prints JSON.

`voiceassist eval asr` on the conversations of tests/data/speech; the list of terms is the product's own choice.
"""

import argparse
import json
from pathlib import Path

from voiceassist.cli.evals import asr

CONVERSATIONS = Path(__file__).resolve().parents[1] / "data" / "speech" / "conversations.txt"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--second", nargs=2, type=Path, metavar=("MODEL", "STYLE"))
    options = parser.parse_args()
    found = asr.measured(asr.read([CONVERSATIONS.read_text(encoding="utf-8")]), options.second)
    print(json.dumps({"bench": "asr"} | found, indent=2))


if __name__ == "__main__":
    main()
