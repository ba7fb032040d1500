"""Places, hospitals and employers, written or said."""

from functools import cache

from functions.phi.training import people, spoken
from functions.phi.training.grammar import IGNORED, Case, Piece, of_split, words
from functions.phi.training.sources import places

STREETS = words("spots.streets")
SAID_STREETS = "street avenue road drive lane court boulevard way place circle terrace parkway trail loop".split()
TREES = words("spots.trees")
UNITS = (
    "Apt {}",
    "Apt. {}",
    "Unit {}",
    "#{}",
    "Suite {}",
    "Ste {}",
    ", Apt {}",
    ", Unit {}",
    ", Suite {}",
    " Lot {}",
    "Apt {}B",
    "Bldg {}",
    "Floor {}",
)
KINDS = words("spots.kinds")
SAINTS = words("spots.saints")
HOLY = words("spots.holy")
FAMED = words("spots.famed")
TRADES = words("spots.trades")
BIG = "Walmart|Amazon|UPS|FedEx|Costco|Target|Boeing|Home Depot|Kroger|Starbucks|the post office|Lowe's|Tyson Foods|Delta|Southwest|McDonald's|Comcast|Ford|Tesla|Google".split(
    "|"
)


@cache
def lists(held: bool | None) -> dict[str, list[str]]:
    every = places()
    return {
        "city": of_split(every.cities, held=held),
        "county": of_split(every.counties, held=held),
        "world": of_split(every.world, held=held),
        "famed": of_split(FAMED, held=held),
        "holy": of_split(HOLY, held=held),
        "saint": of_split(SAINTS, held=held),
        "kind": KINDS,
        "trade": TRADES,
    }


def a_city(case: Case) -> str:
    return case.pick(lists(case.held)["city" if case.chance(0.93) else "world"])


def own(case: Case, text: str, label: str) -> list[Piece]:
    if case.said:
        text = " ".join(
            text.lower()
            .replace(".", " ")
            .replace("-", " ")
            .replace("&", "and")
            .replace(",", " ")
            .replace("#", "number ")
            .split()
        )
        text = text.replace("mt ", case.pick(("mount ", "mt ")))
        if text.startswith("st "):
            text = case.pick(("saint ", "st ")) + text[3:]
        if case.chance(0.3):
            text = text.replace("'", "").replace("’", "")
    elif case.chance(0.05):
        text = text.upper()
    elif case.chance(0.12):
        text = text.replace("'", "’")
    return [Piece(text, label)]


def city(case: Case) -> list[Piece]:
    return own(case, a_city(case), "GEO")


def county(case: Case) -> list[Piece]:
    name = case.pick(lists(case.held)["county"]) if case.chance(0.6) else people.family(case, far=False)
    form = case.pick(("{} County", "{} County", "{} County", "{} Parish", "County of {}"))
    return own(case, form.format(name), "GEO")


def state(case: Case) -> list[Piece]:
    code, name = case.pick(places().states)
    return [Piece(name.lower() if case.said else case.pick((code, code, name)), IGNORED)]


def code_state(case: Case) -> list[Piece]:
    code, name = case.pick(places().states)
    return [Piece(name.lower() if case.said else code, IGNORED)]


