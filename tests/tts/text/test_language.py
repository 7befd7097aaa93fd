import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import tiny_german
from helpers.nano import conf
from tts.checkpoint import build
from tts.synthesis.portions import portions
from tts.text.language import CODES, TABLE, language, named

ROOT = Path(__file__).parents[3]
TEXT = "Hr. Müller kauft 5 Hüte, Mützen usw. Heute. Sätze usw. Er zahlt."
SENTENCES = ["Hr. Müller kauft 5 Hüte, Mützen usw. Heute.", "Sätze usw.", "Er zahlt."]


@pytest.fixture
def german(monkeypatch):
    monkeypatch.setitem(TABLE, "german", "helpers.tiny_german:GERMAN")
    return language("german")


def test_an_unknown_language_is_an_error_that_names_the_known():
    with pytest.raises(ValueError, match="unknown language 'klingon'; known are english"):
        language("klingon")


@pytest.mark.parametrize("name", TABLE)
def test_every_language_knows_its_name_and_its_lexicon(name):
    assert language(name).name == name
    assert language(name).lexicon.entries
    assert CODES[language(name).code] == name


def test_sentences_end_by_the_abbreviations_of_the_language(german):
    assert [sentence.text for sentence in german.split(TEXT, 100)] == SENTENCES
    assert [sentence.text for sentence in language("english").split(TEXT, 100)][0] == "Hr."


def test_a_tokenizer_reads_with_the_lexicon_and_letters_of_its_language(german, audio):
    tokenizer = build(tiny_german.SPEC, audio)
    assert tokenizer.language is german
    assert tokenizer.decode(tokenizer.encode("Müller kauft Hüten für.")) == "{M Y L AX} {K AU F T} {H Y T AX} {f ü r}."


def test_a_tokenizers_spec_says_its_language(german, audio):
    spec = json.loads(json.dumps(build(tiny_german.SPEC, audio).spec()))
    assert spec["language"] == "german"
    assert build(spec, audio).encode("Hüte") == build(tiny_german.SPEC, audio).encode("Hüte")


def test_a_spec_from_before_languages_had_names_is_english(audio):
    spec = {key: value for key, value in conf("text/english").items() if key != "language"}
    assert build(spec, audio).language is language("english")
    assert build(spec, audio).spec() == build(conf("text/english"), audio).spec()


def test_a_lexicon_of_another_language_is_an_error(german, audio):
    with pytest.raises(ValueError, match="no lexicon 'cmudict' in german; it has tiny"):
        build({**tiny_german.SPEC, "lexicon": "cmudict"}, audio)


def test_the_pipeline_speaks_what_the_language_says(german):
    parts = list(portions(TEXT, 100, german))
    assert [part.written for part in parts] == SENTENCES
    assert parts[0].words == "Herr Müller kauft fünf Hüte, Mützen usw. Heute."
    assert list(parts[0].notices) == ["read as German"]


def test_no_module_of_english_is_imported_for_another_language():
    script = f"""
import sys
from helpers import tiny_german
from tts.checkpoint import build
from tts.synthesis.portions import portions
from tts.text.language import TABLE
TABLE["german"] = "helpers.tiny_german:GERMAN"
tokenizer = build(tiny_german.SPEC, None)
assert all(tokenizer.encode(part.words) for part in portions({TEXT!r}, 100, tokenizer.language))
assert not [name for name in sys.modules if name.startswith("tts.text.english")]
"""
    passes(script)


def test_neither_language_asks_a_module_of_the_other():
    script = """
import sys
from pathlib import Path
from tts.synthesis.explain import explain, tokenizer_of
english = tokenizer_of(Path("tts/weights"))
assert list(explain("Dr. Lee came.", english, english.language, 200))
assert not [name for name in sys.modules if name.startswith("tts.text.german")]
for name in [name for name in sys.modules if name.startswith("tts.text.english")]:
    del sys.modules[name]
german = english.reading("german")
text = "Am 3. Mai 2024 zahlte Dr. Müller Blorfquax 3,50 € für den Weg."
assert all(said.phonemes for said in explain(text, german, german.language, 200))
assert not [name for name in sys.modules if name.startswith("tts.text.english")]
"""
    passes(script)


@pytest.mark.parametrize(
    ("given", "name"), [("de", "german"), ("de-AT", "german"), ("EN_us", "english"), ("German", "german"), ("fr", None)]
)
def test_languages_are_known_by_name_and_by_code(given, name):
    assert named(given) == name


def test_english_starts_without_what_only_homographs_and_unknown_words_need():
    passes("""
import sys
from tts.text.language import language
english = language()
assert [english.normalise(part.text).text for part in english.split("Dr. Lee came. At 5!", 300)][1] == "At five!"
assert not {"numpy", "torch"} & sys.modules.keys()
assert english.choose("I read it.") and english.guess("zorkian")
""")


def passes(script: str) -> None:
    """Run a script in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": "tests", "PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
