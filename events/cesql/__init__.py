"""CloudEvents SQL, version 1 (CESQL): expressions over the attributes of an event.

    parse(text)                 -> Expression; ParseError where it is none
    expression.evaluate(event)  -> (value, faults), going on after a fault ("complete evaluation" of the specification)
    expression.matches(event)   -> bool, as a filter: true and no fault; stops at the first fault
    expression.required(name)   -> the values outside of which it cannot match, None where that is not known

`event` maps attribute names to str, int or bool. Expressions are pure and bounded: at most LONGEST characters and
DEEPEST levels over texts of at most LONGEST_TEXT; each part is evaluated at most once, in time linear in its texts.
"""

from events.cesql.expression import Expression, parse
from events.cesql.parser import DEEPEST
from events.cesql.tokens import LONGEST
from events.cesql.values import LONGEST_TEXT, Event, Fault, ParseError, Value

__all__ = ["DEEPEST", "LONGEST", "LONGEST_TEXT", "Event", "Expression", "Fault", "ParseError", "Value", "parse"]
