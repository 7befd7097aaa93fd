"""Speak a text: `uv run infer.py "Hello there." -o hello.wav`.

Torch takes seconds to import, so everything that can be wrong with a command line is found before that.
"""

import argparse
import os
import re
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tts import settings, voices

if TYPE_CHECKING:
    from tts.synthesis.pipeline import TextToSpeech
    from tts.types import SpeakerLatents

OUTPUTS = (".wav", ".flac", ".ogg")  # what tts.audio.open_wave writes (a test compares)
TEXT_LIKE = re.compile(r"\.(txt|text|md|rst|log|srt|csv|json|xml|html?|rtf|docx?|odt|pdf|epub)$", re.IGNORECASE)
MAX_BYTES = 16_000_000  # about three times War and Peace
EXAMPLES = """\
examples:
  uv run infer.py "The quick brown fox jumps over the lazy dog." -o fox.wav
  uv run infer.py chapter.txt -v lj -o chapter.flac        a text file, another voice
  uv run infer.py "Hello." -v me.m4a                       the voice of a recording, or of a folder of them
  fortune | uv run infer.py - -o fortune.ogg               text from a pipe
  uv run infer.py "Take your time." --speed 0.85 --candidates 4 --seed 7
  uv run infer.py "The word {HH AH0 L OW1} is spelt in phonemes."
  uv run infer.py "Livelier." -- sampling.temperature=0.9 pause=0.5
Every setting after -- is in conf/infer.yaml. The same text, voice and seed give the same bytes.
"""


class UsageError(ValueError):
    """The command line itself is wrong; exit code 2."""


class Parser(argparse.ArgumentParser):
    """One line per error, not the whole usage."""

    def error(self, message: str) -> None:
        raise UsageError(f"{message}; see infer.py --help")


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit code: 0, 1 failure, 2 usage, 130 interrupted."""
    try:
        return run(sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:
        return fail("interrupted; nothing was written", 130)
    except UsageError as error:
        return fail(error, 2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains again as it exits
        return 1
    except OSError as error:
        return fail(f"{error.strerror or error}: {error.filename}" if error.filename else error, 1)
    except ValueError as error:
        return fail(error, 1)
    except MemoryError:
        return fail("out of memory; close other programs, or give a shorter recording", 1)
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        return fail(f"unforeseen {type(error).__name__}: {error}; please report it (python -X dev shows where)", 1)


def terminate(signum: int, frame: object) -> None:
    """Unwind as Ctrl-C does, so that temporary files go."""
    raise KeyboardInterrupt


def fail(reason: object, code: int) -> int:
    """Say in one line what went wrong and how to mend it."""
    print(f"infer.py: error: {printable(reason)}", file=sys.stderr)
    return code


def printable(message: object) -> str:
    """One line that no terminal trips over, whatever is in the names it quotes."""
    line = " ".join(str(message).split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in line)


def run(argv: list[str]) -> int:
    """Everything `main` does except naming errors."""
    split = argv.index("--") if "--" in argv else len(argv)
    parser = make_parser()
    arguments = parser.parse_intermixed_args(argv[:split])
    if arguments.list_voices:
        from tts.voices.__main__ import describe

        print("\n".join(describe()) or f"no voice ships in {voices.FOLDER}")
        return 0
    conf = configure(arguments, argv[split + 1 :])
    output = check_output(arguments.output)
    voice = usage(voices.find, conf["voice"])
    text = read_text(arguments.text)
    return speak(text, voice, output, conf, quiet=arguments.quiet)


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
    parser.add_argument("text", nargs="*", metavar="TEXT", help="words, a text file (UTF-8), or - for standard input")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help=f"{', '.join(OUTPUTS)}, or - for a WAV on standard output (default: speech.wav)",
    )
    parser.add_argument("-v", "--voice", help="a name, a recording, or a folder of recordings of one speaker")
    parser.add_argument("--list-voices", action="store_true", help="show the voices that ship, and stop")
    parser.add_argument("--seed", type=int, metavar="N", help="another seed, another take")
    parser.add_argument("--candidates", type=int, metavar="N", help="takes of each sentence to choose from")
    parser.add_argument(
        "--listen",
        action=argparse.BooleanOptionalAction,
        help="to every sentence, and speak faulty ones again; on unless --no-listen",
    )
    parser.add_argument("--steps", type=int, metavar="N", help="of the diffusion decoder: more is finer and slower")
    parser.add_argument(
        "--guidance", type=float, metavar="X", help="of the diffusion decoder: more is clearer, 1 is off"
    )
    parser.add_argument("--speed", type=float, metavar="X", help="tempo, 1 is as spoken; pitch stays")
    parser.add_argument("--device", help="cpu, cuda, mps; auto takes the best")
    parser.add_argument("--weights", metavar="DIR", help="folder of dvae, gpt, diffusion, vocoder .safetensors")
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


def check_output(name: str | None) -> Path | None:
    """A path that can be written, as far as can be seen without writing; None for standard output."""
    if name == "-":
        if sys.stdout.isatty():
            raise UsageError("a terminal cannot play a WAV: send it through a pipe, or give -o FILE")
        return None
    path = Path(name or "speech.wav").expanduser()
    if path.suffix.lower() not in OUTPUTS:
        raise UsageError(f"cannot write {str(path)!r}: the name must end in {', '.join(OUTPUTS)}")
    if path.is_dir():
        raise UsageError(f"{str(path)!r} is a folder: give a file in it")
    if not path.parent.is_dir():
        raise UsageError(f"no folder {str(path.parent)!r} for {path.name!r}: make it first")
    return path


def read_text(words: list[str]) -> str:
    """Words as they are, or what a file or standard input holds."""
    if not words:
        raise UsageError("no text: give words, a text file, or - for standard input; see infer.py --help")
    if words == ["-"]:
        return decode_text(sys.stdin.buffer.read(MAX_BYTES + 1), "standard input")
    for word in words:
        path = Path(word)
        if _exists(path) and (len(words) == 1 or TEXT_LIKE.search(word)):
            if len(words) > 1:
                raise UsageError(f"{word!r} is a file among words: give one text file, or `cat` several into -")
            with open(path, "rb") as file:
                return decode_text(file.read(MAX_BYTES + 1), repr(word))
        if TEXT_LIKE.search(word):
            raise UsageError(f"no text file {word!r}; to speak those words, pass them through -: echo ... | infer.py -")
    text = " ".join(words)
    if not text.strip():
        raise UsageError("the text is empty: give at least one word")
    return text


def _exists(path: Path) -> bool:
    try:
        return path.exists() and not path.is_dir()
    except (OSError, ValueError):  # a text longer than a path may be, or with a NUL inside
        return False


def decode_text(data: bytes, name: str) -> str:
    """UTF-8, or a ValueError that says what it is instead."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"{name} is larger than {MAX_BYTES // 1_000_000} MB: split it")
    if b"\0" in data:
        raise ValueError(f"{name} is no text file (it has zero bytes): save it as plain UTF-8 text")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{name} is not UTF-8 (byte {error.start}): convert it, e.g. with iconv -f latin1 -t utf-8"
        ) from None
    if not text.strip():
        raise ValueError(f"{name} is empty: give at least one word")
    return text


