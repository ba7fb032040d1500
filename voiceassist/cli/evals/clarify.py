"""`voiceassist eval clarify`: what is asked back, by the same policy as in a conversation.

Topics: the question, the passages that search by words finds for it in the corpus, and the terminology. Calculators:
the inputs of a case, what the library says is missing, and the value once the reply has filled it.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from functions.calculators.domain.compute import Computed, Needs, compute
from realtime.dialogue.clarify.asking import Asking
from realtime.dialogue.clarify.policy import Seen
from realtime.dialogue.clarify.replies import ELSE
from realtime.dialogue.rooms import DEPTH
from voiceassist.cli.evals import medcalc_inputs as medcalc
from voiceassist.cli.evals import rows
from voiceassist.cli.evals.words import WordIndex
from voiceassist.runtime.terminology import load

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
Search = Callable[[str], Sequence[Seen]]


@click.command(help="Ask back or answer the cases of gold files and write one prediction a line.")
@click.option(
    "--gold", multiple=True, required=True, metavar="FILE", help="JSON lines, also .gz; repeatable.", type=FILE
)
@click.option("--corpus", multiple=True, metavar="FILE", help="Passages (id, title, text), as --gold.", type=FILE)
@click.option("--terminology", metavar="FILE", help="Terms (id, name, syn, isa) beside the house pack.", type=FILE)
@click.option("--out", required=True, metavar="FILE", help="Where the predictions go.",
              type=click.Path(path_type=Path, dir_okay=False))  # fmt: skip
def command(gold: tuple[Path, ...], corpus: tuple[Path, ...], terminology: Path | None, out: Path) -> None:
    asking = Asking(load(terminology))
    search = searching(rows.read(corpus) if corpus else [])
    answers = [answer(case, asking, search) for case in rows.read(gold)]
    rows.write(out, answers)
    click.echo(json.dumps({"cases": len(answers), **Counter(one["action"] for one in answers)}))


def searching(passages: Sequence[rows.Row]) -> Search:
    index = WordIndex(f"{passage['title']} {passage['text']}" for passage in passages)
    titles = [str(passage["title"]) for passage in passages]
    return lambda text: [Seen(titles[place], score) for place, score in index.search(text, DEPTH)]


def answer(case: rows.Row, asking: Asking, search: Search) -> rows.Row:
    decided = _topic(case["text"], asking, search) if "text" in case else _slots(case)
    return {"id": case["id"], **decided}


def _topic(text: str, asking: Asking, search: Search) -> rows.Row:
    """Every case is a conversation of its own: nothing is remembered from one to the next."""
    about = asking.wanted(text)
    step = asking.decide(text, about, search(about.phrase)) if about else None
    if step is None or not step.asks:
        return {"action": "answer", "options": [], "questions": 0}
    return {"action": "ask", "options": [one for one in step.options if one != ELSE], "questions": 1}


def _slots(case: rows.Row) -> rows.Row:
    asked = medcalc.request(case["calc_id"], case["given"])
    outcome = compute(asked.calculator, asked.inputs) if asked else None
    if asked is None or not isinstance(outcome, Needs):
        return {"action": "answer", "slots": [], "questions": 0}
    told = {"action": "ask", "slots": [asked.said(one.name) for one in outcome.missing], "questions": 1}
    filled = medcalc.request(case["calc_id"], {**case["given"], **case["filled"]})
    result = compute(filled.calculator, filled.inputs) if filled else None
    return {**told, "value": result.value} if isinstance(result, Computed) else told
