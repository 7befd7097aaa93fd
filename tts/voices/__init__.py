"""Voice files: the speaker latents of the GPT and the decoder, with a header that names the speaker and the licence.

The file of a tuned voice also holds the changes of both nets (`tts.adapters`), as `acoustic.LAYER.A` and so on.

Nothing here needs torch; cloning needs an engine that speaks, of either kind.
"""

import difflib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError, safe_open

from tts.files import whole
from tts.formats import AUDIO_SUFFIXES
from tts.records import Change, Changes, SpeakerLatents, TunedSpeaker

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from typing import Any

    from tts.synthesis.speaking import Speaking

FOLDER = Path(__file__).parent
FORMAT = "triforce-voice-1"
AUTO = "auto"  # instead of a voice: the one that is usual for the language of the text
ENGLISH = "en"
TUNED_FORMAT = "triforce-voice-tuned-1"  # another one, so that what cannot tune refuses the file
SUFFIX = ".safetensors"


@dataclass(frozen=True, kw_only=True)
class About:
    """The header of a voice file."""

    name: str
    gender: str
    description: str
    source: str  # where the recordings come from
    licence: str  # of the recordings
    made: str  # how the latents were made
    fingerprint: str  # of the weights that made the latents
    language: str = ENGLISH  # that the speaker speaks, ISO 639-1; voices were English before their files said so


def names() -> list[str]:
    """The names of the voices that ship."""
    return sorted(path.name.removesuffix(SUFFIX) for path in FOLDER.glob(f"*{SUFFIX}"))


def find(voice: str) -> Path:
    """The path of a shipped name, a voice file, a clip or a folder of clips.

    Raises ValueError that lists the names, or says that a folder holds no recordings.
    """
    if voice in names():
        return FOLDER / f"{voice}{SUFFIX}"
    path = Path(voice).expanduser()
    try:
        found = path.exists()
    except (OSError, ValueError):  # the path is too long or contains a NUL
        found = False
    if found:
        clips(path)
        return path
    known = names()
    near = difflib.get_close_matches(voice.lower(), known, 1)
    hint = f"did you mean {near[0]}? " if near else ""
    listed = f"voices are {', '.join(known)}" if known else f"no voice ships in {FOLDER}"
    raise ValueError(f"no voice, clip or folder {voice!r}: {hint}{listed}; or give a recording to clone")


def usual(conf: "Mapping[str, Any]", language: str, there: "Collection[str] | None" = None) -> str:
    """The voice that conf/infer.yaml asks for; where it leaves that open, one for a language, given by its code.

    `there` has the names to choose from: those that ship, if it is None. A language without a voice gets English's.
    """
    if conf["voice"] != AUTO:
        return conf["voice"]
    there = names() if there is None else there
    own = conf["voices"].get(language)
    return own if own in there else conf["voices"][ENGLISH]


def clips(path: Path) -> list[Path]:
    """The recordings at a path: the file itself, or the audio files directly in the folder, sorted by name.

    Hidden files are skipped: macOS leaves a `._NAME` beside every file on foreign disks.
    """
    if not path.is_dir():
        return [path]
    found = sorted(
        file
        for file in path.iterdir()
        if file.suffix.lower() in AUDIO_SUFFIXES and not file.name.startswith(".") and file.is_file()
    )
    if not found:
        raise ValueError(f"no recordings in {path}: it needs files such as {', '.join(sorted(AUDIO_SUFFIXES)[:6])}")
    return found


def about(path: Path) -> About:
    """Read the header of a voice file. Raises ValueError that names the file if it is not a voice."""
    return _header(path)[0]


def is_tuned(path: Path) -> bool:
    """Whether this is a voice file that holds changes of the nets. Raises ValueError as `about` does."""
    return path.suffix == SUFFIX and _header(path)[1] == TUNED_FORMAT


