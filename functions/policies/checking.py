"""Is a draft fit to decide: it compiles, is portable, holds its own tests, is quick, and locks nobody out for good."""

import json
import time
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from functions.policies import domain
from functions.policies.schema import Draft, Fault, Verdict
from voiceassist.adapters.rego import lint, rust
from voiceassist.ports.policy import Bundle, PolicyError

LEAST_COVERED = 0.95
SLOWEST_MS = 5.0  # p99; the packaged policy needs a tenth of it
TIMED = 400
# Without these nobody could sign in and put the policy right again.
ALWAYS = (
    ("admin", "policy.read"),
    ("admin", "policy.propose"),
    ("admin", "policy.approve"),
    ("admin", "policy.roll_back"),
    ("service", "session.begin"),
    ("service", "session.read"),
    ("service", "key.introspect"),
)


def bundle_of(draft: Draft) -> Bundle:
    return Bundle(
        modules={name: text for name, text in draft.files.items() if name.endswith(".rego")},
        data={name: text for name, text in draft.files.items() if name.endswith(".json")},
    )


@lru_cache(maxsize=8)
def verdict(bundle: Bundle) -> Verdict:
    """Takes a second of one processor: called in a thread."""
    try:
        if any(not isinstance(json.loads(text), dict) for text in bundle.data.values()):
            raise PolicyError  # noqa: TRY301 - one way out for what cannot be read
        engine = rust.RegorusEngine(bundle)
        faults = [
            Fault(code="NOT_PORTABLE", file=one.file, line=one.line, name=one.name) for one in lint.faults(bundle)
        ]
        faults += [Fault(code="TEST_FAILED", name=name) for name in rust.failed_tests(bundle)]
        missed, coverage = rust.uncovered(bundle)
    except (PolicyError, ValueError, RecursionError):
        return Verdict(revision=bundle.revision, faults=(Fault(code="NOT_COMPILED"),), coverage=0, milliseconds=0)
    if coverage < LEAST_COVERED:
        faults += [
            Fault(code="NOT_COVERED", file=file, line=line) for file, lines in missed.items() for line in lines[:20]
        ]
    faults += _locked_out(engine)
    slowest = _p99(bundle, engine)
    if slowest > SLOWEST_MS:
        faults.append(Fault(code="TOO_SLOW"))
    return Verdict(
        revision=bundle.revision, faults=tuple(faults), coverage=round(coverage, 4), milliseconds=round(slowest, 3)
    )


def _locked_out(engine: rust.RegorusEngine) -> Iterator[Fault]:
    asked = {(one["subject"]["role"], one["action"]): one for one in domain.plain(action for _, action in ALWAYS)}
    for role, action in ALWAYS:
        try:
            allowed = engine.decide_now(asked[role, action]).allow
        except PolicyError:
            allowed = False
        if not allowed:
            yield Fault(code="LOCKS_OUT", name=f"{role} {action}")


def _p99(bundle: Bundle, engine: rust.RegorusEngine) -> float:
    """Milliseconds of processor time: how busy the machine is says nothing about the policy."""
    taken = []
    for request in islice(domain.samples(bundle), TIMED):
        started = time.thread_time()
        try:
            engine.decide_now(request)
        except PolicyError:
            continue  # refused; the sample will be told as a change
        taken.append((time.thread_time() - started) * 1000)
    return sorted(taken)[int(len(taken) * 0.99)] if taken else 0.0
