"""Each net at each size: time, and share of the limit that the machine sets, by products or by memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch
from omegaconf import OmegaConf
from torch import nn

from tts import checkpoint
from tts.bench.machine import Clock, Machine
from tts.nn import fast_dtype
from tts.settings import CONF
from tts.synthesis.pipeline import NETS
from tts.training.meter import Counter
from tts.types import AudioConfig, Codes, Condition, Sampling

IDS = 24  # of the text that the GPT reads
SHORT, LONG = 16, 64  # codes; the difference of their times is that of steps, without what comes before the first
CODES = 96  # that decoder and codec hear: about four seconds
TRIES = 5
CPU = torch.device("cpu")


@dataclass(frozen=True)
class NetTiming:
    """One net at one size, on one thing that it does."""

    net: str
    size: str
    parameters: int  # of the whole net
    unit: str  # a code, or an evaluation over a second of speech
    seconds: float  # a unit
    limit: float  # seconds a unit, if every product ran at the peak and every weight came at the bandwidth
    bound: str  # by which of the two: "flops" or "memory"

    @property
    def share(self) -> float:
        return self.limit / self.seconds


def at_size(size: str, audio: AudioConfig) -> dict[str, nn.Module]:
    """The four nets at a size of conf/model with random weights; `small` stands for nets that have no such size."""
    return {name: checkpoint.build(_spec(name, size), audio).eval().requires_grad_(False) for name in NETS}


def _spec(name: str, size: str) -> dict[str, Any]:
    path = CONF / "model" / name / f"{size}.yaml"
    return OmegaConf.to_container(OmegaConf.load(path if path.is_file() else path.with_name("small.yaml")))


@torch.inference_mode()
def time_nets(nets: Mapping[str, Any], size: str, machine: Machine) -> list[NetTiming]:
    """The four nets, as the pipeline calls them."""
    gpt, codec, decoder, vocoder = (nets[name] for name in ("gpt", "dvae", "diffusion", "vocoder"))
    seconds = CODES / float(codec.code_rate)
    codes = Codes(torch.arange(CODES)[None] % codec.codebook_size, torch.tensor([CODES]))
    coarse = codec.decode(codes)
    return [
        _time_gpt(gpt, size, machine),
        _timing("dvae", codec, lambda: codec.decode(codes), size, machine, seconds),
        _time_decoder(decoder, Condition(codes, coarse, None), size, machine, seconds),
        _timing("vocoder", vocoder, lambda: vocoder(coarse.frames), size, machine, seconds),
    ]


def _time_gpt(gpt: Any, size: str, machine: Machine) -> NetTiming:
    """One step of one sequence: every weight of the blocks and of the head is read once."""
    width, text = len(gpt.norm.weight), torch.arange(1, IDS + 1)[None]
    speaker = torch.zeros(1, gpt.latents_per_speaker, width)

    def speak(codes: int) -> float:
        sampling = Sampling(
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            repetition_window=0,
            repetition_ratio=1.0,
            guidance=gpt.guidance,  # one row
            prosody=0.0,
            pace=1.0,
            max_codes_per_id=codes / IDS,
        )
        start = machine.clock()
        speech = gpt.generate(
            text, torch.tensor([IDS]), speaker, sampling=sampling, generator=torch.Generator().manual_seed(0)
        )
        spent = machine.clock() - start
        return spent * codes / max(1, int(speech.codes.length))  # few sequences stop by themselves

    speak(SHORT)
    seconds = median(speak(LONG) - speak(SHORT) for _ in range(TRIES)) / (LONG - SHORT)
    weights = sum(one.numel() for one in gpt.blocks.parameters()) + width * (gpt.codebook_size + 1)
    limits = {"memory": weights * gpt.stepping.itemsize / machine.bandwidth, "flops": 2 * weights / _peak(machine)}
    return _against("gpt", size, gpt, "code", seconds, limits)


def _time_decoder(decoder: Any, condition: Condition, size: str, machine: Machine, seconds: float) -> NetTiming:
    """One evaluation, without what all steps share."""
    speaker = torch.zeros(1, *decoder.null_speaker.shape)

    keep = torch.tensor([True])
    encoded = decoder.encode(condition, speaker, keep_content=keep, keep_speaker=keep)
    noise, time = torch.randn_like(condition.coarse.frames), torch.zeros(1)
    return _timing("diffusion", decoder, lambda: decoder(noise, time, encoded), size, machine, seconds)


def _timing(name: str, net: Any, call: Callable, size: str, machine: Machine, seconds: float) -> NetTiming:
    return _bounded(name, net, _spent(call, machine.clock), _flops(call), size, machine, seconds)


def _bounded(name: str, net: Any, spent: float, flops: int, size: str, machine: Machine, seconds: float) -> NetTiming:
    weights = sum(one.numel() for one in net.parameters()) * 4
    limits = {"flops": flops / _peak(machine) / seconds, "memory": weights / machine.bandwidth / seconds}
    return _against(name, size, net, "second", spent / seconds, limits)


def _against(name: str, size: str, net: Any, unit: str, seconds: float, limits: Mapping[str, float]) -> NetTiming:
    bound = max(limits, key=lambda kind: limits[kind])
    return NetTiming(name, size, sum(one.numel() for one in net.parameters()), unit, seconds, limits[bound], bound)


def _peak(machine: Machine) -> float:
    """FLOP/s in the type in which the pipeline multiplies here."""
    return machine.flops["bf16" if fast_dtype(CPU) == torch.bfloat16 else "fp32"]


def _spent(call: Callable[[], Any], clock: Clock) -> float:
    """Median seconds of a call, after a first one."""
    times = []
    for _ in range(TRIES + 1):
        start = clock()
        call()
        times.append(clock() - start)
    return median(times[1:])


def _flops(call: Callable[[], Any]) -> int:
    counter = Counter()
    counter.start()
    call()
    return counter.stop()
