"""Translate texts and recordings: `uv run infer.py translate INPUT... --to de`."""

import argparse
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np

from tts import document, settings, voices
from tts.alignment.unpack import CONTAINERS
from tts.cli import Parser, UsageError, grouped_exit_code, printable, run_as_program
from tts.engine.choice import Nets
from tts.files import whole
from tts.formats import OUTPUTS
from tts.text.detection import detect
from tts.text.language import CODES, code_of

EXAMPLES = """\
examples:
  uv run infer.py translate "Where is the harbour?" --to de --weights runs/five
  uv run infer.py translate story.txt --to de -o story.de.txt --weights runs/five
  uv run infer.py translate rede.mp3 --to en -o speech.wav --weights runs/five     spoken again in English
The weights that ship never learned to translate; docs/translation.md says how weights do. Whisper translates speech to
English better: infer.py transcribe talk.mp3 --model whisper --translate.
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit code: 0, 1 failure, 2 usage, 130 interrupted."""
    given = sys.argv[1:] if argv is None else argv
    return grouped_exit_code("translate", lambda: run(given), group="listen", groups={}, interrupted="interrupted")


def run(argv: list[str]) -> int:
    """Everything that `main` does except naming errors."""
    given = make_parser().parse_args(argv)
    target, source = _code(given.to, "--to"), given.source and _code(given.source, "--from")
    output = _output(given.output)
    conf = settings.compose([])
    voice = voices.usual(conf | ({"voice": given.voice} if given.voice else {}), target)
    speaks = output is not None and output.suffix.lower() in OUTPUTS
    if given.voice and not speaks:
        raise UsageError(f"--voice needs sound: give -o FILE that ends in {', '.join(OUTPUTS)}")
    recording = _recording(given.input)
    text = "" if recording else _text(given.input)
    weights = given.weights or settings.ROOT / conf["weights"]
    from tts.translation.translator import Translator

    translator = Translator(weights, beams=given.beams)
    if recording:
        said = _heard(recording, translator, source, target, given.quiet)
    else:
        source = source or code_of(detect(text, next(iter(set(CODES.values()) - {CODES[target]}))))
        if source == target:
            raise ValueError(f"the text is in {target} already: give --from, or another --to")
        said = " ".join(translation for _, translation in translator.text(text, source, target))
    if not said.strip():
        raise ValueError("there is nothing to translate in it")
    if speaks:
        _speak(said, voice, output, conf | {"weights": weights}, target)
    else:
        _write(said, output)
    if output and not given.quiet:
        print(printable(output), file=sys.stderr)
    return 0


def make_parser() -> Parser:
    parser = Parser(
        prog="infer.py translate",
        description="Translate a text or a recording into text or speech.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("input", nargs="+", help="words, a text file, a recording, or - for standard input")
    parser.add_argument("--to", required=True, metavar="CODE", help=f"language to translate into: {', '.join(CODES)}")
    parser.add_argument("--from", dest="source", metavar="CODE", help="language of the input (a text's letters tell)")
    parser.add_argument("-o", "--output", metavar="FILE", help=f".txt, or for speech {', '.join(OUTPUTS)}")
    parser.add_argument("-v", "--voice", help="that speaks (the usual one of the language)")
    parser.add_argument("--beams", type=int, default=4, choices=range(1, 33), metavar="N", help="of the search (4)")
    parser.add_argument("--weights", type=Path, metavar="DIR", help="folder of the nets")
    parser.add_argument("-q", "--quiet", action="store_true", help="no bar, and no lines but errors")
    return parser


def _code(written: str, flag: str) -> str:
    code = code_of(written)
    if code is None:
        raise UsageError(f"{flag} {written!r} is no language that is known here: {', '.join(CODES)}")
    return code


def _output(name: str | None) -> Path | None:
    if name is None:
        return None
    path = Path(name).expanduser()
    if path.suffix.lower() not in (".txt", *OUTPUTS):
        raise UsageError(f"cannot write {name!r}: the name must end in .txt, {', '.join(OUTPUTS)}")
    if not path.parent.is_dir():
        raise UsageError(f"no folder {str(path.parent)!r} for {path.name!r}: make it first")
    return path


def _recording(words: list[str]) -> Path | None:
    """The recording that the command line names, if it names one. Raises UsageError if it is not there."""
    path = Path(words[0])
    if len(words) > 1 or path.suffix.lower().removeprefix(".") not in CONTAINERS:
        return None
    if not path.is_file():
        raise UsageError(f"no recording {words[0]!r}")
    return path


def _text(words: list[str]) -> str:
    if words == ["-"]:
        text = document.parse(sys.stdin.buffer.read(document.MAX_BYTES + 1)).text
    else:
        text = " ".join(words)
        with suppress(OSError, ValueError):  # words are too long for a name
            if len(words) == 1 and Path(words[0]).is_file():
                return _filled(document.read(Path(words[0])).text)
    return _filled(text)


def _filled(text: str) -> str:
    if not text.strip():
        raise UsageError("the text is empty: give at least one word")
    return text


def _heard(recording: Path, translator, source: str | None, target: str, quiet: bool) -> str:
    """What is said in a recording, clip by clip, in the language of the target."""
    from tts.transcription.listener import Asked, check
    from tts.transcription.transcribe import transcribed
    from tts.translation.translator import TranslatingListener

    listener, asked = TranslatingListener(translator, target), Asked(language=source, translate=True)
    check(listener, asked)
    return transcribed(recording, listener, asked, quiet).text


def _speak(text: str, voice: str, output: Path, conf: dict, language: str) -> None:
    """Speak the translation into a file."""
    from tts.encoding import open_wave
    from tts.synthesis.explain import read_in
    from tts.synthesis.mark import marked, provenance
    from tts.synthesis.speaking import Settings

    source = voices.resolve(voices.find(voice), lambda notice: None)
    speech = Nets.chosen(conf, given=True).load()
    latents = voices.latents_of(source, speech, cache=True, tell=lambda notice: None)
    read = read_in(speech.tokenizer, text, asked=language)
    rate = speech.audio.sample_rate
    chunks = speech.say(text, latents, settings=Settings.parse(conf), seed=conf["seed"], language=read)
    waves = (np.asarray(chunk.wave)[None] for chunk in chunks)
    with open_wave(output, rate, tags={"comment": provenance(speech.fingerprint, Path(voice).stem)}) as file:
        for wave in marked(waves, rate):
            file.write(wave)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        print(text)
        return
    with whole(output) as file:
        file.write(f"{text}\n".encode())


if __name__ == "__main__":
    run_as_program(main)
