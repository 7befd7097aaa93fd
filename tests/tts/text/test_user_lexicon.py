"""The user's readings go before all rules."""

import pytest

from tts import settings
from tts.text.tokenizer import PhonemeTokenizer
from tts.text.user_lexicon import UserLexicon

ENTRIES = """# a comment

gif, JH IH1 F
Nguyen,win
IBM\teye bee em\t
NG, N G
bass, B EY1 S, guitar band
bass, bass fish
St. Kitts, saint kits
shh, {SH}
$100, a hundred bucks
"""
SAID = {
    "A GIF, two gifs and the gif's end.": "A {JH IH1 F}, two gifs and the {JH IH1 F S} end.",
    "Nguyen's, not nguyen or Nguyens.": "win's, not nguyen or Nguyens.",
    "IBM of NG": "eye bee em of N G",
    "His bass guitar. ": "His {B EY1 S} guitar.",
    "A bass.": "A bass fish.",
    "St. Kitts for $100": "saint kits for a hundred bucks",
    "shh!": "{SH}!",
}


@pytest.fixture(scope="module")
def tokenizer():
    from omegaconf import OmegaConf

    spec = OmegaConf.to_container(OmegaConf.load(settings.CONF / "text" / "english.yaml"))
    return PhonemeTokenizer(**{key: value for key, value in spec.items() if key != "name"})


def lexicon(tmp_path, tokenizer, text):
    (tmp_path / "own.txt").write_text(text, encoding="utf-8")
    return UserLexicon.read(tmp_path / "own.txt", tokenizer)


def test_readings_go_before_the_rules(tmp_path, tokenizer):
    language = lexicon(tmp_path, tokenizer, ENTRIES).before(tokenizer.language)
    assert {text: language.normalise(text).text for text in SAID} == SAID


def test_no_entries_change_nothing(tmp_path, tokenizer):
    assert lexicon(tmp_path, tokenizer, "# nothing").apply("A bass.") == "A bass."


@pytest.mark.parametrize(
    ("text", "reason"),
    [("word", "own.txt, line 1.*is no entry"), ("\nword, {ZZ}", "line 2.*no phone"), (", reading", "is no entry")],
)
def test_what_is_no_entry_is_named(tmp_path, tokenizer, text, reason):
    with pytest.raises(ValueError, match=reason):
        lexicon(tmp_path, tokenizer, text)


def test_a_file_that_is_not_there_is_named(tmp_path, tokenizer):
    with pytest.raises(ValueError, match="no lexicon .*none.txt"):
        UserLexicon.read(tmp_path / "none.txt", tokenizer)
