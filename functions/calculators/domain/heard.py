"""Names of calculators as the recogniser writes them when it does not know them.

Collected from synthetic speech. They are everyday words ("gray score", "odyssey"), so they count like weak names: only
beside a clear wish to compute, or two stated inputs.
"""

QTC = r"q ?t ?c(?: interval)?(?: by)?"
HEARD: dict[str, tuple[str, ...]] = {
    "aa_gradient": (r"a ?(?:to )?agradient",),
    "adjusted_weight": (r"adjusted bodyweight",),
    "apgar": (r"(?:up ?gar|app ?gar|ap gar|abgar)(?: score)?",),
    "ascvd_pce": (r"as ?(?:dvd|cvd|cbd)(?: risk)?",),
    "audit_c": (r"odyssey|audit (?:sea|see)|audit ?c",),
    "bisap": (r"b i s a p(?: score)?|bye ?sap(?: score)?",),
    "braden": (r"br[ae](?:y|i)?d[eo]n(?: scale| score)?",),
    "caprini": (r"capri ?n(?:ie|y|ee|e|i)(?: score)?|capreeni(?: score)?",),
    "centor": (r"(?:modified )?(?:center|centre|sent ?or|centaur)(?: score| criteria)",),
    "child_pugh": (r"childs? ?(?:pus|pew|pugh|pue|poo|pu)(?: score| class)?",),
    "ciwa_ar": (r"(?:see|sea|si) ?wah?(?: score| a ?r)?", r"cur(?:ar|r|b? r)?(?: score)?"),
    "grace": (r"(?:gr[ae]ys?|graze) score",),
    "has_bled": (r"(?:hezbollahs?|hes ?bled|has ?blood|has ?blade?|has been led)(?: score)?",),
    "homa_ir": (r"hom[ae] ?i ?r|home air",),
    "ideal_weight": (r"ideal bodyweight",),
    "meld_3": (r"(?:mald|mild|melt|meld) ?(?:3(?:\.0)?|three)",),
    "meld_na": (r"(?:mald|mild|melt) ?(?:sodium|n ?a)",),
    "news2": (r"news (?:too|to|2)",),
    "qsofa": (r"(?:q|cue|quick) so(?:ph|f)ah?",),
    "qtc_bazett": (rf"{QTC} ba[sz]+[ei]t+s?",),
    "qtc_fridericia": (rf"{QTC} fr[ie]d\w+",),
    "qtc_rautaharju": (rf"{QTC} r[ao]\w* ?har ?j\w+",),
    "renal_dosing": (r"rinal dos(?:e|es|ing)",),  # and the drug is asked for where it was not understood
    "rockall": (r"full rock all(?: score)?",),
    "rockall_pre": (r"pre ?endoscopy rock all(?: score)?",),
}
