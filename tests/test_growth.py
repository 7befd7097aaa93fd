import re

from helpers.growth import QUADRATIC, growth

SIGNS = "_" * 4_000


def linear(text):
    return re.sub(r"\w", lambda found: found[0].upper(), text)


def test_linear_work_grows_with_the_text():
    assert growth(linear, SIGNS) < QUADRATIC


def test_a_pattern_that_starts_again_at_every_sign_is_quadratic():
    assert growth(lambda text: (linear(text), re.search(r"\w+!", text)), SIGNS) > QUADRATIC
