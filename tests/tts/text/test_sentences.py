import pytest

from helpers.growth import QUADRATIC, growth
from tts.text.language import language
from tts.text.layout import PARAGRAPH
from tts.text.sentences import CLAUSE, CUT, SENTENCE

split = language("english").split

CASES = {
    "He left. She slept.": ["He left.", "She slept."],
    "Dr. Smith met Mr. Jones. They talked.": ["Dr. Smith met Mr. Jones.", "They talked."],
    "J. R. R. Tolkien met John F. Kennedy.": ["J. R. R. Tolkien met John F. Kennedy."],
    "The U.S. Senate met. He lives in the U.S. The end.": ["The U.S. Senate met.", "He lives in the U.S.", "The end."],
    "It ended at 5 p.m. Then we ate.": ["It ended at 5 p.m.", "Then we ate."],
    "Pens, etc. and so on. Pens, etc. The end.": ["Pens, etc. and so on.", "Pens, etc.", "The end."],
    "It is No. 5. No. He said no. Really.": ["It is No. 5.", "No.", "He said no.", "Really."],
    "So did I. Then he left.": ["So did I.", "Then he left."],
    "On Jan. 5 we left.": ["On Jan. 5 we left."],
    "“Who is it?” she asked. “Me.” He left!": ["“Who is it?” she asked.", "“Me.”", "He left!"],
    "“Stop!” cried he. ‘Go.’ ‘Now.’": ["“Stop!” cried he.", "‘Go.’", "‘Now.’"],
    "(He left.) [A note.] Yes.": ["(He left.)", "[A note.]", "Yes."],
    "Wait... what? So... The end.": ["Wait... what?", "So...", "The end."],
    "What?! No!!! Yes.": ["What?!", "No!!!", "Yes."],
    "See example.com at 3.14 today.": ["See example.com at 3.14 today."],
    "1. Apples are red. 2. Pears are green.": ["1. Apples are red.", "2. Pears are green."],
    "IV. The Ghost walks.": ["IV. The Ghost walks."],
    "a line\nbroken by its editor. Next.": ["a line broken by its editor.", "Next."],
    "A heading\n\nA text.": ["A heading", "A text."],
    "你好。再见。": ["你好。", "再见。"],
    "V. I. Lenin led. I. A. Richards wrote.": ["V. I. Lenin led.", "I. A. Richards wrote."],
    "It is spelt M. A. R. I. A. and so on.": ["It is spelt M. A. R. I. A. and so on."],
    "So did I. Bob left. We chose plan B. Bob left.": ["So did I.", "Bob left.", "We chose plan B.", "Bob left."],
    "He plays Op. 27 No. 2 now.": ["He plays Op. 27 No. 2 now."],
    "Take part no. AB-12 now. He said no. Then he left.": ["Take part no. AB-12 now.", "He said no.", "Then he left."],
    "Call ext. 7 or tel. 42.": ["Call ext. 7 or tel. 42."],
    "Use max. 5 men. Not to the max. Bob left.": ["Use max. 5 men.", "Not to the max.", "Bob left."],
    "The firm (est. 1850) and Rt. Hon. Mx. Lee": ["The firm (est. 1850) and Rt. Hon. Mx. Lee"],
    "Louis I. Kahn built it. World War I. Germany lost.": ["Louis I. Kahn built it.", "World War I.", "Germany lost."],
    "I don't. Mary can't. Bob won't.": ["I don't.", "Mary can't.", "Bob won't."],
    "The end.The start. Go to Booking.Com.": ["The end.", "The start.", "Go to Booking.Com."],
    "Now n! = 120. I use Yahoo! every day.": ["Now n! = 120.", "I use Yahoo! every day."],
    '"Stop!" Mary said. "Why?" I asked. "Go!" She left.': [
        '"Stop!" Mary said.',
        '"Why?" I asked.',
        '"Go!"',
        "She left.",
    ],
    "M-Mr. Fox met ex-Gov. Brown.": ["M-Mr. Fox met ex-Gov. Brown."],
    "See pg. 3. Vol. I is lost. He said no. I left.": ["See pg. 3.", "Vol. I is lost.", "He said no.", "I left."],
    "In Co. Kerry. Roe v. Wade fell.": ["In Co. Kerry.", "Roe v. Wade fell."],
    "On Main St. He left. On Main St. to St. John.": ["On Main St.", "He left.", "On Main St. to St. John."],
    "MR. DARCY spoke. It is 5 deg. C here.": ["MR. DARCY spoke.", "It is 5 deg. C here."],
    "Cheese, etc. Bob left. Boston, Mass. is old.": ["Cheese, etc.", "Bob left.", "Boston, Mass. is old."],
    "See Fig. A. He left. See Vol. B, please.": ["See Fig. A.", "He left.", "See Vol. B, please."],
    "Yes, Miss. Bob left.": ["Yes, Miss.", "Bob left."],
    "": [],
    " \n\n ": [],
}


