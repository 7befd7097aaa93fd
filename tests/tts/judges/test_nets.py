"""The nets of this project as recognisers."""

import pytest
import torch

from helpers import nano
from helpers.fake_judges import marked_wave
from tts.judges.judge import Expected
from tts.judges.nets import CodecCtc, GptRecogniser, spell_phones
from tts.judges.panel import Evidence, Panel
from tts.judges.table import make_recogniser
from tts.judges.wer import normalised_words, symbols


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return nano.weights(tmp_path_factory.mktemp("weights"))


@pytest.mark.parametrize(
    ("name", "kind", "meant", "count"),
    [("ctc", CodecCtc, "{HH AH L OW W ER L D}", 8), ("gpt", GptRecogniser, "{HH AH L OW} {W ER L D}", 9)],
)
def test_our_own_nets_hear_phones(weights, tmp_path, name, kind, meant, count):
    recogniser = make_recogniser(name, weights)
    assert isinstance(recogniser, kind)
    with Panel({"heard": recogniser}, cache=tmp_path, workers=1) as panel:
        heard = panel.ask([Evidence(marked_wave(0, 24000))], 24000, "test")[0]["heard"]
    assert symbols(normalised_words(heard)) == [] or heard.startswith("{")
    assert recogniser.spell("Hello, world.") == meant
    figures = recogniser.figures(meant, Expected("Hello, world."))
    assert (figures["character_edits"], figures["characters"]) == (0, count)
    assert (figures["word_edits"] is None) == (name == "ctc")
    assert recogniser.figures(None, Expected("Hello, world."))["character_edits"] == count


def test_the_best_path_has_no_blanks_and_no_repeats(weights, monkeypatch):
    recogniser = CodecCtc(weights / "dvae.safetensors")
    ids = [id for id in recogniser.tokenizer.encode("oh") if id not in recogniser.tokenizer.silent_ids]
    path = torch.tensor([0, ids[0], ids[0], 0, ids[0], 0, 0])
    scores = torch.nn.functional.one_hot(path, recogniser.tokenizer.vocab_size).float()[None]
    net = recogniser.loaded.net
    monkeypatch.setattr(net, "forward", lambda mel: type("Out", (), {"ctc": scores}))
    assert recogniser.transcribe(torch.zeros(24000), 24000) == spell_phones(recogniser.tokenizer, [ids[0], ids[0]])


def test_a_place_names_the_file_or_the_folder(tmp_path):
    assert make_recogniser("ctc=a/b", tmp_path) == CodecCtc(type(tmp_path)("a/b"))
    assert make_recogniser("ctc", tmp_path) == CodecCtc(tmp_path / "dvae.safetensors")
    assert make_recogniser("gpt", tmp_path) == GptRecogniser(tmp_path)
