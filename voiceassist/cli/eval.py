"""`voiceassist eval`: what the product answers to evaluation files, written for the scorer that goes with each.

A subcommand is a module of voiceassist/cli/evals with a click command named `command` and a line in these tables:
its help, and its module where that is not called alike (no path of this package bears the name of a room).
"""

import click

from voiceassist.cli.lazy import LazyGroup

EVALUATIONS = {
    "calculators": "Calculator cases: the library itself, nothing has to run.",
    "retrieval": "Ranked passages of a corpus, whose vectors are kept for the next time; nothing has to run.",
    "clarify": "What is asked back: topics by a corpus, and missing inputs; nothing has to run.",
    "intents": "What labelled queries are taken for, as a confusion matrix; nothing has to run.",
    "asr": "Speech: what is heard, with the list of terms the product chooses; nothing has to run.",
    "voice": "Spoken questions in real time: what was heard, answered, and how long it took; nothing has to run.",
    "phi": "Identifiers in labelled texts: the detection engine itself, nothing has to run.",
}
MODULES = {"calculators": "medcalc", "retrieval": "ranking", "phi": "identifiers"}


@click.group(
    cls=LazyGroup,
    package="voiceassist.cli.evals",
    table=EVALUATIONS,
    modules=MODULES,
    help="Answer evaluation files; a scorer compares the answers with the truth.",
)
def command() -> None: ...
