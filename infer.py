"""Speak a text: `uv run infer.py "Hello there." -o hello.wav`.

Torch takes seconds to import, so everything that can be wrong with a command line is found before that. Where it is
not installed, exported nets speak (`tts.engine`).
"""

import argparse
import codecs
import errno
import json
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from tts import document, settings, voices
from tts.cli import FAILED, INTERRUPTED, MISUSED, Parser, UsageError, complain, printable, run_as_program
from tts.engine.choice import Nets
from tts.formats import OUTPUTS
from tts.synthesis.live import Live, endless_wav, find_player, playing

if TYPE_CHECKING:
    import numpy as np


FILE_SUFFIXES = document.FORMATS.keys() | document.REFUSED.keys()  # a word that ends in one of them names a file
PLAIN = document.FORMATS[".txt"]
BOOK_FLAGS = (
    "voice",
    "language",
    "lexicon",
    "seed",
    "speed",
    "engine",
    "device",
    "threads",
    "weights",
)  # narration's, too
BOOK_SETTINGS = ("candidates", "listen", "steps", "guidance")  # of conf/infer.yaml
MAX_CHARS = 16_000_000  # about five times War and Peace
LONG = 120  # seconds of speech, after which advice on speed is worth a line
WHOLE_INSTALL = "run `uv run infer.py` without --only-group speak and --engine"
BEGINNING = 80  # characters of a text that comes in pieces, by which its language is known
CHUNK = 1 << 16  # bytes of standard input that are read at once, at most
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
EXAMPLES = """\
examples:
  uv run infer.py "The quick brown fox jumps over the lazy dog." -o fox.wav
  uv run infer.py chapter.txt -v lj -o chapter.flac        a text file, another voice
  uv run infer.py book.epub -o book.m4b                    an audiobook with chapters; run it again to go on
  uv run infer.py "Hello." -v me.m4a                       the voice of a recording, or of a folder of them
  fortune | uv run infer.py - -o fortune.ogg               text from a pipe
  uv run infer.py "Hello." --play                          at once, through the loudspeakers
  chat | uv run infer.py - --stream | aplay                sentence by sentence, while the text is being written
  uv run infer.py "Take your time." --speed 0.85 --candidates 4 --seed 7
  uv run infer.py "The word {HH AH0 L OW1} is spelt in phonemes."
  uv run infer.py --explain "Dr. No, 5'11\"."               what will be said, without speaking; --json for programs
  uv run infer.py "Guten Tag." --language de               German; without the flag the letters of a text decide
  uv run infer.py book.txt --lexicon names.txt             your readings first: Nguyen, win (a word and its reading)
  uv run infer.py "Livelier." -- sampling.temperature=0.9 pause=0.5
  uv run --only-group speak infer.py "Hello."              without torch, by exported nets; docs/speed.md
  uv run --group listen infer.py transcribe talk.m4a       what is said in a recording; docs/listening.md
  uv run infer.py translate "Good morning." --to de --weights DIR   with weights that learned it; docs/translation.md
  uv run --group server infer.py serve                     OpenAI's audio API at http://127.0.0.1:8000; docs/serve.md
Every setting after -- is in conf/infer.yaml. The same text, voice, seed and settings give the same bytes on the same
kind of processor, however many cores it has. Another number of --threads gives other bytes, which sound alike.
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit code: 0, 1 failure, 2 usage, 130 interrupted."""
    try:
        return run(sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:
        return fail("interrupted; nothing was written", INTERRUPTED)
    except UsageError as error:
        return fail(error, MISUSED)
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno in FULL:
            return fail(f"no space left to write {error.filename or 'the output'}: free some; nothing was written")
        return fail(f"{error.strerror or error}: {error.filename}" if error.filename else error)
    except ValueError as error:
        return fail(error)
    except ModuleNotFoundError as error:
        return fail(f"this needs {error.name}, which is not installed: {WHOLE_INSTALL}")
    except MemoryError:
        return fail("out of memory; close other programs, or give a shorter recording")
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        return fail(f"unforeseen {type(error).__name__}: {error}; please report it (python -X dev shows where)")


def terminate(signum: int, frame: object) -> None:
    """Unwind as Ctrl-C does, so that temporary files go."""
    raise KeyboardInterrupt


def fail(reason: object, code: int = FAILED) -> int:
    """Say in one line what went wrong and how to mend it."""
    return complain(f"infer.py: error: {reason}", code)


def run(argv: list[str]) -> int:
    """Everything `main` does except naming errors."""
    if argv[:1] == ["serve"]:
        from tts.server.__main__ import main as serve

        return serve(["run", *argv[1:]])
    if argv[:1] == ["transcribe"]:
        from tts.transcription.__main__ import main as transcribe

        return transcribe(argv[1:])
    if argv[:1] == ["translate"]:
        from tts.translation.__main__ import main as translate

        return translate(argv[1:])
    split = argv.index("--") if "--" in argv else len(argv)
    parser = make_parser()
    arguments = parser.parse_intermixed_args(argv[:split])
    if arguments.list_voices:
        from tts.voices.__main__ import describe

        print("\n".join(describe()) or f"no voice ships in {voices.FOLDER}")
        return 0
    conf = configure(arguments, argv[split + 1 :])
    if arguments.json and not arguments.explain:
        raise UsageError("--json needs --explain")
    if arguments.explain:
        text = read_text(find_text_file(arguments.text), arguments.text)
        show(text, conf, arguments.lexicon, as_json=arguments.json)
        return 0
    voice = None if conf["voice"] == voices.AUTO else usage(voices.find, conf["voice"])
    tuned = voice is not None and voices.is_tuned(voice)
    nets = Nets.chosen(conf, given=arguments.weights is not None, tuned=tuned)
    text_file = find_text_file(arguments.text)
    manner = dict(nets=nets, lexicon=arguments.lexicon, mark=arguments.mark, quiet=arguments.quiet)
    if live := check_live(arguments):
        text = incoming() if arguments.text == ["-"] and not text_file else read_text(text_file, arguments.text)
        return speak_live(text, voice, live, conf, **manner)
    output = check_output(arguments.output, text_file, voice)
    if text_file and output and is_book(text_file, output):
        return narrate(text_file, output, nets, arguments, argv[split + 1 :])
    return speak_file(read_text(text_file, arguments.text), voice, output, conf, **manner)


def make_parser() -> Parser:
    """What a person types; whatever has a default in conf/infer.yaml has none here."""
    parser = Parser(
        prog="infer.py",
        usage="infer.py TEXT... [-o FILE] [-v VOICE] [options] [-- setting=value ...]",
        description="Speak a text with the four nets of Triforce.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("text", nargs="*", metavar="TEXT", help="words, a text file or book, or - for standard input")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help=f"{', '.join(OUTPUTS)}, or - for a WAV on standard output (default: speech.wav)",
    )
    parser.add_argument("--play", action="store_true", help="through the loudspeakers, from the first word on")
    parser.add_argument("--stream", action="store_true", help="a WAV to standard output, from the first word on")
    parser.add_argument("--raw", action="store_true", help="with --stream: samples only, 16 bits, little-endian, mono")
    parser.add_argument("-v", "--voice", help="a name, a recording, or a folder of recordings of one speaker")
    parser.add_argument("--language", metavar="CODE", help="of the text: en, de; auto goes by its letters")
    parser.add_argument("--list-voices", action="store_true", help="show the voices that ship, and stop")
    parser.add_argument("--explain", action="store_true", help="show what will be said, and stop; loads no net")
    parser.add_argument("--json", action="store_true", help="with --explain: a line of JSON for each sentence")
    parser.add_argument("--lexicon", metavar="FILE", help="your readings of words, which go before all rules")
    parser.add_argument("--seed", type=int, metavar="N", help="another seed, another take")
    parser.add_argument("--candidates", type=int, metavar="N", help="takes of each sentence to choose from")
    parser.add_argument(
        "--listen",
        action=argparse.BooleanOptionalAction,
        help="to every sentence, and speak faulty ones again; on unless --no-listen",
    )
    parser.add_argument(
        "--steps",
        type=int,
        metavar="N",
        help="of the diffusion decoder, where its weights leave a choice: more is finer",
    )
    parser.add_argument(
        "--guidance", type=float, metavar="X", help="of the diffusion decoder, likewise: more is clearer, 1 is off"
    )
    parser.add_argument("--speed", type=float, metavar="X", help="tempo, 1 is as spoken; pitch stays")
    parser.add_argument("--device", help="cpu, cuda, mps; auto takes cuda if it is there, else cpu")
    parser.add_argument(
        "--threads", type=int, metavar="N", help="of the processor (1); more help on an idle machine only"
    )
    parser.add_argument("--weights", metavar="DIR", help="folder of dvae, gpt, diffusion, vocoder .safetensors")
    parser.add_argument(
        "--engine",
        metavar="NAME",
        help="torch; onnx or onnx=FOLDER: of python -m tts.export; auto: onnx if it is there and no GPU, else torch",
    )
    parser.add_argument(
        "--no-mark", dest="mark", action="store_false", help="leave out the inaudible mark of synthetic speech"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress bar and no notices")
    parser.add_argument("--version", action="version", version=f"triforce {version()}")
    return parser


def version() -> str:
    """The one in pyproject.toml."""
    return re.search(r'^version = "(.+)"$', (settings.ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)[1]


def usage(function, *arguments):
    """Call, and blame the command line for a ValueError."""
    try:
        return function(*arguments)
    except ValueError as error:
        raise UsageError(error) from None


def configure(arguments: argparse.Namespace, overrides: list[str]) -> dict:
    """conf/infer.yaml, then overrides, then flags; every value checked."""
    conf = usage(settings.compose, overrides)
    given = {key: value for key, value in vars(arguments).items() if key in conf and value is not None}
    conf.update(given)
    usage(settings.check, conf)
    folder = Path(conf["weights"]).expanduser()
    conf["weights"] = folder if "weights" in given else settings.ROOT / folder
    if not conf["weights"].is_dir():
        raise ValueError(f"no weights: {conf['weights']} is no folder; give one with --weights DIR")
    return conf


def find_text_file(words: list[str]) -> Path | None:
    """The file that the words on the command line name; None if they are the text, or - for standard input."""
    if not words:
        raise UsageError("no text: give words, a text file, or - for standard input; see infer.py --help")
    files = [word for word in words if word != "-" and _exists(Path(word))]
    if len(words) == 1:
        named = Path(words[0]).suffix.lower() in FILE_SUFFIXES and not re.search(r"\s", words[0])
        if named and _is_folder(Path(words[0])):
            raise UsageError(f"{words[0]!r} is a folder: give a file in it")
        if named and not files:
            raise UsageError(
                f"no text file {words[0]!r}; to speak those words, pass them through -: echo ... | infer.py -"
            )
        return Path(words[0]) if files else None
    named = [word for word in words if Path(word).suffix.lower() in FILE_SUFFIXES]
    if among := [word for word in named if word in files]:
        raise UsageError(f"{among[0]!r} is a file among words: give one file, or quote the sentence")
    if named == words:
        raise UsageError(f"{' and '.join(map(repr, words[:2]))} look like files: give one file that exists")
    return None


def _exists(path: Path) -> bool:
    try:
        return path.exists() and not path.is_dir()
    except (OSError, ValueError):  # a text longer than a path may be, or with a NUL inside
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def check_output(name: str | None, text_file: Path | None, voice: Path | None) -> Path | None:
    """A path that can be written, as far as can be seen without writing; None for standard output."""
    if name == "-":
        check_pipe()
        return None
    path = Path(name or "speech.wav").expanduser()
    if path.suffix.lower() not in OUTPUTS:
        raise UsageError(f"cannot write {str(path)!r}: the name must end in {', '.join(OUTPUTS)}")
    if path.is_dir():
        raise UsageError(f"{str(path)!r} is a folder: give a file in it")
    if not path.parent.is_dir():
        raise UsageError(f"no folder {str(path.parent)!r} for {path.name!r}: make it first")
    folder = Path(os.path.realpath(path)).parent  # where a link leads
    if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"nothing can be written in {str(folder)!r}: give -o another folder")
    sources = [text_file] if text_file else []
    if voice:
        sources += [file for file in voice.iterdir() if file.is_file()] if voice.is_dir() else [voice]
    for source in sources:
        if path.exists() and path.samefile(source):  # through links, too
            raise UsageError(f"{str(path)!r} would overwrite {str(source)!r}, which is read: give -o another name")
    return path


def check_pipe() -> None:
    """Refuse to write sound to a terminal."""
    if sys.stdout.isatty():
        raise UsageError("a terminal cannot play a WAV: send it through a pipe, or give -o FILE or --play")


def check_live(arguments: argparse.Namespace) -> str | None:
    """Where sound goes while it is spoken: "wav" or "raw" to standard output, or the name of a program that plays it.

    None if it goes to a file when it is whole.
    """
    if arguments.raw and not arguments.stream:
        raise UsageError("--raw needs --stream")
    if not arguments.play and not arguments.stream:
        return None
    if arguments.play and arguments.stream:
        raise UsageError("--play and --stream are two ways to listen: give one")
    if arguments.output not in (None, "-"):
        raise UsageError(f"{'--play' if arguments.play else '--stream'} writes no file: leave out -o")
    if arguments.play:
        return find_player()
    check_pipe()
    return "raw" if arguments.raw else "wav"


def is_book(file: Path, output: Path) -> bool:
    """Whether a file is narrated chapter by chapter rather than spoken in one go, as words and plain text are."""
    return output.suffix.lower() == ".m4b" or document.FORMATS.get(file.suffix.lower(), PLAIN) is not PLAIN


def narrate(book: Path, output: Path, nets: Nets, arguments: argparse.Namespace, overrides: list[str]) -> int:
    """`python -m tts.narration make` with the same wishes."""
    from tts.narration.__main__ import main

    given = {key: value for key, value in vars(arguments).items() if value is not None}
    flags = [f"--{key}={given[key]}" for key in BOOK_FLAGS if key in given]
    settings_given = [f"{key}={str(given[key]).lower()}" for key in BOOK_SETTINGS if key in given]
    if nets.advice and not arguments.quiet:
        print(f"infer.py: note: {nets.advice}", file=sys.stderr)
    quiet = ["--quiet"] * arguments.quiet + ["--no-mark"] * (not arguments.mark)
    return main(["make", str(book), f"--output={output}", *flags, *quiet, "--", *settings_given, *overrides])


def read_text(file: Path | None, words: list[str]) -> str:
    """What a file or standard input holds, or else the words as they are."""
    if words == ["-"] and not file:
        data = sys.stdin.buffer.read(document.MAX_BYTES + 1)
        if len(data) > document.MAX_BYTES:
            raise ValueError(f"standard input is larger than {document.MAX_BYTES >> 20} MB: split it")
        try:
            text = document.parse(data).text
        except ValueError as error:
            raise ValueError(f"cannot read standard input: {error}") from None
        name = "standard input"
    elif file:
        text, name = document.read(file).text, repr(str(file))
    else:
        text = " ".join(words)
        if not text.strip():
            raise UsageError("the text is empty: give at least one word")
        return text
    if not text.strip():
        raise ValueError(f"{name} is empty: give at least one word")
    if len(text) > MAX_CHARS:
        raise ValueError(f"{name} has {len(text)} characters, at most {MAX_CHARS} are spoken at once: split it")
    return text


def incoming() -> Iterator[str]:
    """The text of standard input, as it comes."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        while data := sys.stdin.buffer.read1(CHUNK):
            yield decoder.decode(data)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise ValueError("standard input is not UTF-8, which text that comes in pieces has to be") from None


def begun(pieces: Iterator[str]) -> tuple[str, Iterator[str]]:
    """The beginning of a text that comes in pieces, enough to know its language, and the whole of it again."""
    read: list[str] = []
    for piece in pieces:
        read.append(piece)
        first = "".join(read)
        if len(first) >= BEGINNING or re.search(r"[.!?]\s", first):
            break
    return "".join(read), chain(read, pieces)


def show(text: str, conf: dict, lexicon: str | None, *, as_json: bool) -> None:
    """Print what will be said, sentence by sentence, without loading a net."""
    from tts.synthesis.explain import explain, language_with, reader_of, tokenizer_of
    from tts.synthesis.portions import check_text

    check_text(text)
    tokenizer = reader_of(tokenizer_of(conf["weights"]), text, asked=conf["language"])
    for said in explain(text, tokenizer, language_with(lexicon, tokenizer), conf["max_chars"]):
        if as_json:
            print(json.dumps(vars(said)))
            continue
        rows = [("text", said.text), ("words", said.words), ("phonemes", said.phonemes)]
        if said.pause:
            rows.append(("pause", f"{said.pause}, {conf['pauses'][said.pause] * conf['pause'] / conf['speed']:.2f} s"))
        rows += [("notice", notice) for notice in said.notices]
        print("\n".join(f"{name:9} {printable(value)}" for name, value in rows if value), end="\n\n")


def speak_file(
    text: str,
    voice: Path | None,
    output: Path | None,
    conf: dict,
    *,
    nets: Nets,
    lexicon: str | None,
    mark: bool,
    quiet: bool,
) -> int:
    """Speak into a file, or as a whole WAV to standard output, and say what was written."""
    from tts.encoding import open_wave

    with tempfile.TemporaryDirectory() as scratch:
        target = output or Path(scratch) / "speech.wav"

        def opened(rate: int, comment: str) -> AbstractContextManager:
            return open_wave(target, rate, tags={"comment": comment})

        seconds = speak(text, voice, opened, conf, live=False, nets=nets, lexicon=lexicon, mark=mark, quiet=quiet)
        if output is None:
            with open(target, "rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
                sys.stdout.buffer.flush()  # a reader that is gone is met here, where it is handled
    if output and not quiet:
        print(f"{printable(output)}: {seconds:.1f} s", file=sys.stderr)
    if seconds > LONG and nets.advice and not quiet:
        print(f"infer.py: note: {nets.advice}", file=sys.stderr)
    return 0


def speak_live(
    text: str | Iterator[str],
    voice: Path | None,
    place: str,
    conf: dict,
    *,
    nets: Nets,
    lexicon: str | None,
    mark: bool,
    quiet: bool,
) -> int:
    """Speak to where `check_live` says."""

    def opened(rate: int, comment: str) -> AbstractContextManager:
        if place not in ("raw", "wav"):
            return playing(place, rate)
        return nullcontext(Live(sys.stdout.buffer, endless_wav(rate, comment) if place == "wav" else b""))

    try:
        speak(text, voice, opened, conf, live=True, nets=nets, lexicon=lexicon, mark=mark, quiet=quiet)
    except KeyboardInterrupt:
        return fail("interrupted", INTERRUPTED)
    return 0


def speak(
    text: str | Iterator[str],
    voice: Path | None,
    opened: Callable[[int, str], AbstractContextManager],
    conf: dict,
    *,
    live: bool,
    nets: Nets,
    lexicon: str | None,
    mark: bool,
    quiet: bool,
) -> float:
    """Load the nets and speak into what `opened` gives for a sample rate and a comment; gives the seconds of speech.

    Without a voice, that of the language speaks.
    """
    from tqdm import tqdm

    from tts.synthesis.explain import language_with, reader_of
    from tts.synthesis.mark import marked, provenance
    from tts.synthesis.portions import check_text
    from tts.synthesis.speaking import Settings

    # disable=None: no bar where nobody watches, such as in a log file.
    shape = "{percentage:3.0f}%|{bar}| {desc} [{elapsed}<{remaining}]"
    total = len(text) if isinstance(text, str) else None
    bar = tqdm(total=total, disable=True if quiet else None, leave=False, bar_format=shape)

    def tell(notice: str) -> None:
        if not quiet:
            bar.write(f"infer.py: note: {printable(notice)}", file=sys.stderr)

    with bar:
        if isinstance(text, str):
            check_text(text)
        source, speech = voice and voices.resolve(voice, tell), nets.load()
        first, text = (text, text) if isinstance(text, str) else begun(text)
        speech.read_with(reader_of(speech.tokenizer, first, asked=conf["language"], tell=tell))
        voice = voice or voices.find(voices.usual(conf, speech.language.code))
        latents = voices.latents_of(source or voices.resolve(voice, tell), speech, cache=True, tell=tell)
        speech.language = language_with(lexicon, speech.tokenizer)
        rate, samples = speech.audio.sample_rate, 0
        say = speech.stream if live else speech.say

        def waves() -> Iterator["np.ndarray"]:
            """The sound of each chunk, (1, samples), with what is told about it."""
            nonlocal samples
            told = None
            for chunk in say(text, latents, settings=Settings.parse(conf), seed=conf["seed"]):
                yield chunk.wave[None]
                samples += len(chunk.wave)
                for notice in chunk.notices:
                    tell(notice)
                said, whole = chunk.portion.index + 1, chunk.portion.total
                bar.set_description_str(f"{said}/{whole} sentences, {samples / rate:.1f} s of audio")
                bar.update(len(chunk.portion.written) if chunk.portion is not told else 0)
                told = chunk.portion

        with opened(rate, provenance(speech.fingerprint, voice.stem)) as file:
            for wave in marked(waves(), rate) if mark else waves():
                file.write(wave)
    return samples / rate


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, terminate)
    run_as_program(main)