def street(case: Case) -> list[Piece]:
    number = case.pick(
        (case.number(1, 99), case.number(100, 999), case.number(1000, 9999), case.number(10_000, 19_999))
    )
    roll = case.rng.random()
    if roll < 0.35:
        name = case.pick(TREES)
    elif roll < 0.8:
        name = people.family(case, far=False)
    elif roll < 0.9:
        first, second = case.pick(TREES), case.pick(TREES).lower()
        name = case.pick(
            (
                f"{case.pick(('N', 'S', 'E', 'W', 'North', 'South', 'East', 'West', 'N.', 'SW', 'NE'))} {first}",
                first + second,
                f"{first} {case.pick(('Hill', 'Creek', 'View', 'Grove', 'Hollow'))}",
            )
        )
    else:
        number_ = case.number(1, 129)
        name = f"{number_}{'th' if 10 < number_ % 100 < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(number_ % 10, 'th')}"
    if case.said:
        style = case.pick((0, 0, 1))
        name = spoken.ordinal(int(name[:-2])) if name[0].isdigit() and int(name[:-2]) < 100 else people.say(case, name)
        lead = (
            spoken.digits(case.rng, str(number), style)
            if case.chance(0.8) or number > 9999
            else spoken.cardinal(number)
        )
        unit = (
            f" {case.pick(('apartment', 'unit', 'apt', 'suite', 'number'))} {case.pick((spoken.cardinal(case.number(1, 40)), spoken.digits(case.rng, str(case.number(100, 999)))))}"
            if case.chance(0.15)
            else ""
        )
        return [Piece(f"{lead} {name} {case.pick(SAID_STREETS)}{unit}", "GEO")]
    if case.chance(0.05):
        return [
            Piece(
                case.pick(("P.O. Box {}", "PO Box {}", "P. O. Box {}", "RR 2 Box {}", "Box {}")).format(number), "GEO"
            )
        ]
    unit = ""
    if case.chance(0.3):
        form = case.pick(UNITS).format(case.number(1, 999))
        unit = form if form.startswith(",") else " " + form.strip()
    return own(case, f"{number} {name} {case.pick(STREETS)}{unit}", "GEO")


ABROAD = (
    "{n} rue {p}", "{n}, rue de {c}", "{n} avenue {p}", "{n} quai {p}", "Calle {f} {n}", "C/ {f} {n}", "Avenida {f} {n}", "Av. {f} {n}", "Rua {f} {n}",
    "ul. {f} {n}", "ul. {f} {n} m. {m}", "Via {f} {n}", "Viale {c}, {n}", "Piazza {f} {n}", "{s}straße {n}", "{s}str. {n}", "{s}weg {n}", "{s}gasse {n}", "{s}allee {n}",
    "{s}straat {n}", "{s}gracht {n}", "{s}laan {n}", "{s}gatan {n}", "{s}vägen {n}", "{s}vej {n}", "{s} utca {n}.", "{n} Jalan {f}", "Jl. {f} No. {n}", "Lorong {f} {m}",
    "{n} {f} Mews", "{n} {f} Close", "{n} {f} Gardens", "{m} {f} Cottages", "The Old {o}, {f} Lane", "Flat {m}, {n} {f} Road", "{n}/{m} {f} Parade", "Unit {m}, {n} {f} Crescent",
)  # fmt: skip
CODES = ("#####", "##-###", "D-#####", "#### @@", "@#@ #@#", "####", "#####-###", "")


def abroad(case: Case) -> list[Piece]:
    """An address as other countries write it, at times with its code and town."""
    one = people.family(case, far=case.chance(0.6))
    form = case.pick(ABROAD).format(
        n=case.number(1, 240), m=case.number(1, 30), p=people.given(case, far=True) + " " + one, f=one, c=case.pick(lists(case.held)["world"]),
        s=case.pick(TREES), o=case.pick(("Rectory", "Forge", "Mill", "Bakery", "Vicarage")),
    )  # fmt: skip
    if case.chance(0.5):
        code = "".join(
            case.pick("0123456789") if sign == "#" else case.pick("ABCEGHJKLMNPRSTVXY") if sign == "@" else sign
            for sign in case.pick(CODES)
        )
        form += f", {code} {case.pick(lists(case.held)['world'])}".replace("  ", " ")
    return own(case, form, "GEO")


def zipcode(case: Case) -> list[Piece]:
    five = f"{case.number(0, 99_999):05d}"
    if case.said:
        return [Piece(spoken.digits(case.rng, five, case.pick((0, 0, 1))), "GEO")]
    return [Piece(five + (f"-{case.number(0, 9999):04d}" if case.chance(0.2) else ""), "GEO")]


