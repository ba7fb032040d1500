"""Identifiers of a document: telephone to licence plate, in many shapes, written or said."""

import string

from functions.phi.training import people, spoken
from functions.phi.training.grammar import Case, Piece, Slot

VIN = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
HEX = "0123456789abcdef"


def filled(case: Case, shape: str) -> str:
    """A shape with `#` for a figure, `@` a capital, `~` a hexadecimal sign, `?` either a capital or a figure."""
    table = {
        "#": string.digits,
        "@": string.ascii_uppercase,
        "~": HEX,
        "?": string.ascii_uppercase + string.digits,
        "*": VIN,
    }
    return "".join(case.pick(table[sign]) if sign in table else sign for sign in shape)


def given_as(case: Case, label: str, text: str) -> list[Piece]:
    return [Piece(spoken.code(case.rng, text) if case.said else text, label)]


COMPOSED = 0.25  # how often a number has a form of its own, so that no form is learned by heart


def composed(case: Case, least: int, most: int) -> str:
    """A form that nobody listed: a prefix or none, groups of figures with one sign between them, perhaps a letter behind."""
    figures = case.number(least, most)
    groups = 1 if case.chance(0.45) or figures < 5 else case.pick((2, 2, 3))
    cuts = sorted(case.rng.sample(range(1, figures), groups - 1))
    lengths = [end - begin for begin, end in zip([0, *cuts], [*cuts, figures], strict=True)]
    sign = case.pick("---- ./") if groups > 1 else ""
    prefix = case.pick(("", "", "", "@", "@", "@@", "@@", "@@@", "@@@@", "@#", "#@"))
    joint = case.pick(("", "", "-", "-", " ", "_")) if prefix else ""
    behind = case.pick(("", "", "", "", "", "@", "-@", "-#", "/#", "@@"))
    return prefix + joint + sign.join("#" * length for length in lengths) + behind


def shaped(label: str, shapes: str, *, own: tuple[int, int] = (0, 0)) -> Slot:
    """`own`: from how many figures to how many a form made for the occasion has."""
    options = shapes.split()

    def slot(case: Case) -> list[Piece]:
        free = own[1] and case.chance(COMPOSED)
        text = filled(case, composed(case, *own) if free else case.pick(options).replace("_", " "))
        if text.islower() is False and case.chance(0.06) and not case.said:
            text = text.lower()
        return given_as(case, label, text)

    return slot


mrn = shaped(
    "MRN",
    "###### ####### ######## ######## ######### ########## ###-##-## ##-##-## ####-#### MR###### MRN####### M####### "
    "M-###### MRN-##### MR-#### H####### E######### @####### @@###### @@-##### @@@-##### @#####-# ######-# 00######## ##_##_## "
    "PT-###### P####### U######## ##-#### @@##### H-##-#### #-###-### ######@ @@####-#### Z###### A-##### X###### #####-#### "
    "@@/####### @@/#####-@ @#_###_#### @@@_###### @#-##### ##-##-##-## @@#####/## @@@######## K##/##### HN####### @@-####-###",
    own=(5, 10),
)
plan = shaped(
    "HEALTH_PLAN",
    "W######### ######### #########@ @@@######### @@@###@##### #@#?-@?#-@@## #@?#@?#@@## @@@-###### @@-####### ####-####-#### "
    "##########-## U########_## XEA######### @######## @######### @########## HP-###### H####-### MCD######## ###-##-####@ ######### "
    "@@######@ MBR-#-###### ###_###_### GRP-##### @@@########## ID-######## ########-## INS-##### P-###### @@##### @@@_###_###_### @##_###_####_## ####_###_#### #@@#_@@#_@@##",
    own=(7, 12),
)
account = shaped(
    "ACCOUNT",
    "########## ####-###### ACCT-####### ACCT####### A-######## A######## ############ ####_####_####_#### ####-####-####-#### "
    "################ FIN######## HAR-####### ######## ##-####### G-####### INV-##### BILL-###### ########-## V########### "
    "AC#-###### ###-#####-# PB-##### ###########",
    own=(7, 13),
)
driver = shaped(
    "LICENSE", "@####### ######## ######### @###-####-#### @########## @@###### ###-##-#### @##-##-#### @@@####### @############ "
    "#######@ @@-######-# @###########", own=(6, 11),
)  # fmt: skip
practice = shaped(
    "LICENSE",
    "RN-###### RN###### MD###### MD-##### @###### @##### ME###### LCSW-#### PA##### @-##### NP-##### DO-#### PH-##### #######",
    own=(5, 9),
)
plate = shaped(
    "VEHICLE",
    "@##_@@@ @@#_### ###_#@@ @@#@### @###_@@ #@#_### @@@## ##_@@## @@-@@-### @@##_@@@ ####-@@ @###### #@@@## @##_### @#### @@_#### "
    "@@@-#### #@@@### @@@#### @@@_#### ###-@@@ ##@-### @@#-### @##-@@@ #@@_### @@-##### ####@@ @@@-### ###_@@@ @@####",
)
device = shaped(
    "DEVICE",
    "PM-####### SN######## @@@######@ @@########## SN-#####-@ @@@-###### ##########@ CRT-##### @#########@ ########-## LOT-@##### "
    "@@@@-#### @#-####### ICD-######## IP-#### ##@######### DEV-####### S/N-####### @@###-####-## @######@@ PUMP-#### ####-###-##@ @##-@@@#######@ #@#@###@ ######_#### @@@#-######",
    own=(5, 10),
)
mac = shaped("DEVICE", "~~:~~:~~:~~:~~:~~ ~~-~~-~~-~~-~~-~~ ~~:~~:~~:~~:~~:~~ ~~~~.~~~~.~~~~")
udi = shaped(
    "DEVICE",
    "(01)##############(21)@###### (01)##############(17)######(10)@##### ##############(21)######## +@###########/$$+######",
)
other = shaped(
    "OTHER_ID",
    "ACC-####### CSN######## S##-##### STUDY-#### A######## ACC######## SP-##-##### ##-@@-##### E######## R-##### CASE-##### "
    "TRIAL-###-### SUBJ-#### @@-##-##### ENC-######## V######### ########## BB-####### SPEC-###### CYT##-#### NG-##-#### "
    "RX####### REF-@@#### ###-#### PT###-## ORD######### TKT-##### WB-###-### @@@_###### @@##/##### ##@@-###### @@@##-####### "
    "##/####/@ @@@@######-##",
    own=(5, 10),
)


