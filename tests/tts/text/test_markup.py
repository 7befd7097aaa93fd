"""Marks of HTML, Markdown and notes are left out; signs that only look like them stay."""

import pytest

from helpers.growth import QUADRATIC, growth
from tts.text.markup import plain

PLAIN = {
    "Tom &amp; Jerry &lt;3 &quot;hi&quot; &#39;s &#x41;": 'Tom & Jerry <3 "hi" \'s A',
    "AT&T; and &nothing; &copy=1": "AT&T; and &nothing; &copy=1",
    "<b>Bold</b> and <i class='x'>it</i>.": "Bold and it.",
    "press <Enter>, a < b > c, <3": "press <Enter>, a < b > c, <3",
    "a<!-- not said -->b<script>if (a < b) no()</script>": "ab",
    "m<sup>2</sup>": "m²",
    "the war<sup>[1]</sup> ended": "the war ended",
    "[a link](https://example.com/a_(b)) here": "a link here",
    "![a chart](c.png) here": "a chart here",
    "[a link][1] here\n\n[1]: https://example.com": "a link here\n\n",
    "<https://example.com> and <ann@example.com>": "https://example.com and ann@example.com",
    "**bold**, *it*, ***both***, **bold *and it***, __b__, _i_, ~~s~~, `c`": "bold, it, both, bold and it, b, i, s, c",
    "2 * 3 * 4, 2*3*4, snake_case_name, f**k, ~5": "2 * 3 * 4, 2*3*4, snake_case_name, f**k, ~5",
    "over _the\nend_ of": "over the\nend of",
    "Text.¹ More,²³ said¹,² he.⁴": "Text. More, said he.",
    "the war¹ and peace², it¹ was Ann's² 1914³": "the war and peace, it was Ann's 1914",
    "5 m² of x², km², 10³, sin² and E = mc²": "5 m² of x², km², 10³, sin² and E = mc²",
    "the war[1] and peace.[2][3] So[a] it[citation needed] is[12, 13].": "the war and peace. So it is.",
    "as in [1] and [5, 6] or a[i] = b[2]": "as in [1] and [5, 6] or a[i] = b[2]",
    "the war [1].": "the war.",
    "words[^1] and[^note] so": "words and so",
    "Free* of charge.* And† so‡.": "Free of charge. And so.",
    "5* 3 is M*A*S*H": "5* 3 is M*A*S*H",
    "{HH AH0 L OW1}": "{HH AH0 L OW1}",
}


@pytest.mark.parametrize("marked", PLAIN)
def test_marks_are_left_out(marked):
    assert plain(marked)[0] == PLAIN[marked]


def test_tags_part_lines_and_paragraphs():
    assert plain("<p>Hello</p><br/>World")[0].split() == ["Hello", "World"]
    assert "\n\n" in plain("<p>Hello</p><br/>World")[0]
    assert plain("a<br>b")[0] == "a\u2028b"


def test_a_notice_for_each_kind_that_is_left_out():
    assert plain("Plain *words*.")[1] == []
    assert plain("<p>a</p><b>b</b>[c](http://d.e) fish[1] and[2]")[1] == [
        "left out tags: <p>, <b>",
        "left out the addresses of links",
        "left out the marks of notes",
    ]


@pytest.mark.parametrize(
    "unit",
    [
        "<",
        "<p ",
        "</",
        "<!--",
        "<script>",
        "&amp",
        "[",
        "[a](",
        "[[a",
        "](",
        "*",
        "**a ",
        "a*",
        "_",
        "a_",
        "`",
        "~~a",
        "¹",
        "a¹",
    ]
    + ["[1]", " [1]", "[^", "<sup>1", "![", "<a@", "[1]: /a\n", "†", "{", "(("],
)
def test_any_marks_take_linear_time(unit):
    assert growth(plain, (unit * 60_000)[:60_000]) < QUADRATIC