@pytest.mark.parametrize("text", CASES)
def test_sentences(text):
    assert [sentence.text for sentence in split(text, 200)] == CASES[text]


def test_pauses_say_what_ends():
    one, two, three = split("He left. She slept.\n\nMorning came.", 100)
    assert (one.pause, two.pause, three.pause) == (SENTENCE, PARAGRAPH, PARAGRAPH)


def test_a_long_sentence_is_cut_at_clauses_then_at_spaces_then_hard():
    clauses = split("The sun rose over the hills; the birds began to sing, and nobody was there to hear it.", 40)
    assert clauses[0].text == "The sun rose over the hills;"
    assert clauses[0].pause == CLAUSE
    words = split("word " * 30, 40)
    assert all(portion.text.endswith("word") for portion in words)
    assert words[0].pause == CUT
    assert [len(portion.text) for portion in split("x" * 95, 40)] == [40, 40, 15]


UNCUT = [
    "$12.5 million",
    "twelve point five million",
    "one hundred twenty-three",
    "1 250 000",
    "61–63",
    "1914 – 1918",
    "May 5, 1920",
    "Chapter 12",
    "John F. Kennedy",
    "{HH AH0 L OW1 W ER1 L D}",
]


@pytest.mark.parametrize("whole", UNCUT)
@pytest.mark.parametrize("before", range(25, 60))
def test_no_cut_falls_inside_a_number_a_range_or_a_name(whole, before):
    words = ("it was a word on the way to an end " * 3)[:before].rsplit(" ", 1)[0]
    portions = [portion.text for portion in split(f"{words} {whole} and then there were some more of them to come", 60)]
    assert len(portions) > 1
    assert any(whole in portion for portion in portions)


def test_a_long_sentence_without_marks_is_cut_before_a_clause():
    first, second = split("the bridge that the people of the town had built fell down when the flood came to it", 60)
    assert second.text == "when the flood came to it"
    assert first.pause == CUT


@pytest.mark.parametrize("limit", [1, 7, 40])
def test_nothing_is_lost_and_nothing_too_long(limit):
    text = "Well, he said: “No one—not even Mr. X.—came...” Then (at 5 p.m.) they left; why? " * 5
    portions = [sentence.text for sentence in split(text, limit)]
    assert "".join("".join(portions).split()) == "".join(text.split())
    assert all(0 < len(portion) <= limit for portion in portions)


def test_inline_phones_are_not_cut():
    portions = split("say {HH AH0 L OW1} now " * 6, 30)
    assert all(portion.text.count("{") == portion.text.count("}") for portion in portions)


def test_a_limit_below_one_is_refused():
    with pytest.raises(ValueError, match="max_chars is 0"):
        split("text", 0)


@pytest.mark.parametrize(
    "unit", ["a", ".", '"', "..", "A.", "{", ",", "?!", ".\n\n", "\ud800", "a, b ", "V. ", "{A ", "– ", "of "]
)
def test_any_text_takes_linear_time(unit):
    assert growth(lambda text: split(text, 200), (unit * 30_000)[:30_000]) < QUADRATIC