def speak(text: str, voice: Path, output: Path | None, conf: dict, *, quiet: bool) -> int:
    """Load the nets, speak, write, and say what was written."""
    from tqdm import tqdm

    from tts.audio import open_wave
    from tts.synthesis.pipeline import Settings, TextToSpeech, check_text

    check_text(text)
    speech = TextToSpeech.load(conf["weights"], conf["device"])
    rate, samples = speech.audio.sample_rate, 0
    chunks = speech.stream(text, know(speech, voice), settings=Settings.parse(conf), seed=conf["seed"])
    shape = "{percentage:3.0f}%|{bar}| {desc} [{elapsed}<{remaining}]"
    # disable=None: no bar where nobody watches, such as in a log file.
    bar = tqdm(total=len(text), disable=True if quiet else None, leave=False, bar_format=shape)
    with tempfile.TemporaryDirectory() as scratch, bar:
        target = output or Path(scratch) / "speech.wav"
        with open_wave(target, rate) as file:
            for chunk in chunks:
                file.write(chunk.wave)
                samples += len(chunk.wave)
                for notice in () if quiet else chunk.notices:
                    bar.write(f"infer.py: note: {printable(notice)}", file=sys.stderr)
                bar.set_description_str(f"{chunk.index + 1}/{chunk.total} sentences, {samples / rate:.1f} s of audio")
                bar.update(len(chunk.text))
        if output is None:
            with open(target, "rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
    if output and not quiet:
        print(f"{printable(output)}: {samples / rate:.1f} s", file=sys.stderr)
    return 0


def know(speech: "TextToSpeech", voice: Path) -> "SpeakerLatents":
    """The latents of a voice file, or of recordings."""
    if voice.suffix == voices.SUFFIX:
        return voices.load(voice, fingerprint=speech.fingerprint)
    from tts.voices.clone import clone

    return clone(
        voices.clips(voice),
        acoustic=speech.acoustic,
        decoder=speech.decoder,
        audio=speech.audio,
        device=speech.device,
        fingerprint=speech.fingerprint,
    )


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, terminate)
    sys.exit(main())
