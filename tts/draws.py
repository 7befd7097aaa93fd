"""What chance decides, from given generators: nothing here depends on how much else is drawn beside it."""

from dataclasses import replace

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from tts.types import Batch, Codec

BLOCK = 16  # `torch.randn` draws so many numbers at once on a CPU, and the last ones anew if they do not fill a block


def item_generators(items: int, generator: torch.Generator) -> list[torch.Generator]:
    """A generator for each item of a batch: item i's depends on the state of `generator` and on i alone."""
    base = int(torch.randint(2**62, (), generator=generator, device=generator.device))
    return [torch.Generator().manual_seed(base + item) for item in range(items)]


def frame_noise(bins: int, frames: int, generator: torch.Generator) -> Float[Tensor, "M T"]:
    """Gaussian noise, drawn frame by frame: a frame's noise does not depend on how many frames follow."""
    whole = -(-frames // BLOCK) * BLOCK
    return torch.randn(whole, bins, generator=generator)[:frames].T


def noise_of(frames: range, bins: int, seed: int) -> Float[Tensor, "M T"]:
    """Gaussian noise of some frames of an utterance: a frame's noise follows from the seed and its number alone."""
    blocks = range(frames.start // BLOCK, -(-frames.stop // BLOCK))
    drawn = [torch.randn(BLOCK, bins, generator=torch.Generator().manual_seed(seed + block)) for block in blocks]
    first = blocks.start * BLOCK
    return torch.cat(drawn)[frames.start - first : frames.stop - first].T


def corrupted(ids: Int[Tensor, "*B"], share: float, codes: range, generator: torch.Generator) -> Int[Tensor, "*B"]:
    """The ids, of which a random share of those in `codes` is replaced by random ones of `codes`."""
    hit = (torch.rand(ids.shape, generator=generator) < share).to(ids.device)
    other = torch.randint(codes.start, codes.stop, ids.shape, generator=generator).to(ids.device)
    return torch.where(hit & (ids >= codes.start) & (ids < codes.stop), other, ids)


def delayed(batch: Batch, most: float, codec: Codec, generator: torch.Generator) -> Batch:
    """The batch with a little silence before each clip, by chance up to `most` codes.

    A codec cuts a clip into codes from its first sample on, so that the same clip gives other codes each time.
    """
    if not most:
        return batch
    rate = codec.audio.sample_rate
    shape = (len(batch.keys),)
    silence = torch.randint(round(most * rate / codec.code_rate) + 1, shape, generator=generator)
    longest = int(silence.max())
    rows = [F.pad(wav, (late, longest - late)) for wav, late in zip(batch.wav, silence.tolist(), strict=True)]
    silence = silence.to(batch.wav.device)
    times = batch.times
    if times is not None:  # a text still starts where its sound does, at 0
        times = torch.cat((times[:, :1], times[:, 1:] + silence[:, None] / rate), dim=1)
    return replace(batch, wav=torch.stack(rows), wav_len=batch.wav_len + silence, times=times)