def postcode(case: Case) -> list[Piece]:
    """Of the United Kingdom: `SK4 3QP`."""
    out = case.pick(("@#", "@##", "@@#", "@@##", "@#@")).replace("@", "~")
    text = "".join(
        case.pick("ABCDEGHKLMNPRSTW") if sign == "~" else str(case.number(1, 9)) if sign == "#" else sign
        for sign in out
    )
    return [
        Piece(
            f"{text} {case.number(0, 9)}{case.pick('ABDEFGHJLNPQRSTUWXYZ')}{case.pick('ABDEFGHJLNPQRSTUWXYZ')}", "GEO"
        )
    ]


def road(case: Case) -> list[Piece]:
    """A street without a number."""
    return own(
        case,
        f"{case.pick(TREES) if case.chance(0.4) else people.family(case, far=False)} {case.pick(STREETS[:8])}",
        "GEO",
    )


def comma(case: Case) -> Piece:
    return Piece(" " if case.said else case.pick((", ", ", ", ", ", ",", " ", "\n")))


def address(case: Case) -> list[Piece]:
    tail = [*code_state(case), Piece(" zip code " if case.said and case.chance(0.5) else " "), *zipcode(case)]
    return [*street(case), comma(case), *city(case), Piece(" " if case.said else case.pick((", ", ", ", " "))), *tail]


FAITHS = (
    "Lutheran",
    "Methodist",
    "Baptist",
    "Hebrew",
    "Jewish",
    "Catholic",
    "Presbyterian",
    "Adventist",
    "Deaconess",
    "Good Samaritan",
)


def called(case: Case, kind: str) -> str:
    """Hospitals and homes of more than one name: `Lutheran General`, `The Hebrew Home of Dayton`, `Roe-Poe Clinic`, `RoeCare`."""
    one, other = people.family(case, far=False), people.family(case, far=False)
    return case.pick((
        f"{case.pick(FAITHS)} {case.pick(('General', 'Medical Center', 'Hospital', 'Home', 'Village', 'Memorial'))}",
        f"The {case.pick(FAITHS)} Home {case.pick(('of', 'at', 'for the Aged of'))} {a_city(case)}",
        f"{one}-{other} {kind}", f"{one} & {other} {kind}", f"{one} {case.pick(('Health', 'Care', 'MD', 'Med'))}",
        f"{one}{case.pick(('Care', 'Health', 'Med'))}", f"{people.given(case, far=False)} {one} {kind}", f"{a_city(case)} {case.pick(TREES)} {kind}",
        f"{case.pick(('Northern', 'Southern', 'Central', 'Greater', 'Upper', 'East', 'West'))} {a_city(case)} {kind}",
        f"{kind} {case.pick(('at', 'of', 'on'))} {case.pick((a_city(case), case.pick(TREES), one))}",
        f"{a_city(case)} {case.pick(('General', 'Memorial', 'Regional', 'Mercy', 'Methodist', 'VA', 'Ortho', 'Peds', 'Eye'))}",
    ))  # fmt: skip


