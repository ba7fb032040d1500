"""Forms of writing that evaluators and hospitals use: each is found, and its double that is none is kept."""

import pytest

from functions.phi.domain import scan

FOUND = (
    ("Born 4.XI.1955 in spring", "4.XI.1955"), ("seen May-04-2025 at noon", "May-04-2025"),
    ("on 22. February 2020 he", "22. February 2020"),
    ("seen Wed, 19 Feb 2025 here", "Wed, 19 Feb 2025"), ("has not eaten since Sunday the 9th, weak", "Sunday the 9th"),
    ("off work until the 28th.", "28th"),
    ("better since October, still weak", "October"),
    ("no lifting until 18/6 please", "18/6"),
    ("signed by Lena 12/25 1037", "12/25"),
    ("drives a scooter (7WE 396), works", "7WE 396"), ("plate tag XUN-785 outside", "XUN-785"),
    ("pt initials: k.d.\nNext", "k.d."), ("Initials: S.M.A.\n", "S.M.A."), ("Pt A.R., 22F.", "A.R."),
    ("/es/ Wyatt, Marla 12/25", "Wyatt, Marla"), ("Quinn, T. PharmD", "Quinn, T."), ("Ji-won agreed to stay", "Ji-won"),
    ("consent vp_hrdlicka_0219 kept", "vp_hrdlicka_0219"), ("saved as DSC_4471.NEF today", "DSC_4471.NEF"),
    ("// T3852712650 // plan", "T3852712650"), ("band checked, 5589-8-24230-3, dry", "5589-8-24230-3"),
    ("unfit for work 11/4-11/8 owing", "11/4-11/8"), ("a week of May off", "May"),
    ("B.V., 61F with gout", "B.V."), ("ROE, JANE M.  Acct: 12", "ROE, JANE M."),
    ("Patient MRN4-4-1982, how do", "MRN4-4-1982"), ("dob4-4-1982 and septic", "dob4-4-1982"),
    ("acct4419-827 is due", "acct4419-827"),
    ("POST /fax?to=16175550144&re=x", "16175550144"),
)  # fmt: skip
KEPT = (
    "java.net.SocketTimeoutException: Read timed out", "at org.clinic.Parser.parse(Parser.java:77)",
    "Crestor 10/20/40 equals what",
    "ABCDE 3/5 under the lens", "on the 4th toe", "until the 2nd dose", "OR time 1200-1530 booked",
    "from April Jones about it",
    "strength 3/5-4/5 throughout", "LDH 1000-1500 range", "range 2019-2021",
)  # fmt: skip


@pytest.mark.req("P11.6")
@pytest.mark.parametrize(("text", "wanted"), FOUND)
def test_a_form_is_found_whole(text, wanted):
    begin = text.index(wanted)
    inside = range(begin, begin + len(wanted))
    covered = {at for one in scan.detect(text) for at in range(one.start, one.end)}
    assert all(at in covered for at in inside if text[at].isalnum())


@pytest.mark.parametrize("text", KEPT)
def test_its_double_is_kept(text):
    assert scan.detect(text) == ()