def _header(path: Path) -> tuple[About, str]:
    """What a voice file says of itself, and its format."""
    try:
        with safe_open(path, framework="np") as file:
            header = file.metadata() or {}
        form = header.get("format")
        if form not in (FORMAT, TUNED_FORMAT):
            raise ValueError(f"{path} is not a voice file: its format is {form!r}, expected {FORMAT!r}")
        return About(**json.loads(header["about"])), form
    except (SafetensorError, OSError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is not a complete voice file ({error}): make it again with {REMAKE}") from None


REMAKE = "`uv run python -m tts.voices make CLIPS... -o NAME --licence ... --description ... --source ... --gender ...`"


def check_fingerprint(path: Path, fingerprint: str) -> None:
    """Raise ValueError if a voice file was made for other weights."""
    card = about(path)
    if card.fingerprint != fingerprint:
        raise ValueError(f"voice {card.name!r} was made for other weights ({card.made}): make it again with {REMAKE}")


def load(voice: str | os.PathLike, *, fingerprint: str) -> SpeakerLatents:
    """Load a shipped voice by name, or a voice file by path; a tuned one is a `TunedSpeaker`.

    Raises ValueError if it was made for other weights.
    """
    from safetensors.numpy import load_file

    path = find(str(voice))
    check_fingerprint(path, fingerprint)
    try:
        found = load_file(path)
        latents = SpeakerLatents(found.pop("acoustic"), found.pop("decoder"))
        if is_tuned(path):
            latents = TunedSpeaker(**vars(latents), changes=_changes(found))
        elif found:
            raise ValueError(f"it holds {next(iter(found))[:80]!r} too")
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a complete voice file ({error}): make it again with {REMAKE}") from None
    for name, array in arrays(latents).items():
        if array.ndim != 2 or not np.isfinite(array).all():
            raise ValueError(f"the {name[:80]} latents in {path} are broken: make it again with {REMAKE}")
    return latents


def arrays(voice: SpeakerLatents) -> dict[str, np.ndarray]:
    """Everything that a voice is, by the names in its file."""
    found = {"acoustic": voice.acoustic, "decoder": voice.decoder}
    if isinstance(voice, TunedSpeaker):
        for net, changes in vars(voice.changes).items():
            for layer, change in changes.items():
                found |= {f"{net}.{layer}.A": change.A, f"{net}.{layer}.B": change.B}
    return {name: np.ascontiguousarray(array, np.float32) for name, array in found.items()}


def _changes(found: "Mapping[str, np.ndarray]") -> Changes:
    """The changes in a file, by the names that `arrays` gives. Raises ValueError for any other name."""
    nets: dict[str, dict[str, Change]] = {"acoustic": {}, "decoder": {}}
    for name, a in found.items():
        net, _, rest = name.partition(".")
        layer, _, factor = rest.rpartition(".")
        partner = f"{net}.{layer}.{'B' if factor == 'A' else 'A'}"
        b = found.get(partner)
        if net not in nets or not layer or factor not in ("A", "B") or b is None:
            raise ValueError(f"it holds {name[:80]!r}, which is no change of a net")
        if a.ndim != 2 or b.ndim != 2 or (factor == "A" and a.shape[0] != b.shape[1]):
            raise ValueError(f"the change of {layer[:80]} is broken")
        if factor == "A":
            nets[net][layer] = Change(a, b)
    return Changes(**nets)


def untuned(voice: SpeakerLatents, name: str) -> SpeakerLatents:
    """The voice, for what works on latents alone. Raises ValueError, with its name, for a tuned one."""
    if isinstance(voice, TunedSpeaker):
        raise ValueError(
            f"{name} is tuned, and only latents can be mixed or moved: make an untuned voice with {REMAKE}"
        )
    return voice


def resolve(voice: str | os.PathLike, tell: "Callable[[str], None]") -> "Path | list[Path]":
    """Find the voice file of a name or path, or the readable recordings of a clip or folder.

    This needs no net. `tell` gets a notice for each recording that is left out.
    """
    path = find(str(voice))
    if path.suffix == SUFFIX:
        return path
    from tts.voices.clone import readable

    return readable(clips(path), tell)


def latents_of(
    source: "Path | Sequence[Path]", speech: "Speaking", *, cache: bool, tell: "Callable[[str], None]"
) -> SpeakerLatents:
    """The latents, for the nets of `speech`, of what `resolve` returned. `cache` keeps clones in the user's cache."""
    if isinstance(source, Path):
        return load(source, fingerprint=speech.fingerprint)
    from tts.voices.clone import clone, make

    return (clone if cache else make)(source, speech=speech, tell=tell)


def save(path: str | os.PathLike, latents: SpeakerLatents, card: About) -> None:
    """Write a voice file. The file is either complete or absent, and the same voice and card give the same bytes."""
    from safetensors.numpy import save

    form = TUNED_FORMAT if isinstance(latents, TunedSpeaker) else FORMAT
    with whole(path, shared=True) as file:
        file.write(_sorted(save(arrays(latents), {"format": form, "about": json.dumps(asdict(card), sort_keys=True)})))


def _sorted(data: bytes) -> bytes:
    """A safetensors file with its header in order: the library writes metadata in another order in each process."""
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8:start]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)  # the tensors stay aligned
    return len(header).to_bytes(8, "little") + header + data[start:]
