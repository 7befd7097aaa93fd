"""Tokens of speech: how much of the aligned phonemes and of the speaker each kind tells, on held-out clips.

Purity and PNMI are those of HuBERT (arXiv 2106.07447, section 4.5). `PNMI, taught` goes by what training clips say of
each token, which no codebook can raise by its size. Errors are of reading phones from tokens, and linearly from the
vectors behind them. `speaker` is how often a linear probe names who speaks, among those whom training has heard, from
the shares of a clip's tokens or from the mean of its vectors.
"""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int
from omegaconf import OmegaConf
from torch import Tensor

from data.index import SPLITS
from data.module import SpeechData
from tts import checkpoint, settings
from tts.evaluate import report
from tts.evaluate.arguments import positive
from tts.evaluate.estimates import SEED, Estimate, Ratio, estimate
from tts.evaluate.tokens import (
    SILENCE,
    STEP,
    LinearProbe,
    at_steps,
    entropy,
    jackknife,
    joint_counts,
    nats_of_phones,
    phone_classes,
    phone_purity,
    pnmi,
)
from tts.text.tokenizer import Tokenizer
from tts.types import AudioConfig, Batch

BATCH_SECONDS = 60
LONGEST = 30  # seconds of a clip
CENTRED_HOURS = 0.5  # of training clips, from which centres over MFCCs are learned
PROBED = 100_000  # steps that teach a probe of phones
COLUMNS = {
    "tokens/s": "rate",
    "ids": "ids",
    "purity": "purity",
    "PNMI": "pnmi",
    "PNMI, taught": "pnmi_taught",
    "phone error": "phone_error",
    "linear phone error": "linear_phone_error",
    "speaker": "speaker",
    "linear speaker": "linear_speaker",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shards", nargs="+", metavar="SHARDS", help="folders, packed with --codec, which stores times")
    parser.add_argument(
        "--tokens", nargs="+", default=[], metavar="NAME=FILE", help="codecs or tokens, as training exports them"
    )
    parser.add_argument(
        "--mfcc", nargs="*", type=positive, default=[100, 500], metavar="K", help="centres over MFCCs (100 500)"
    )
    parser.add_argument("--weights", type=Path, metavar="DIR", help="folder of the codec (conf/infer.yaml's)")
    parser.add_argument("--hours", type=float, default=2.0, help="of training clips, which teach the probes (2)")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of training clips (0)")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("runs/tokens"), metavar="OUT", help="folder (runs/tokens)"
    )


