"""`infer.py translate` on nano nets, whose file says that they learned to translate."""

import io
from pathlib import Path
from types import SimpleNamespace

import pytest
import soundfile

import infer
from gpt.sequence import parse_task
from helpers import nano, narrating
from helpers.bilingual import SENTENCES
from helpers.translating import learn
from tts import voices
from tts.translation.translator import Translator, learned_tasks, routes

TASKS = {
    "tts": ["speaker", "text", "speech*"],
    "mt_en_de": ["text[en]", "text[de]*"],
    "asr_en": ["speech[en]", "text[en]*"],
    "s2st_de_en": ["speech[de]", "text[de]*", "text[en]*", "speech[en]*"],
}


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    nano.weights(folder / "weights", german=True, tasks=TASKS)
    sentences = [{"en": english, "de": german} for english, german in SENTENCES[:8]]
    learn(folder / "weights" / "gpt.safetensors", {"mt_en_de": TASKS["mt_en_de"]}, sentences, steps=60)
    nano.hum(folder / "hum.wav", seconds=3.0)
    narrating.voice(folder, "kathleen", seed=1)
    return folder


@pytest.fixture
def translate(home, tmp_path, monkeypatch, capsys):
    """Run the command in an empty folder: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(voices, "FOLDER", home)

    def run(*argv: str) -> tuple[int, str, str]:
        code = infer.main(["translate", *argv, "--weights", str(home / "weights"), "--beams", "2"])
        return code, *capsys.readouterr()

    return run


def test_ways_are_found_among_the_tasks():
    tasks = [parse_task(name, segments, 1.0) for name, segments in TASKS.items()]

    def names(given: str, target: str) -> list[list[str]]:
        return [[task.name for task in way] for way in routes(tasks, given, target)]

    assert names("text[en]", "de") == [["mt_en_de"]]
    assert names("speech[de]", "en") == [["s2st_de_en"]]
    assert names("speech[en]", "de") == [["asr_en", "mt_en_de"]]
    assert names("text[de]", "en") == []


def test_a_translator_gives_what_its_net_has_learned_sentence_by_sentence(home):
    translator = Translator(home / "weights")
    assert list(translator.text("The bee sings. The lamp sleeps.", "en", "de")) == [
        ("The bee sings.", "Biene singt."),
        ("The lamp sleeps.", "Lampe schläft."),
    ]
    with pytest.raises(ValueError, match="never learned text from de to en; pairs are en to de"):
        list(translator.text("Hallo.", "de", "en"))
    wave, _ = soundfile.read(home / "hum.wav", dtype="float32")
    letters = {translator.tokenizer.symbols[id] for id in translator._tokenizer("en").written_ids}
    assert set(translator.speech(wave, "de", "en").lower()) <= letters


def test_texts_are_translated_to_text_and_to_sound(translate, monkeypatch):
    asked = ("The bee sings. The lamp falls.", "--to", "German")
    assert translate(*asked)[:2] == (0, "Biene singt. Lampe fällt.\n")
    assert translate(*asked, "-o", "a.txt")[:2] == (0, "")
    assert Path("a.txt").read_text("utf-8") == "Biene singt. Lampe fällt.\n"
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(asked[0].encode())))
    assert translate("-", "--to", "de")[1] == "Biene singt. Lampe fällt.\n"
    code, _, told = translate("The bee sings.", "--to", "de", "-o", "a.flac")
    assert code == 0, told
    assert soundfile.info("a.flac").duration > 0.1


@pytest.mark.parametrize(
    ("argv", "code", "told"),
    [
        (["Hi.", "--to", "fr"], 2, "--to 'fr' is no language that is known here: en, de"),
        (["Hi.", "--to", "de", "--from", "xx"], 2, "--from 'xx' is no language"),
        (["Guten Tag, wie geht es Ihnen?", "--to", "de"], 1, "the text is in de already"),
        (["Guten Tag, wie geht es Ihnen?", "--to", "en"], 1, "never learned text from de to en"),
        ([" ", "--to", "de"], 2, "the text is empty"),
        (["nowhere.mp3", "--to", "en"], 2, "no recording 'nowhere.mp3'"),
        (["Hi.", "--to", "de", "-o", "a.midi"], 2, "cannot write 'a.midi'"),
        (["Hi.", "--to", "de", "-v", "kathleen"], 2, "--voice needs sound"),
    ],
)
def test_what_cannot_be_done_is_one_line(translate, argv, code, told):
    found, said, line = translate(*argv)
    assert (found, said) == (code, "") and line.count("\n") == 1 and told in line


def test_an_empty_recording_is_one_line(translate):
    pytest.importorskip("silero_vad")
    soundfile.write("silence.wav", [0.0] * 48000, 24000)
    code, _, told = translate("silence.wav", "--to", "en")
    assert code == 1 and told.count("\n") == 1 and "nobody speaks in it" in told
    Path("nothing.wav").write_bytes(b"")
    code, _, told = translate("nothing.wav", "--to", "en")
    assert code == 1 and told.count("\n") == 1


def test_weights_that_never_learned_it_say_so(tmp_path, home, capsys):
    assert infer.main(["translate", "Hello.", "--to", "de"]) == 1
    assert "never learned to translate (they learned to speak and to listen)" in capsys.readouterr().err
    assert [task.name for task in learned_tasks(home / "weights")] == sorted(TASKS)
