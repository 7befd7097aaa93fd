"""The front door, with everything that people and machines push through it."""

import hashlib
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
import torch

import infer
from helpers import nano
from tts import settings, voices
from tts.audio import decode
from tts.formats import OUTPUTS

FAST = ["steps=1", "retries=0", "sampling.max_codes_per_id=1", "guidance=1", "sampling.guidance=1"]


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return nano.home(tmp_path_factory.mktemp("home"))


@pytest.fixture
def say(home, tmp_path, monkeypatch, capsys):
    """Run the command in an empty folder: exit code and what it said on stderr."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.chdir(tmp_path)

    def run(*argv: str, overrides: tuple[str, ...] = ()) -> tuple[int, str]:
        base = ["--weights", str(home / "weights"), "-v", str(home / "hum.wav")]
        code = infer.main([*base, *argv, "--", *FAST, *overrides])
        return code, capsys.readouterr().err

    return run


def failed(result: tuple[int, str], code: int, *words: str) -> None:
    """One line with the code, the reason and no traceback; nothing written."""
    assert result[0] == code, result
    line = result[1].strip().splitlines()[-1]
    assert line.startswith("infer.py: error: ") and "Traceback" not in result[1], result
    assert all(word in line for word in words), line
    assert not [path for path in Path().iterdir() if path.suffix in OUTPUTS]


def test_speaks_into_every_format(say):
    for suffix in OUTPUTS:
        assert say("Hello.", "-o", f"x{suffix}")[0] == 0
        assert len(decode(f"x{suffix}", 24000)) > 1000


def test_same_seed_same_bytes(say):
    def digest(*argv: str) -> str:
        assert say("Hello there.", "-o", "x.wav", *argv)[0] == 0
        return hashlib.sha256(Path("x.wav").read_bytes()).hexdigest()

    assert digest("--seed", "3") == digest("--seed", "3") != digest("--seed", "4")
    assert digest("--speed", "0.5") != digest()


def test_the_default_name_is_told(say):
    code, said = say("Hello", "there", "world")
    assert code == 0 and "speech.wav" in said and soundfile.info("speech.wav").frames


def test_listening_can_be_turned_off(home):
    def listens(*argv: str) -> bool:
        arguments = infer.make_parser().parse_args(["Hi.", "--weights", str(home / "weights"), *argv])
        return infer.configure(arguments, [])["listen"]

    assert listens() and listens("--listen") and not listens("--no-listen")


def test_options_stand_anywhere(say):
    assert say("Hello", "-o", "x.wav", "there")[0] == 0


def test_reads_files_and_standard_input(say, monkeypatch):
    Path("story.txt").write_text("\ufeffOnce upon a time.\n\nThe end.", "utf-8")
    assert say("story.txt", "-o", "x.wav")[0] == 0
    with open("story.txt") as file:
        monkeypatch.setattr(sys, "stdin", file)
        Path("-").write_text("Not this.")  # a dash is standard input, whatever lies here
        assert say("-", "-o", "y.wav")[0] == 0
    assert Path("x.wav").read_bytes() == Path("y.wav").read_bytes()


def test_quiet_says_nothing(say):
    assert say("Hello ☃ there.", "-q", "-o", "x.wav") == (0, "")
    assert "☃" in say("Hello ☃ there.", "-o", "x.wav")[1]


@pytest.mark.parametrize(
    "argv, words",
    [
        ([], ["no text"]),
        ([""], ["empty"]),
        (["missing.txt"], ["no text file", "missing.txt"]),
        (["story.epub"], ["no text file"]),
        (["hi", "-o", "x.wma"], ["'x.wma'", ".wav, .flac, .ogg"]),
        (["hi", "-o", "x"], [".wav"]),
        (["hi", "-o", "nowhere/x.wav"], ["nowhere", "make it first"]),
        (["hi", "-o", "."], [".wav"]),
        (["hi", "--speed", "0"], ["speed", "0.5 to 2"]),
        (["hi", "--speed", "nan"], ["speed", "nan"]),
        (["hi", "--speed", "inf"], ["speed", "inf"]),
        (["hi", "--speed", "fast"], ["--speed", "fast"]),
        (["hi", "--candidates", "0"], ["candidates", "1 to 64"]),
        (["hi", "--steps", "-1"], ["steps"]),
        (["hi", "--seed", "-1"], ["seed"]),
        (["hi", "--seed", "1e3"], ["--seed"]),
        (["hi", "-v", "nobody"], ["no voice", "'nobody'"]),
        (["hi", "-v", ""], ["voice"]),
        (["hi", "--frobnicate"], ["--frobnicate", "--help"]),
        (["hi", "-o"], ["-o"]),
    ],
)
def test_usage_errors(say, argv, words):
    failed(say(*argv), 2, *words)


@pytest.mark.parametrize(
    "override, word",
    [
        ("nonsense=1", "sampling.temperature"),
        ("+nonsense=1", "nonsense"),
        ("~steps", "steps"),
        ("steps=x", "whole number"),
        ("steps=2.5", "whole number"),
        ("steps=true", "whole number"),
        ("seed=null", "whole number"),
        ("sampling.top_p=7", "0.01 to 1.0"),
        ("sampling=3", "sampling"),
        ("voice=${nothing}", "nothing"),
        ("just words", "key=value"),
        ("", "key=value"),
        ("limits=0", "limits"),
        ("seed=1" + "0" * 400, "seed"),
        ("listen=7", "true or false"),
        ("sampler=newton", "euler, heun, dpm"),
        ("choices=0", "choices"),
        ("threads=0", "1 to 1024"),
        ("pauses.paragraph=-1", "0.0 to 60.0"),
    ],
)
def test_wrong_overrides(say, override, word):
    failed(say("hi", overrides=(override,)), 2, word)


@pytest.mark.parametrize("sentence", ["Open the file notes.txt", "my story.md", "Was it a.txt or b.pdf"])
def test_a_sentence_that_ends_like_a_file_name_is_a_sentence(say, sentence):
    assert say(sentence, "-o", "x.wav")[0] == 0
    assert say(*sentence.split(), "-o", "y.wav")[0] == 0
    assert Path("x.wav").read_bytes() == Path("y.wav").read_bytes()


def test_a_file_among_words_is_one_mistake_or_the_other(say):
    Path("notes.txt").write_text("Hello.")
    failed(say("notes.txt", "please"), 2, "file among words", "quote")
    failed(say("one.txt", "TWO.EPUB"), 2, "'one.txt' and 'TWO.EPUB' look like files")  # neither exists


@pytest.mark.parametrize("suffix", OUTPUTS)
def test_equal_input_gives_equal_bytes_in_every_format(say, suffix):
    written = []
    for name in ("a", "b"):
        assert say("Hello there.", "-o", f"{name}{suffix}")[0] == 0
        written.append(Path(f"{name}{suffix}").read_bytes())
        if suffix == ".ogg":
            time.sleep(1.1)  # a serial number from the clock would be another one
    assert written[0] == written[1]


def test_threads_change_bytes_only_if_asked_to(say):
    """As many threads as the machine offers would give other bytes on other machines."""

    def spoken(*argv: str) -> bytes:
        assert say("A somewhat longer sentence, which is cut in two.", "-o", "x.wav", *argv)[0] == 0
        return Path("x.wav").read_bytes()

    plain = spoken()
    try:
        torch.set_num_threads(4)
        assert spoken() == plain and torch.get_num_threads() == 1
        spoken("--threads", "2")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


@pytest.mark.parametrize("link", [None, os.symlink, os.link])
def test_what_is_read_is_not_overwritten(say, home, link):
    Path("voice").mkdir()
    recording = nano.hum(Path("voice/me.wav"))
    before = recording.read_bytes()
    output = "voice/me.wav"
    if link:
        link(recording.resolve(), "other.wav")
        output = "other.wav"
    for voice in ("voice/me.wav", "voice"):
        code, said = say("Hello.", "-v", voice, "-o", output)
        assert code == 2 and "would overwrite" in said and recording.read_bytes() == before
    Path("text.wav").write_text("Hello.")
    failed_text = say("text.wav", "-o", "text.wav")
    assert failed_text[0] == 2 and "would overwrite" in failed_text[1] and Path("text.wav").read_text() == "Hello."
    assert say("Hello.", "-v", "voice", "-o", "voice/new.wav")[0] == 0


def test_an_output_that_is_a_link_is_written_through(say):
    Path("real").mkdir()
    Path("x.wav").symlink_to("real/y.wav")
    assert say("Hello.", "-o", "x.wav")[0] == 0
    assert Path("x.wav").is_symlink() and soundfile.info("real/y.wav").frames and os.listdir("real") == ["y.wav"]


def test_a_folder_that_refuses_files_is_told_at_once(say, monkeypatch):
    Path("locked").mkdir(mode=0o500)
    if os.access("locked", os.W_OK):  # root may write everywhere, so ask as anybody else
        monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "locked")
    Path("x.wav").symlink_to("locked/y.wav")
    for output in ("locked/x.wav", "x.wav"):
        code, said = say("Hello.", "-o", output)
        assert code == 2 and "locked" in said and "give -o another folder" in said


def test_formats_are_read_and_other_kinds_refused(say):
    Path("a.html").write_text("<html><body><h1>Hello</h1><p>there.</p></body></html>")
    Path("a.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n\n2\n00:00:05,000 --> 00:00:06,000\nthere.\n")
    Path("a.txt").write_text("Hello\n\nthere.")
    for name in ("a.html", "a.srt", "a.txt"):
        assert say(name, "-o", f"{name}.wav")[0] in (0, 3)  # 3: nano nets do not say what they should
    for name in ("a.html", "a.srt"):  # these are narrated, plain text is spoken
        assert Path(f"{name}.narration", "player.html").is_file()
    assert not Path("a.txt.narration").exists()
    for output in Path().glob("*.wav"):
        output.unlink()
    Path("a.odt").write_text("{\\rtf1 Hello}")
    failed(say("a.odt"), 1, ".odt", "save it as EPUB or plain text")


@pytest.mark.parametrize(
    "data, words",
    [
        (b"", ["empty"]),
        (b" \n\t ", ["empty"]),
        (b"\x89PNG\r\n\x1a\n\0\0\0", ["zero bytes"]),
        ("Déjà vu".encode("latin1"), ["UTF-8", "byte 1", "iconv"]),
        ("Hello".encode("utf-16")[:-1], ["UTF-16", "byte 10"]),
        (b"x" * 1_000_000, ["1000000 characters"]),
        (b"a " * 9_000_000, ["16000000 are spoken"]),
        (b"*** --- !!!", ["no voice can say"]),
        ("Съешь же ещё этих мягких французских булок.".encode(), ["no voice can say"]),
        ("床前明月光，疑是地上霜。".encode(), ["no voice can say"]),
    ],
    ids=range(10),
)
def test_files_that_hold_no_speakable_text(say, data, words):
    Path("input.txt").write_bytes(data)
    failed(say("input.txt"), 1, *words)


def test_a_folder_is_named(say):
    Path("a.txt").mkdir()
    failed(say("a.txt"), 2, "'a.txt' is a folder")


def test_utf_16_is_read_by_its_mark(say):
    for encoding in ("utf-16", "utf-8"):
        Path("a.txt").write_bytes("Hello. Déjà vu.".encode(encoding))
        assert say("a.txt", "-o", f"{encoding}.wav")[0] == 0
    assert Path("utf-16.wav").read_bytes() == Path("utf-8.wav").read_bytes()


def test_explains_what_will_be_said(say, home, capsys):
    Path("a.txt").write_text("# No. 5\n\n1. Apples ☃\n2. Pears ☃☃\n\n***\n\n☃")
    Path("own.txt").write_text("pears, {P EH1 R}\n")
    flags = ["--weights", str(home / "weights"), "--explain", "--lexicon", "own.txt"]
    assert infer.main([*flags, "--json", "a.txt"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["text"] for line in lines] == ["No. 5", "1. Apples ☃", "2. Pears ☃☃", "☃"]
    assert [line["words"] for line in lines] == ["number five.", "one. Apples.", "two. {P EH1 R}.", ""]
    assert [line["phonemes"] for line in lines[1:]] == ["{W AH N}. {AE P AH L Z}.", "{T UW}. {P EH R}.", ""]
    assert [line["pause"] for line in lines] == ["heading", "line", "scene", None]
    assert [len(line["notices"]) for line in lines] == [0, 1, 0, 1]  # once for a kind; nothing to say
    assert infer.main([*flags, "a.txt"]) == 0
    assert "pause     scene, 1.50 s" in capsys.readouterr().out
    assert not list(Path().glob("*.wav"))


def test_german_is_read_by_its_letters_or_if_asked_for(say, home, capsys):
    def words(*arguments: str) -> str:
        assert infer.main(["--weights", str(home / "weights"), "--explain", "--json", *arguments]) == 0
        return " ".join(json.loads(line)["words"] for line in capsys.readouterr().out.splitlines())

    assert words("Es kostet 3,50 € am 3. Mai.") == "Es kostet drei Euro fünfzig am dritten Mai."
    assert words("Nr. 5") == words("Nr. 5", "--language", "en") == "Nr. five."
    assert words("Nr. 5", "--language", "de") == "Nummer fünf."
    assert words("It cost 5 €.") == "It cost five euros."
    failed(say("Hello.", "--language", "fr"), 2, "language is 'fr'; it must be one of auto, en, de")


def test_english_weights_speak_german_and_say_what_they_lack(say):
    code, told = say("Schöne Grüße aus Köln, liebe Freunde.", "-o", "a.wav")
    assert code == 0 and Path("a.wav").stat().st_size > 1000
    assert "read as German; phones that these weights lack are said as the nearest of English: A, AEH, EE" in told


def test_a_voice_of_the_language_speaks_where_none_is_named(say, home, tmp_path, monkeypatch, capsys):
    for name in ("kathleen", "kerstin"):
        nano.nobody(tmp_path / f"{name}.safetensors", home / "weights")
    monkeypatch.setattr(voices, "FOLDER", tmp_path)
    flags = ["--weights", str(home / "weights"), "-q"]

    def who(text: str, *more: str) -> str:
        assert infer.main([*flags, text, *more, "-o", "a.flac", "--", *FAST]) == 0, capsys.readouterr().err
        with av.open("a.flac") as file:
            return file.metadata["comment"]

    assert "kathleen" in who("It sang.") and "kerstin" in who("Schöne Grüße aus Köln.")
    assert "kathleen" in who("Schöne Grüße aus Köln.", "-v", "kathleen")
    (tmp_path / "kerstin.safetensors").unlink()
    assert "kathleen" in who("Schöne Grüße aus Köln.")


def test_a_text_that_comes_in_pieces_is_looked_at_before_it_is_read():
    pieces = iter(["Guten ", "Tag. ", "Wie geht es?"])
    first, whole = infer.begun(pieces)
    assert first == "Guten Tag. " and "".join(whole) == "Guten Tag. Wie geht es?"


def test_explaining_needs_no_torch(home):
    code = "import infer, sys; infer.main(sys.argv[1:]); assert 'torch' not in sys.modules"
    flags = ["--weights", str(home / "weights"), "--explain", "Hello."]
    done = subprocess.run([sys.executable, "-c", code, *flags], capture_output=True, text=True, cwd=infer.settings.ROOT)
    assert done.returncode == 0 and "{HH AH L OW}." in done.stdout, done.stderr


def test_json_is_for_explaining(say):
    failed(say("Hello.", "--json"), 2, "--json needs --explain")


def test_the_users_readings_are_spoken(say):
    Path("own.txt").write_text("Nguyen, win\n")
    for text, flags in (("Nguyen.", ["--lexicon", "own.txt"]), ("win.", []), ("Nguyen.", [])):
        assert say(text, "-o", f"{text}{len(flags)}.wav", *flags)[0] == 0
    first, same, other = (Path(f"{name}.wav").read_bytes() for name in ("Nguyen.2", "win.0", "Nguyen.0"))
    assert first == same != other
    failed_one = say("Hello.", "--lexicon", "none.txt", "-o", "none.wav")
    assert failed_one[0] == 1 and "no lexicon 'none.txt'" in failed_one[1]


@pytest.mark.parametrize(
    "text",
    [
        "A",
        "-5 degrees",
        "Null\0byte",
        "lone \ud800 surrogate",
        "zalgo h̷̢e̴l̵l̶o",
        "\u202eright to left\u202c",
        "a" * 90,
        "So " * 60,
        "null",
        "text=1984, 'quoted' ${x} {AH0}",
        "/etc/no/such/file",
        "😀 smile",
        "Say {QQ XX}.",
    ],
    ids=range(13),
)
def test_odd_texts_are_spoken(say, text):
    code, said = say(text)
    assert code == 0 and soundfile.info("speech.wav").frames > 0, said


@pytest.mark.parametrize("name", ["new\nline.wav", "\x1b[31mred.wav", "-dash.wav", "quo'te\".wav", "é😀.wav", " .wav"])
def test_hostile_file_names(say, name):
    code, said = say("Hi.", f"--output={name}")
    assert code == 0 and Path(name).is_file() and "\x1b" not in said and said.endswith(": 0.1 s\n")


def test_clips_that_are_none(say, tmp_path):
    (tmp_path / "fake.dat").write_bytes(b"RIFF....WAVEnot really")
    failed(say("hi", "-v", "fake.dat"), 1, "fake.dat")
    (tmp_path / "empty").mkdir()
    failed(say("hi", "-v", "empty"), 2, "no recordings")
    (tmp_path / "empty" / "bad.wav").write_bytes(b"RIFF....WAVEnot really")
    failed(say("hi", "-v", "empty", "--weights", str(tmp_path)), 1, "bad.wav")  # found before the nets load


def test_a_recording_that_cannot_be_read_is_left_out(say, home, tmp_path):
    folder = tmp_path / "voice"
    folder.mkdir()
    nano.hum(folder / "b.wav")
    (folder / "._b.wav").write_bytes(b"\0\5\x16\7 made by macOS")
    (folder / "a.m4b").write_bytes(b"no audio book")
    code, said = say("Hello.", "-v", "voice", "-o", "x.wav")
    assert code == 0 and said.count("left out") == 1 and "a.m4b" in said and "._b" not in said


def test_weights_that_are_missing_or_broken(say, home, tmp_path):
    failed(say("hi", "--weights", "nowhere"), 1, "nowhere", "--weights")
    folder = nano.weights(tmp_path / "weights")
    (folder / "gpt.safetensors").write_bytes((folder / "gpt.safetensors").read_bytes()[:5000])
    failed(say("hi", "--weights", str(folder)), 1, "gpt.safetensors")
    (folder / "gpt.safetensors").unlink()
    failed(say("hi", "--weights", str(folder)), 1, "no checkpoint", "gpt.safetensors")


def test_a_voice_of_other_weights(say, tmp_path):
    from tts.records import SpeakerLatents

    card = voices.About(
        name="old", gender="other", description="", source="", licence="", made="", fingerprint="0" * 64
    )
    voices.save(
        tmp_path / "old.safetensors", SpeakerLatents(np.zeros((1, 1), np.float32), np.zeros((1, 1), np.float32)), card
    )
    failed(say("hi", "-v", "old.safetensors"), 1, "other weights", "tts.voices make")


def test_an_error_leaves_an_earlier_file_alone(say):
    assert say("Hello.", "-o", "x.wav")[0] == 0
    before = Path("x.wav").read_bytes()
    assert say("*** ---", "-o", "x.wav")[0] == 1
    assert Path("x.wav").read_bytes() == before and os.listdir() == ["x.wav"]


def test_every_default_is_within_its_limits():
    conf = settings.compose([])
    values = settings.flatten({key: value for key, value in conf.items() if key not in settings.RULES})
    free = {"weights", "voice", "voices.en", "voices.de", "engine", "device", "listen"}
    assert conf["limits"].keys() | conf["choices"].keys() | free == values.keys()


def test_help_and_usage_errors_come_at_once_and_without_torch():
    script = "import sys, infer; code = infer.main(sys.argv[1:]); assert 'torch' not in sys.modules; sys.exit(code)"
    wrong = subprocess.run(
        [sys.executable, "-c", script, "hi", "--speed", "0"], cwd=settings.ROOT, capture_output=True, text=True
    )
    assert wrong.returncode == 2 and wrong.stderr.count("\n") == 1, wrong.stderr
    assert "Traceback" not in wrong.stderr
    told = subprocess.run([sys.executable, "infer.py", "--help"], cwd=settings.ROOT, capture_output=True, text=True)
    assert told.returncode == 0 and "examples:" in told.stdout
    assert (
        subprocess.run([sys.executable, "infer.py", "--version"], cwd=settings.ROOT, capture_output=True).returncode
        == 0
    )


@pytest.fixture
def listened(say, monkeypatch):
    """Run the command with bytes on standard input: exit code, what it wrote to standard output, what it said."""

    def run(*argv: str, text: io.RawIOBase | None = None) -> tuple[int, bytes, str]:
        heard = io.BytesIO()
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", io.TextIOWrapper(heard, write_through=True))
            if text:
                patched.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(text)))
            code, said = say(*argv)
            return code, heard.getvalue(), said

    return run


class Written(io.RawIOBase):
    """Bytes that come in these parts."""

    def __init__(self, *parts: bytes):
        self.parts = list(parts)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        part = self.parts.pop(0) if self.parts else b""
        buffer[: len(part)] = part
        return len(part)


def test_streamed_speech_is_what_a_file_holds(say, listened):
    words = "Hello there. How are you today?"
    assert say(words, "-o", "x.wav")[0] == 0
    wav, raw = (listened(words, "--stream", *more) for more in ([], ["--raw"]))
    assert wav[0] == raw[0] == 0, wav
    Path("y.wav").write_bytes(wav[1])
    whole, rate = soundfile.read("x.wav", dtype="int16")
    assert rate == 24000 and np.array_equal(decode("y.wav", rate), (whole / 32768.0).astype(np.float32))
    assert raw[1] == whole.tobytes() == wav[1][-len(raw[1]) :]
    assert b"Synthetic speech" in wav[1][:100]


def test_text_from_a_pipe_is_spoken_in_whatever_pieces_it_comes(listened):
    words = "One thing is säid. And then there is more.".encode()
    whole = listened(words.decode(), "--stream", "--raw")
    parts = (words[:16], words[16:20], words[20:])  # the first ends inside a letter
    assert listened("-", "--stream", "--raw", text=Written(*parts)) == whole and whole[0] == 0


def player(folder: Path, monkeypatch, script: str) -> Path:
    """A program that stands in for one that plays sound; nothing else is found."""
    folder.mkdir()
    program = folder / "aplay"
    program.write_text(f"#!{sys.executable}\nimport sys\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return folder / "heard"


def test_it_plays_through_a_program(say, tmp_path, monkeypatch):
    heard = player(
        tmp_path / "bin", monkeypatch, "open(sys.argv[0][:-5] + 'heard', 'wb').write(sys.stdin.buffer.read())"
    )
    assert say("Hello there.", "-o", "x.wav")[0] == 0
    assert say("Hello there.", "--play")[0] == 0
    assert heard.read_bytes() == soundfile.read("x.wav", dtype="int16")[0].tobytes()


def test_a_program_that_cannot_play_says_why(say, tmp_path, monkeypatch):
    player(tmp_path / "bin", monkeypatch, "sys.exit('audio open error: Device or resource busy')")
    failed(say("Hello there.", "--play"), 1, "aplay cannot play", "Device or resource busy")


def test_a_player_that_is_closed_ends_it_quietly(say, tmp_path, monkeypatch):
    player(tmp_path / "bin", monkeypatch, "sys.stdin.buffer.read(10)")
    assert say("Hello there. " * 20, "--play", "-q") == (0, "")


def test_without_a_program_to_play_the_known_ones_are_named(say, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    failed(say("Hello.", "--play"), 1, "no program here plays sound", "aplay", "ffplay")


@pytest.mark.parametrize(
    "argv, word",
    [
        (["--play", "--stream"], "give one"),
        (["--play", "-o", "x.wav"], "leave out -o"),
        (["--stream", "-o", "x.wav"], "leave out -o"),
        (["--raw"], "--raw needs --stream"),
    ],
)
def test_ways_to_listen_that_do_not_go_together(say, argv, word):
    failed(say("Hello.", *argv), 2, word)


def test_streaming_to_a_terminal_is_refused(say, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    failed(say("Hello.", "--stream"), 2, "terminal", "--play")


@pytest.mark.parametrize(
    "text, words", [(b"", "empty"), (b"caf\xe9 \xff and more words", "UTF-8"), (b"*** ---", "no voice can say")]
)
def test_a_pipe_without_text_is_one_line(listened, text, words):
    code, heard, said = listened("-", "--stream", text=Written(text))
    errors = [line for line in said.splitlines() if "note: silero-vad" not in line]  # whoever first clones the voice
    assert code == 1 and heard == b"" and len(errors) == 1 and words in errors[0]
