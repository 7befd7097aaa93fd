"""Writers through transformers, on tiny nets of the classes of the originals, which are made and saved here."""

import json

import pytest

from helpers.pretrained import gpt_neo, llama, t5
from tts.shows.models.open import open_writer
from tts.shows.models.protocols import ASSISTANT, SYSTEM, USER, Message

pytestmark = pytest.mark.slow
pytest.importorskip("transformers")

TALK = [Message(SYSTEM, "You tell stories."), Message(USER, "A fox and a crow.")]
MADE = {"t5": t5, "gpt_neo": gpt_neo, "llama": llama}


@pytest.fixture(scope="module", params=MADE)
def folder(request, tmp_path_factory):
    return MADE[request.param](tmp_path_factory.mktemp(request.param) / request.param)


def test_a_folder_writes_and_equal_seeds_are_equal_draws(folder):
    writer = open_writer(str(folder))
    first = writer.write(TALK, tokens=12, seed=1)
    assert first.text and 0 < first.tokens_out <= 12 and first.tokens_in > 5
    assert open_writer(str(folder)).write(TALK, tokens=12, seed=1) == first
    assert writer.write(TALK, tokens=12, seed=2) != first
    assert writer.name.startswith(folder.name)


def test_a_text_that_is_too_long_for_the_net_is_cut(folder):
    written = open_writer(str(folder)).write([Message(USER, "The fox ran. " * 400)], tokens=8, seed=1)
    assert written.tokens_in <= 128 and written.tokens_out <= 8


def test_only_what_learned_no_chat_has_its_sentences_begun(tmp_path):
    assert not open_writer(str(t5(tmp_path / "t5"))).small
    assert open_writer(str(gpt_neo(tmp_path / "neo"))).small
    chat = open_writer(str(llama(tmp_path / "llama")))
    assert not chat.small
    begun = chat._prompt([*TALK, Message(ASSISTANT, "Once upon")], None)
    assert begun.endswith("Once upon") and "A fox and a crow." in begun


def test_weights_that_could_hold_code_and_code_of_a_folder_are_refused(tmp_path):
    folder = gpt_neo(tmp_path / "neo")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"auto_map": {"AutoModel": "mine.Net"}}))
    with pytest.raises(ValueError, match="code of its own"):
        open_writer(str(folder))
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ValueError, match="no weights as safetensors .*pytorch_model.bin"):
        open_writer(str(folder))
    with pytest.raises(ValueError, match="no writer '/nowhere'"):
        open_writer("/nowhere")