def execute(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    weights = arguments.weights or settings.ROOT / settings.compose(list(overrides))["weights"]
    codec = checkpoint.load(weights / "dvae.safetensors")
    loaded = {"codec": codec} | dict(map(_named, arguments.tokens))
    for name, own in loaded.items():
        if own.audio != codec.audio:
            raise ValueError(f"{name} was trained for {own.audio}, the codec for {codec.audio}: give the same audio")
    tokenizer = checkpoint.build(codec.extra["text"], codec.audio)
    data = _data(arguments.shards, codec.audio, tokenizer, seed=arguments.seed)
    subjects: list[TokenKind] = []
    for name, own in loaded.items():
        subjects.append(OfCodec(name, own.net))
        if hasattr(own.net, "features"):
            subjects[-1] = OfFeatures(name, own.net)
        elif getattr(own.net, "ctc", None) is not None:
            subjects.append(OfSpelling(f"{name}, CTC", own.net))
    subjects += [OfFeatures(f"MFCC, k-means {size}", _centred(data, size)) for size in arguments.mfcc]
    classes = _classes(tokenizer)
    cut = {"subjects": subjects, "classes": classes, "sample_rate": codec.audio.sample_rate}
    taught = gather(
        _training(data, arguments.hours), **cut, every=max(1, round(arguments.hours * 3600 / STEP / PROBED))
    )
    held_out = gather(_held_out(data), **cut, every=1)
    if not held_out.phones or not taught.phones:
        raise ValueError(
            f"no clip of {', '.join(arguments.shards)} knows when its phonemes are heard: pack it with --codec"
        )
    rows = [{"name": own.name} | judge(own, taught, held_out, max(classes) + 1) for own in subjects]
    arguments.output.mkdir(parents=True, exist_ok=True)
    about = {"nets": {name: own.fingerprint for name, own in loaded.items()}, "hours": arguments.hours}
    about |= {"clips": len(held_out.phones), "steps": sum(map(len, held_out.phones)), "seed": arguments.seed}
    report.write_report(arguments.output / "tokens.json", {"figures": rows, **about}, rows=[])
    print(tokens_table(rows))


@runtime_checkable
class TokenKind(Protocol):
    """A way to make tokens of waves, and vectors from which they are made."""

    name: str
    ids: int
    rate: float  # tokens a second

    def hear(self, wav: Float[Tensor, "B N"], wav_len: Int[Tensor, " B"]) -> tuple[np.ndarray, np.ndarray | None]:
        """Tokens (B, L), and vectors (B, L, D) if they have any."""
        ...


class OfCodec:
    """The codes of a codec, whose vectors are codes written otherwise."""

    def __init__(self, name: str, net: Any):
        self.name, self.net = name, net
        self.ids, self.rate = net.codebook_size, float(net.code_rate)

    def hear(self, wav: Float[Tensor, "B N"], wav_len: Int[Tensor, " B"]) -> tuple[np.ndarray, np.ndarray | None]:
        return self.net.encode(wav, wav_len).ids.numpy(), None


class OfFeatures(OfCodec):
    """Self-supervised tokens, and the features of which they are the nearest centres."""

    def hear(self, wav: Float[Tensor, "B N"], wav_len: Int[Tensor, " B"]) -> tuple[np.ndarray, np.ndarray | None]:
        return self.net.encode(wav, wav_len).ids.numpy(), self.net.features.hear(wav, wav_len)[0].numpy()


class OfSpelling:
    """The likeliest text id in what a codec spells, blanks aside, and the log-probabilities of all."""

    def __init__(self, name: str, net: Any):
        self.name, self.net = name, net
        self.ids, self.rate = net.ctc_vocab, float(net.code_rate) * net.ctc.steps / net.turns

    def hear(self, wav: Float[Tensor, "B N"], wav_len: Int[Tensor, " B"]) -> tuple[np.ndarray, np.ndarray | None]:
        spelling = self.net.spell(self.net.encode(wav, wav_len)).numpy()
        return spelling[..., 1:].argmax(-1) + 1, spelling


@dataclass
class HeardTokens:
    """What subjects make of clips, by name."""

    speakers: list[str] = field(default_factory=list)
    phones: list[Int[np.ndarray, " K"]] = field(default_factory=list)  # classes of the steps of each clip
    tokens: dict[str, list[Int[np.ndarray, " K"]]] = field(default_factory=dict)  # at the same steps
    vectors: dict[str, list[Float[np.ndarray, "K2 D"]]] = field(default_factory=dict)  # at every `every`-th of them
    means: dict[str, list[Float[np.ndarray, " D"]]] = field(default_factory=dict)  # of the vectors of each clip
    every: int = 1


@torch.inference_mode()
def gather(
    batches: Iterable[Batch], subjects: Sequence[TokenKind], classes: Sequence[int], *, sample_rate: int, every: int
) -> HeardTokens:
    """Clips with times, cut into steps: classes of phonemes, tokens of all subjects, and vectors at some steps."""
    out = HeardTokens(every=every)
    for batch in batches:
        if batch.times is None:
            continue
        known = [item for item, times in enumerate(batch.times) if batch.text_len[item] and not times.isnan().any()]
        phones = []
        for item in known:
            ids, length = batch.text[item, : batch.text_len[item]].tolist(), int(batch.wav_len[item])
            times = batch.times[item, 1 : len(ids) + 1].tolist()
            own = [classes[id] for id in ids]
            phones.append(phone_classes(batch.wav[item, :length].numpy(), sample_rate, times, own))
        out.phones += phones
        out.speakers += [batch.speakers[item] for item in known]
        for subject in subjects:
            tokens, vectors = subject.hear(batch.wav, batch.wav_len)
            for item, steps in zip(known, map(len, phones), strict=True):
                out.tokens.setdefault(subject.name, []).append(at_steps(tokens[item], subject.rate, steps))
                if vectors is not None:
                    own = at_steps(vectors[item], subject.rate, steps)
                    out.vectors.setdefault(subject.name, []).append(own[::every].astype(np.float16))
                    out.means.setdefault(subject.name, []).append(own.mean(0))
    return out


def judge(subject: TokenKind, taught: HeardTokens, held_out: HeardTokens, classes: int) -> dict[str, Any]:
    """The figures of one subject on held-out clips, with what training clips have taught."""
    name = subject.name
    tokens, phones = held_out.tokens[name], held_out.phones
    counts = [joint_counts(*pair, (subject.ids, classes)) for pair in zip(tokens, phones, strict=True)]
    learned = sum(
        joint_counts(*pair, (subject.ids, classes)) for pair in zip(taught.tokens[name], taught.phones, strict=True)
    )
    nats = nats_of_phones(learned)
    costs = [float(nats[pair].sum()) for pair in zip(tokens, phones, strict=True)]
    uncertainty = entropy(sum(counts).sum(0))
    left = _share(costs, [uncertainty * len(own) for own in phones])
    read = nats.argmin(1)
    figures = {
        "rate": round(subject.rate, 1),
        "ids": subject.ids,
        "purity": jackknife(counts, phone_purity),
        "pnmi": jackknife(counts, pnmi),
        "pnmi_taught": Estimate(1 - left.value, 1 - left.high, 1 - left.low),
        "phone_error": _errors([read[own] for own in tokens], phones),
        "speaker": _speaker_accuracy(
            [_histogram(own, subject.ids) for own in taught.tokens[name]],
            [_histogram(own, subject.ids) for own in tokens],
            taught.speakers,
            held_out.speakers,
        ),
    }
    if name in taught.vectors:
        probe = LinearProbe(
            np.concatenate(taught.vectors[name]),
            np.concatenate([own[:: taught.every] for own in taught.phones]),
            classes,
        )
        figures["linear_phone_error"] = _errors([probe(own) for own in held_out.vectors[name]], phones)
        figures["linear_speaker"] = _speaker_accuracy(
            taught.means[name], held_out.means[name], taught.speakers, held_out.speakers
        )
    return figures


def _errors(found: Sequence[np.ndarray], phones: Sequence[np.ndarray]) -> Estimate:
    return _share([float((a != b).sum()) for a, b in zip(found, phones, strict=True)], list(map(len, phones)))


def _share(top: Sequence[float], bottom: Sequence[float]) -> Estimate:
    """A ratio of sums over clips."""
    return estimate(Ratio(np.array(top, float)[:, None], np.array(bottom, float)[:, None]))


def _histogram(tokens: Int[np.ndarray, " K"], ids: int) -> Float[np.ndarray, " V"]:
    """Roots of the shares of each token, whose distances grow less with the frequent ones."""
    return np.sqrt(np.bincount(tokens, minlength=ids) / max(1, len(tokens)))


def _speaker_accuracy(
    taught: Sequence[np.ndarray], held_out: Sequence[np.ndarray], speakers: Sequence[str], asked: Sequence[str]
) -> Estimate | None:
    """How often a linear probe names the speaker of a held-out clip, of those who have other clips."""
    names = sorted(set(speakers) & set(asked))
    if len(names) < 2:
        return None
    chosen = [place for place, name in enumerate(speakers) if name in names]
    probe = LinearProbe(
        np.stack([taught[place] for place in chosen]),
        np.array([names.index(speakers[place]) for place in chosen]),
        len(names),
    )
    known = [place for place, name in enumerate(asked) if name in names]
    right = probe(np.stack([held_out[place] for place in known])) == [names.index(asked[place]) for place in known]
    return _share(right.astype(float).tolist(), [1.0] * len(right))


def tokens_table(rows: Sequence[dict[str, Any]]) -> str:
    """A line for each kind of tokens, as Markdown."""
    lines = [["tokens", *COLUMNS]]
    lines += [
        [row["name"], *("-" if row.get(key) is None else str(row[key]) for key in COLUMNS.values())] for row in rows
    ]
    return report.markdown_table(lines)


def _named(option: str) -> tuple[str, checkpoint.Loaded]:
    name, given, path = option.partition("=")
    if not given or not name:
        raise ValueError(f"--tokens {option}: give NAME=FILE")
    loaded = checkpoint.load(path)
    if not hasattr(loaded.net, "encode"):
        raise ValueError(f"{path} holds a {loaded.spec['name']}, which makes no tokens")
    return name, loaded


def _data(shards: Sequence[str], audio: AudioConfig, tokenizer: Tokenizer, *, seed: int) -> SpeechData:
    return SpeechData(
        path=list(shards),
        audio=audio,
        tokenizer=tokenizer,
        batch_seconds=BATCH_SECONDS,
        max_seconds=LONGEST,
        crop_seconds=None,
        reference_seconds=None,
        prompt_seconds=None,
        letters=0.0,
        weights={},
        needs_text=True,
        new_speakers=False,
        seed=seed,
        workers=0,
    )


def _training(data: SpeechData, hours: float) -> Iterator[Batch]:
    """Training clips of so many hours, or one epoch of them, by chance."""
    seconds, stream = 0.0, data.train_dataloader()
    for _, batch in zip(range(stream.epoch_len), stream, strict=False):
        yield batch
        seconds += float(batch.wav_len.sum()) / data.audio.sample_rate
        if seconds >= hours * 3600:
            return


def _held_out(data: SpeechData) -> Iterator[Batch]:
    """All clips that training does not hear, of splits that have any."""
    for split in ("val", "test"):
        if (data.library.column("split")[data.library.usable] == SPLITS.index(split)).any():
            yield from data.loader(split)


def _centred(data: SpeechData, size: int) -> Any:
    """K-means over MFCCs, as `MaskedStage` begins with: the same centres for the same clips."""
    conf = OmegaConf.create({"model": OmegaConf.load(settings.CONF / "model/hubert/small.yaml")})
    conf.model.features.classes = size
    conf.targets = OmegaConf.load(settings.CONF / "stage/hubert.yaml").first_targets
    torch.manual_seed(SEED)
    net = checkpoint.build(OmegaConf.to_container(conf, resolve=True)["targets"], data.audio)
    for batch in _training(data, CENTRED_HOURS):
        net.learn(batch.wav, batch.wav_len)
    return net.eval()


def _classes(tokenizer: Tokenizer) -> list[int]:
    """For each text id its class: phonemes and letters by number, all that makes no sound as silence."""
    sounding = [id for id in range(tokenizer.vocab_size) if id not in tokenizer.silent_ids]
    number = {id: place for place, id in enumerate(sounding, SILENCE + 1)}
    return [number.get(id, SILENCE) for id in range(tokenizer.vocab_size)]