def tail(case: Case) -> str:
    return case.pick(
        (
            "",
            "",
            "",
            "",
            f" x{case.number(10, 9999)}",
            f" ext {case.number(10, 9999)}",
            f" ext. {case.number(100, 999)}",
            f"x{case.number(100, 9999)}",
        )
    )


def telephone(case: Case, label: str) -> list[Piece]:
    area, middle, last = (
        filled(case, "###"),
        case.pick((filled(case, "###"), filled(case, "###"), "555")),
        filled(case, "####"),
    )
    area = str(case.number(2, 9)) + area[1:]
    if case.said:
        style = case.pick((0, 0, 1, 2))
        parts = [spoken.digits(case.rng, part, style) for part in (area, middle, last)]
        lead = case.pick(("", "", "", "area code ", "one ", "plus one "))
        if case.chance(0.15):
            return [
                Piece(
                    f"{lead}{parts[0]} {case.pick(('dash', 'then'))} {parts[1]} {case.pick(('dash', 'then'))} {parts[2]}",
                    label,
                )
            ]
        more = (
            f" {case.pick(('extension', 'ext', 'x'))} {spoken.digits(case.rng, filled(case, '###'))}"
            if case.chance(0.1)
            else ""
        )
        return [Piece(lead + " ".join(parts) + more, label)]
    forms = (
        f"({area}) {middle}-{last}", f"{area}-{middle}-{last}", f"{area}.{middle}.{last}", f"{area}{middle}{last}",
        f"+1 {area} {middle} {last}", f"+1-{area}-{middle}-{last}", f"1-{area}-{middle}-{last}", f"({area}){middle}-{last}",
        f"{area} {middle} {last}", f"+1{area}{middle}{last}", f"{area}/{middle}-{last}", f"1 ({area}) {middle}-{last}", f"{area} {middle}-{last}",
    )  # fmt: skip
    if case.chance(0.05):
        foreign = (
            "+44 20 #### ####",
            "+52 55 #### ####",
            "+49 30 #######",
            "+91 #####-#####",
            "+33 # ## ## ## ##",
            "+63 9## ### ####",
            "+86 1## #### ####",
            "+48 22 ### ## ##",
            "+234 80# ### ####",
            "+971 5# ### ####",
            "+61 4## ### ###",
            "+81 90-####-####",
            "+353 8# ### ####",
            "+39 3## ### ####",
            "+55 (11) #####-####",
        )
        return [Piece(filled(case, case.pick(foreign)), label)]
    if case.chance(0.05):
        return [Piece(f"{middle}-{last}", label)]
    return [Piece(case.pick(forms) + tail(case), label)]


