"""NIH Stroke Scale: fifteen items, 0 to 42."""

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.graded import graded, least, most, total
from functions.calculators.domain.model import Band, Calculator, Choice, Example, Reference, Value, Values

PAPER = "grades of Brott 1989 in the form of the National Institute of Neurological Disorders, added by hand"
LIMB = (
    "no drift|no weakness|normal|none|no",
    "drift|drifts",
    "some effort against gravity",
    "no effort against gravity",
    "no movement|plegic|paralysed|paralyzed",
)


def _limb(name: str, label: str, *words: str) -> Choice:
    return graded(name, label, *LIMB, words=words, untestable=True)


ITEMS = (
    graded(
        "consciousness",
        "level of consciousness",
        "alert|normal",
        "drowsy|arousable",
        "stuporous|obtunded",
        "comatose|coma|unresponsive",
        words=(r"consciousness", r"loc"),
    ),
    graded(
        "questions",
        "questions for month and age",
        "both correct|both",
        "one correct",
        "neither correct|neither|none",
        words=(r"(?:loc |orientation )?questions",),
    ),
    graded(
        "commands",
        "commands",
        "both obeyed|both",
        "one obeyed",
        "neither obeyed|neither|none",
        words=(r"(?:loc )?commands",),
    ),
    graded(
        "gaze", "best gaze", "normal", "partial palsy|partial", "forced deviation|forced", words=(r"gaze(?: palsy)?",)
    ),
    graded(
        "visual_fields",
        "visual fields",
        "no loss|full|normal|no",
        "partial hemianopia|partial",
        "complete hemianopia|complete",
        "bilateral hemianopia|bilateral|blind",
        words=(r"visual(?: fields?| loss)?", r"hemianopia"),
    ),
    graded(
        "facial_palsy",
        "facial palsy",
        "none|no|normal",
        "minor|mild",
        "partial|moderate",
        "complete|severe",
        words=(r"(?:facial|face)(?: palsy| droop| weakness)?",),
    ),
    _limb("left_arm", "left arm motor", r"left arm(?: weakness| strength)?"),
    _limb("right_arm", "right arm motor", r"right arm(?: weakness| strength)?"),
    _limb("left_leg", "left leg motor", r"left leg(?: weakness| strength)?"),
    _limb("right_leg", "right leg motor", r"right leg(?: weakness| strength)?"),
    graded(
        "ataxia",
        "limb ataxia",
        "absent|none|no",
        "in one limb|one limb",
        "in two limbs|two limbs",
        words=(r"ataxia",),
        untestable=True,
    ),
    graded(
        "sensory",
        "sensory loss",
        "none|no|normal",
        "mild|partial|moderate",
        "severe|total|complete",
        words=(r"sens(?:ory|ation)",),
    ),
    graded(
        "language",
        "best language",
        "no aphasia|normal|none|no",
        "mild to moderate aphasia|mild|moderate",
        "severe aphasia|severe",
        "mute or global aphasia|mute|global",
        words=(r"(?:language|aphasia)",),
    ),
    graded(
        "dysarthria",
        "dysarthria",
        "none|no|normal",
        "mild to moderate|mild|moderate",
        "severe or anarthric|severe|unintelligible",
        words=(r"(?:articulation|speech)",),
        untestable=True,
    ),
    graded(
        "neglect",
        "extinction and inattention",
        "none|no|normal",
        "in one modality|one modality|partial|mild",
        "in more than one modality|profound|complete|severe",
        words=(r"(?:neglect|extinction|inattention)",),
    ),
)


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    if "UN" in values.values():
        return ("An untestable item adds no point: the total understates the deficit.",)
    return ()


CALCULATOR = Calculator(
    id="nihss",
    title="NIH Stroke Scale (NIHSS)",
    short="NIH Stroke Scale",
    summary="Severity of the neurological deficit in acute stroke.",
    aliases=("NIHSS", "NIH stroke scale", "stroke scale"),
    inputs=ITEMS,
    unit="points",
    formula=lambda v: total(v, ITEMS),
    bands=(
        Band(0, "No measurable deficit."),
        Band(1, "Minor stroke."),
        Band(5, "Moderate stroke."),
        Band(16, "Moderate to severe stroke."),
        Band(21, "Severe stroke."),
    ),
    notes=notes,
    caveats=(
        "A low score does not exclude a disabling deficit, above all in the posterior circulation.",
        "Score what the patient does, not what you think the patient can do.",
    ),
    citations=(
        Reference("Brott T et al. Stroke 20:864-870", 1989, "10.1161/01.STR.20.7.864"),
        Reference("Adams HP Jr et al. (baseline scale and outcome) Neurology 53:126-131", 1999, "10.1212/WNL.53.1.126"),
    ),
    examples=(
        Example(least(ITEMS), 0, PAPER),
        Example(most(ITEMS), 42, PAPER + ": the maximum"),
        Example(least(ITEMS) | {"gaze": "1", "facial_palsy": "2", "left_arm": "4", "left_leg": "3"}, 10, PAPER),
        Example(least(ITEMS) | {"right_arm": "UN", "language": "2"}, 2, PAPER + ": an untestable item adds nothing"),
        Example(
            least(ITEMS) | {"facial_palsy": "1", "sensory": "1", "dysarthria": "1"},
            3,
            "tests of open-medicine 0.12.0",
            Origin.SOFTWARE,
        ),
    ),
)
