"""chrF of what a nano GPT has learned by heart."""

import json

import pytest

from helpers import nano
from helpers.bilingual import SENTENCES, table
from helpers.translating import learn
from tts.evaluate.__main__ import main
from tts.evaluate.commands.translation import HYPOTHESES

pytest.importorskip("sacrebleu")
TASKS = {"mt_en_de": ["text[en]", "text[de]*"]}


def test_sentences_that_are_known_have_all_their_letters_right(tmp_path, capsys):
    nano.weights(tmp_path / "weights", german=True, tasks=TASKS)
    sentences = [{"en": english, "de": german} for english, german in SENTENCES[:8]]
    learn(tmp_path / "weights" / "gpt.safetensors", TASKS, sentences, steps=60)
    rows = [(english, f"Etwas anderes.|{german}") for english, german in SENTENCES[:8]]
    argv = ["translation", str(table(tmp_path / "test.tsv", rows)), "--weights", str(tmp_path / "weights")]
    out = tmp_path / "out"
    assert main([*argv, "-o", str(out), "--limit", "6"]) == 0
    (figure,) = json.loads((out / "translation.json").read_text("utf-8"))["figures"]
    assert (figure["from"], figure["to"], figure["sentences"]) == ("en", "de", 6) and figure["chrF"] > 95
    lines = (out / HYPOTHESES).read_text("utf-8").splitlines()
    assert main([*argv, "-o", str(out)]) == 0  # goes on, and asks only for what is new
    assert (out / HYPOTHESES).read_text("utf-8").splitlines()[:6] == lines[:6] and len(lines) == 6
    wrong = table(tmp_path / "wrong.tsv", [("Only one.",)])
    assert main(["translation", str(wrong), "-o", str(out)]) == 1
    assert "wrong.tsv, line 2: a line has a text in each of en, de" in capsys.readouterr().err


def test_weights_that_never_learned_it_say_so(tmp_path, capsys):
    assert main(["translation", str(table(tmp_path / "test.tsv", SENTENCES[:2])), "-o", str(tmp_path / "out")]) == 1
    assert "never learned to translate" in capsys.readouterr().err
