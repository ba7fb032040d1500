"""How spoken conversations are counted: the figures of `voiceassist eval asr`."""

from voiceassist.cli.evals import asr

TEXT = """# A comment, with = held out in it.
How do I treat [sepsis]?
And [COPD]?

= held out

Is [metformin] safe?
"""


def test_conversations_are_read_by_half_with_their_terms():
    halves = asr.read([TEXT])
    assert [len(one) for one in halves["tuning"]] == [2]
    assert halves["held_out"] == [[asr.Line("Is metformin safe?", ("metformin",))]]


def test_both_sides_are_brought_into_one_spelling():
    assert asr.plain("Stage three b, 70 kilograms.") == asr.plain("stage 3b 70 kg")
    assert asr.plain("CHA2DS2-VASc") == "cha2ds2 vasc"


def test_words_changed_added_and_left_out_are_errors():
    assert asr.distance("a b c".split(), "a x c d".split()) == 2
    assert asr.distance([], ["a"]) == 1
    assert asr.distance(["a", "b"], []) == 2


def test_a_turn_is_in_the_list_when_all_its_terms_are_and_terms_count_by_themselves():
    line = asr.Line("metformin in sepsis", ("metformin", "sepsis"))
    told = asr.counted([asr.Heard(line, "met forming in sepsis", ("Sepsis",))])
    assert told["in_list"] == {"turns": 0, "words": 0, "wer": None, "terms": 1, "term_recall": 1.0}
    assert (told["outside"]["turns"], told["outside"]["term_recall"]) == (1, 0.0)
    assert told["outside"]["wer"] == round(2 / 3, 4)
    told = asr.counted([asr.Heard(line, "metformin in sepsis", ("sepsis", "metformin"))])
    assert (told["in_list"]["turns"], told["in_list"]["wer"]) == (1, 0.0)
