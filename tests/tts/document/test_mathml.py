"""MathML as text that the reader of texts knows how to say."""

import pytest

from tts.document.page import Page

X, TWO = "<mi>x</mi>", "<mn>2</mn>"


def formula(markup: str) -> str:
    (paragraph,) = Page(f"<p><math>{markup}</math></p>").paragraphs
    return paragraph.text


@pytest.mark.parametrize(
    "markup, said",
    [
        (f"<msup>{X}{TWO}</msup><mo>+</mo><msub>{X}{TWO}</msub>", "x² + x₂"),
        (f"<msup>{X}<mrow><mi>n</mi><mo>+</mo>{TWO}</mrow></msup>", "$x^{n + 2}$"),
        (f"{TWO}<mfrac><mn>1</mn>{TWO}</mfrac>", "2 1/2"),
        (f"<mfrac>{X}{TWO}</mfrac>", r"$\frac{x}{2}$"),
        (f"<msqrt>{X}</msqrt>", "√x"),
        (f"<msqrt>{X}<mo>+</mo>{TWO}</msqrt>", r"$\sqrt{x + 2}$"),
        (f"<mroot>{X}<mn>3</mn></mroot>", r"$\sqrt[3]{x}$"),
        (f"<munderover><mo>∑</mo>{X}{TWO}</munderover>", r"$\sum_{x}^{2}$"),
        (f"<mfenced>{X}{TWO}</mfenced><mspace/><mphantom>{X}</mphantom>", "(x, 2)"),
        (f"<mtable><mtr><mtd>{X}</mtd><mtd>{TWO}</mtd></mtr></mtable>", "x, 2"),
        (f"{X}<annotation-xml><div><mi>y</mi><br>words</div></annotation-xml>", "x"),
        (f"<mi>f</mi><mo>\u2061</mo><mo>(</mo>{X}<mo>)</mo>", "f ( x )"),
    ],
)
def test_elements_are_signs_or_tex(markup, said):
    assert formula(markup) == said


def test_a_formula_that_does_not_end_ends_with_its_paragraph():
    assert [one.text for one in Page("<p>So <math><msup><mi>x</mi><p>Next.</p>").paragraphs] == ["So x", "Next."]


def test_a_formula_may_be_nested_without_end():
    assert formula("<mrow>" * 50_000 + X + "</mrow>" * 50_000) == "x"
