"""How names sound that the voice's own dictionary does not know: drugs, abbreviations, people.

Phonemes are those of the voice (the misaki alphabet: A eɪ, I aɪ, O oʊ, W aʊ, Y ɔɪ, ʤ, ʧ, ˈ and ˌ before the
stressed vowel). Drug names are stressed as in the United States.
"""

from __future__ import annotations

import re

# Abbreviations that would be read as a word, or as letters though everybody says a word; spelt exactly so.
ABBREVIATIONS: dict[str, str] = {
    "ACE": "ˈAs",
    "AHA": "ˌAˌAʧˈA",
    "CIWA": "sˈiwə",
    "CIWA-Ar": "sˈiwə ˌAˈɑɹ",
    "COPD": "sˌiˌOpˌidˈi",
    "DOAC": "dˈOæk",
    "DOACs": "dˈOæks",
    "EPI": "ˈɛpi",
    "ESC": "ˌiˌɛsˈsi",
    "HFpEF": "hˈɛfpˌɛf",
    "HFrEF": "hˈɛfɹˌɛf",
    "KDIGO": "kˌAdˈiɡO",
    "NOAC": "nˈOæk",
    "NOACs": "nˈOæks",
    "PERC": "pˈɜɹk",
    "SOFA": "sˈOfə",
    "STEMI": "stˈɛmi",
    "TIMI": "tˈɪmi",
    "VA": "vˌiˈA",
    "qSOFA": "kjˈu sˈOfə",
}

# Names and drugs, in any case of letters.
NAMES: dict[str, str] = {
    "amlodipine": "æmlˈOdɪpˌin",
    "amiodarone": "ˌæmiˈOdəɹˌOn",
    "andexanet": "ændˈɛksənˌɛt",
    "apixaban": "əpˈɪksəbˌæn",
    "atorvastatin": "ətˌɔɹvəstˈætən",
    "bisoprolol": "bˌɪsəpɹˈOlɑl",
    "bumetanide": "bjumˈɛtənˌId",
    "canagliflozin": "kˌænəɡlɪflˈOzɪn",
    "carvedilol": "kˈɑɹvədˌɪlɑl",
    "chlorthalidone": "klɔɹθˈælɪdˌOn",
    "clopidogrel": "klOpˈɪdəɡɹˌɛl",
    "cockcroft": "kˈɑkɹɔft",
    "dabigatran": "dəbˈɪɡətɹˌæn",
    "dalteparin": "dˌæltəpˈæɹɪn",
    "dapagliflozin": "dˌæpəɡlɪflˈOzɪn",
    "digoxin": "dɪʤˈɑksɪn",
    "dronedarone": "dɹOnˈɛdəɹˌOn",
    "edoxaban": "ɪdˈɑksəbˌæn",
    "empagliflozin": "ˌɛmpəɡlɪflˈOzɪn",
    "enoxaparin": "ɪnˌɑksəpˈæɹɪn",
    "eplerenone": "ɛplˈɛɹənˌOn",
    "finerenone": "fɪnˈɛɹənˌOn",
    "flecainide": "flˈɛkənˌId",
    "fondaparinux": "fˌɑndəpˈæɹɪnʌks",
    "hydrochlorothiazide": "hˌIdɹəklˌɔɹəθˈIəzˌId",
    "idarucizumab": "ˌIdəɹusˈɪzumˌæb",
    "labetalol": "ləbˈɛtəlˌɑl",
    "levofloxacin": "lˌivəflˈɑksəsɪn",
    "linagliptin": "lˌɪnəɡlˈɪptɪn",
    "liraglutide": "lˌɪɹəɡlˈutId",
    "meropenem": "mˌɛɹəpˈɛnəm",
    "metoprolol": "mətˈOpɹəlˌɑl",
    "omeprazole": "OmˈɛpɹəzˌOl",
    "pantoprazole": "pæntˈOpɹəzˌOl",
    "prasugrel": "pɹˈæsəɡɹˌɛl",
    "propafenone": "pɹOpˈæfənˌOn",
    "pugh": "pjˈu",
    "rivaroxaban": "ɹˌɪvəɹˈɑksəbˌæn",
    "rosuvastatin": "ɹOsˌuvəstˈætən",
    "sacubitril": "səkjˈubɪtɹˌɪl",
    "sitagliptin": "sˌɪtəɡlˈɪptɪn",
    "spironolactone": "spɪɹˌɑnəlˈæktOn",
    "tenecteplase": "tənˈɛktəplˌAs",
    "ticagrelor": "tIkˈæɡɹəlˌɔɹ",
    "valsartan": "vælsˈɑɹtən",
    "verapamil": "vəɹˈæpəmˌɪl",
}

_EXACT = re.compile(rf"(?<![\w\[/])(?:{'|'.join(sorted(ABBREVIATIONS, key=len, reverse=True))})(?![\w\]/])")
_ANY_CASE = re.compile(rf"(?<![\w\[/])(?:{'|'.join(sorted(NAMES, key=len, reverse=True))})(?![\w\]/])", re.IGNORECASE)
# "class 2-A": a letter that the reader would take for the article.
_LETTER_A = re.compile(r"(?<=\d)-A\b")


def marked(text: str) -> str:
    """`text` with the phonemes written behind each known name, in the form the voice's reader understands."""
    text = _LETTER_A.sub(" [A](/ˈA/)", text)
    text = _EXACT.sub(lambda word: f"[{word[0]}](/{ABBREVIATIONS[word[0]]}/)", text)
    return _ANY_CASE.sub(lambda word: f"[{word[0]}](/{NAMES[word[0].lower()]}/)", text)