def british(case: Case) -> list[Piece]:
    """As written in the United Kingdom."""
    forms = (
        "07### ######",
        "07### ### ###",
        "020 #### ####",
        "01### ######",
        "0161 ### ####",
        "(01###) ######",
        "07#########",
    )
    return given_as(case, "PHONE", filled(case, case.pick(forms)))


def nhs(case: Case) -> list[Piece]:
    return given_as(
        case, "MRN", filled(case, case.pick(("### ### ####", "### ### ####", "##########", "@@# ### ####", "@#######")))
    )


def phone(case: Case) -> list[Piece]:
    return telephone(case, "PHONE")


def fax(case: Case) -> list[Piece]:
    return telephone(case, "FAX")


def ssn(case: Case) -> list[Piece]:
    a, b, c = filled(case, "###"), filled(case, "##"), filled(case, "####")
    if case.said:
        joint = case.pick((" ", " ", " dash ", " "))
        style = case.pick((0, 0, 1))
        return [Piece(joint.join(spoken.digits(case.rng, part, style) for part in (a, b, c)), "SSN")]
    forms = (
        f"{a}-{b}-{c}",
        f"{a}-{b}-{c}",
        f"{a} {b} {c}",
        f"{a}{b}{c}",
        f"{a}.{b}.{c}",
        f"xxx-xx-{c}",
        f"***-**-{c}",
        f"{a}-{b}{c}",
    )
    return [Piece(case.pick(forms[:3] if case.chance(0.7) else forms), "SSN")]


HOSTS = "gmail.com yahoo.com outlook.com hotmail.com icloud.com aol.com proton.me comcast.net example.org mail.example.com".split()


def host(case: Case) -> str:
    own = people.folded(people.family(case, far=False)) or "ab"
    return (
        case.pick(HOSTS)
        if case.chance(0.7)
        else f"{own}{case.pick(('health.org', '.com', 'family.net', 'law.com', 'clinic.org', '.edu', '.co.uk'))}"
    )


def email(case: Case) -> list[Piece]:
    one = people.patient(case) if case.chance(0.5) else people.person(case)
    if case.said:
        first, last = people.folded(one.given), people.folded(one.family)
        joint = case.pick((" dot ", " dot ", " ", " underscore ", " dash "))
        local = case.pick(
            (
                f"{first}{joint}{last}",
                f"{first[:1]} {last}",
                f"{first}{joint}{last}",
                f"{last} {spoken.digits(case.rng, filled(case, '##'))}",
            )
        )
        place = case.pick(("gmail", "yahoo", "outlook", "hotmail", "icloud", "a o l", "proton", f"{last} family"))
        return [Piece(f"{local} at {place} dot {case.pick(('com', 'com', 'net', 'org'))}", "EMAIL")]
    return [Piece(f"{people.login(case, one)}@{host(case)}", "EMAIL")]


def url(case: Case) -> list[Piece]:
    one = people.patient(case)
    first, last = people.folded(one.given) or "a", people.folded(one.family) or "b"
    if case.said:
        lead = case.pick(("w w w dot ", "w w w dot ", "triple w dot ", "", "h t t p s colon slash slash "))
        middle = case.pick(
            (f"{last} family", f"{first} {last}", f"team {first}", f"{first}s story", f"{last} photography")
        )
        tail_ = f" slash {case.pick((first, last, 'about', 'records'))}" if case.chance(0.2) else ""
        return [Piece(f"{lead}{middle} dot {case.pick(('com', 'com', 'org', 'net'))}{tail_}", "URL")]
    slug = people.slug(case, one)
    forms = (
        f"https://portal.{host(case)}/patients/{slug}", f"http://www.{last}family.com", f"https://www.facebook.com/{slug}",
        f"https://instagram.com/{first}{last}", f"www.{first}{last}.com", f"https://chart.{host(case)}/r/{filled(case, '########')}",
        f"https://caringbridge.example/visit/{slug}", f"http://{last}-law.com/team/{first}", f"https://x.com/{first}_{last}",
        f"https://linkedin.com/in/{slug}-{filled(case, '~~~~~')}", f"https://records.example.net/u?id={filled(case, '######')}&name={slug}",
        f"https://gofundme.example/f/help-{slug}", f"{first}{last}.blogspot.com", f"https://{last}.example.org/{first}/photos?id={filled(case, '###')}",
    )  # fmt: skip
    return [Piece(case.pick(forms), "URL")]