def facility(case: Case) -> list[Piece]:
    roll = case.rng.random()
    mine = lists(case.held)
    kind = case.pick(mine["kind"])
    if roll < 0.22:
        name = f"{a_city(case)} {kind}"
    elif roll < 0.38:
        name = f"{people.family(case, far=case.chance(0.15))} {kind}"
    elif roll < 0.52:
        saint = case.pick(mine["saint"]) if case.chance(0.6) else people.given(case, far=False)
        name = (
            f"{case.pick(('St.', 'St.', 'Saint', 'St'))} {saint}{case.pick((chr(39) + 's', chr(39) + 's', ''))} {kind}"
        )
        if case.chance(0.2):
            name = name.removesuffix(f" {kind}")
    elif roll < 0.62:
        name = f"{case.pick(mine['holy'])}{case.pick((' ' + kind, ' ' + kind, ''))}"
    elif roll < 0.7:
        name = f"{case.pick(('Mount', 'Mt.', 'Mt', 'Lake', 'Fort', 'Port', 'San', 'Santa', 'North', 'West', 'Upper'))} {people.family(case, far=False)} {kind}"
    elif roll < 0.84:
        name = case.pick(mine["famed"])
    elif roll < 0.9:
        name = "".join(case.pick("ABCDEFGHJKLMNPRSTUVWY") for _ in range(case.number(3, 4))) + case.pick(
            ("", "", " Hospital", " Medical Center", "MC")
        )
    elif roll < 0.95:
        name = f"{case.pick(('University of', 'Hospital of', 'Children’s Hospital of', 'Medical Center of', 'Clinic of'))} {a_city(case)}"
    else:
        name = (
            called(case, kind)
            if roll < 0.975
            else f"{case.pick(TREES)} {case.pick(('Valley', 'Grove', 'Creek', 'Ridge', 'Hills', 'View', 'Point', 'Springs', 'Crest', 'Woods'))} {kind}"
        )
    return own(case, name, "FACILITY")


HOMES = words("spots.homes")
HOMELY = words("spots.homely")


def home(case: Case) -> list[Piece]:
    """A nursing or care home, or a house of worship or shelter: called by a plain word and a kind of house."""
    lead = case.pick(
        (
            case.pick(TREES),
            case.pick(HOMELY),
            a_city(case),
            people.family(case, far=False),
            f"St {case.pick(SAINTS)}'s",
            f"St. {case.pick(SAINTS)}'s",
        )
    )
    roll = case.rng.random()
    if roll < 0.12:
        name = f"{lead.removesuffix(chr(39) + 's')}{case.pick(('s', 's', ' House', ' Lodge'))}"
        return [Piece("the" if case.said else "The ", "" if case.said else IGNORED), *own(case, name, "FACILITY")]
    if roll < 0.22:
        name = f"{case.pick(('Sunrise', 'Atria', 'Brookdale', 'Arbor', 'Villa', 'Hospital', 'Village', 'Church'))} of {a_city(case)}"
    elif roll < 0.3:
        name = f"{case.pick(HOMELY)} {case.pick(TREES)}"
    else:
        name = f"{lead} {case.pick(HOMES)}"
    return own(case, name, "FACILITY")


def surgery(case: Case) -> list[Piece]:
    """A general practice."""
    lead = case.pick((case.pick(TREES), people.family(case, far=False), a_city(case), f"{case.pick(HOMELY)} House"))
    return own(
        case,
        f"{lead} {case.pick(('Surgery', 'Medical Practice', 'Medical Centre', 'Health Centre', 'Group Practice'))}",
        "FACILITY",
    )


def shop(case: Case) -> list[Piece]:
    if case.chance(0.4):
        return own(
            case,
            case.pick(
                (
                    "Walgreens",
                    "CVS",
                    "Rite Aid",
                    "Boots",
                    "Kroger",
                    "Publix",
                    "Duane Reade",
                    "Superdrug",
                    "Costco",
                    "Safeway",
                )
            ),
            "FACILITY",
        )
    return own(
        case,
        f"{case.pick((a_city(case), people.family(case, far=False), case.pick(HOMELY)))} {case.pick(('Pharmacy', 'Drug', 'Drugs', 'Chemist', 'Apothecary'))}",
        "FACILITY",
    )


def city_clinic(case: Case) -> list[Piece]:
    return own(
        case, f"{a_city(case)} {case.pick(('clinic', 'office', 'Clinic', 'campus', 'ED', 'location'))}", "FACILITY"
    )


def employer(case: Case) -> list[Piece]:
    if case.chance(0.12):
        return own(case, case.pick(BIG), "FACILITY")
    lead = people.family(case, far=False) if case.chance(0.65) else a_city(case)
    return own(case, f"{lead} {case.pick(TRADES)}", "FACILITY")