def ip(case: Case) -> list[Piece]:
    parts = [str(case.number(1, 254)) for _ in range(4)]
    if case.said:
        style = case.pick((0, 0, 1))
        dot = case.pick((" dot ", " dot ", " point "))
        said = [spoken.cardinal(int(p)) if case.chance(0.15) else spoken.digits(case.rng, p, style) for p in parts]
        return [Piece(dot.join(said), "IP")]
    if case.chance(0.2):
        six = case.pick(
            (
                "~~~~:~~~~:~~~~:~~~~:~~~~:~~~~:~~~~:~~~~",
                "2001:db8:~~~~::~~~~",
                "fe80::~~~~:~~~~:~~~~:~~~~",
                "2001:~~~:~~~~:~~~~::~",
            )
        )
        return [Piece(filled(case, six), "IP")]
    return [Piece(".".join(parts), "IP")]


def npi(case: Case) -> list[Piece]:
    body = case.pick("12") + filled(case, "########")
    total = 24 + sum(d if at % 2 else (d * 2 - 9 if d > 4 else d * 2) for at, d in enumerate(map(int, body)))
    return given_as(case, "LICENSE", body + str(-total % 10))


def dea(case: Case) -> list[Piece]:
    body = [case.number(0, 9) for _ in range(6)]
    check = (body[0] + body[2] + body[4] + 2 * (body[1] + body[3] + body[5])) % 10
    return given_as(case, "LICENSE", case.pick("ABFGMP") + filled(case, "@") + "".join(map(str, body)) + str(check))


def vin(case: Case) -> list[Piece]:
    text = (
        case.pick(("1HG", "1FT", "2T1", "5YJ", "WBA", "JTD", "3VW", "KM8", filled(case, "***")))
        + filled(case, "*****?**")
        + filled(case, "######")
    )
    return given_as(case, "VEHICLE", text)


def biometric(case: Case) -> list[Piece]:
    words = (
        "voiceprint", "voice print", "fingerprint template", "retina scan", "iris code", "iris template", "palm vein template",
        "face embedding", "faceprint", "voice template", "hand geometry record", "fingerprint", "retinal scan ID", "biometric ID",
    )  # fmt: skip
    shapes = (
        "VP######",
        "~~~~~~~~~~~~",
        "VPR-#####",
        "FP-~~~~~~~~~~",
        "RS-####-##",
        "IR######",
        "fp_~~~~~~~~",
        "BIO-######",
        "FE-~~~~~~~~",
        "vp_######",
        "iris_@@####",
        "FPT-####-##",
        "BT#######",
        "V-#####",
        "face-id-#####",
    )
    value = filled(case, case.pick(shapes))
    if case.said:
        return [
            Piece(
                f"{case.pick(words).lower()} {spoken.code(case.rng, filled(case, case.pick(('VP######', '####', '@@####'))))}",
                "BIOMETRIC",
            )
        ]
    if case.chance(0.3):
        return [
            Piece(
                filled(
                    case,
                    case.pick(("FP-~~~~~~~~~~", "FP-########", "VP######", "IRIS-######", "BIO-~~~~~~", "FACE-######")),
                ),
                "BIOMETRIC",
            )
        ]
    return [Piece(f"{case.pick(words)} {value}", "BIOMETRIC")]


def photo(case: Case) -> list[Piece]:
    one = people.patient(case)
    slug = people.slug(case, one, "__-.")
    kind = case.pick(
        "portrait face headshot selfie photo frontal profile mugshot full_face facial id_photo preop_face".split()
    )
    form = case.pick((
        f"IMG_{slug}_{kind}", f"{slug}_{kind}", f"{kind}_{slug}", f"{slug}-{kind}", f"{people.folded(one.family)}_{kind}_{filled(case, '##')}",
        f"DSC{filled(case, '#####')}_{people.folded(one.family)}_{kind}", f"{kind}-{filled(case, '########')}", f"face_{filled(case, '######')}",
        f"Photo_{one.family.replace(' ', '')}_{one.given.replace(' ', '')}", f"pt_{slug}_{kind}_{case.number(1, 9)}",
    ))  # fmt: skip
    return [Piece(form + case.pick((".jpg", ".png", ".jpeg", ".JPG", ".heic", ".tiff", ".bmp")), "PHOTO")]
