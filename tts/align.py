"""When each id of a text is heard in speech: read from the data, or by forced alignment to what the codec spells.

Times are in codes from the beginning of speech. A text of S ids has S + 2 times: its start at 0, its ids, and its end
where the speech ends.
"""

from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from tts.ctc import aligned
from tts.types import Batch, Codec, Codes, mask


@runtime_checkable
class Sounds(Protocol):
    """What a tokenizer tells of the sounds of its ids."""

    def sounds(self, count: int) -> list[int]:
        """For each id the one that sounds most like it among the first `count`; 0 for those without a sound there."""


def even(text_len: Int[Tensor, " B"] | Float[Tensor, " B"], speech_len: Tensor, size: int) -> Float[Tensor, "B S2"]:
    """Times of texts of `text_len` ids, known or guessed, spread evenly over the speech; no time is beyond its end.

    `size` is the number of ids in the longest text.
    """
    place = torch.arange(size + 2, device=text_len.device)
    share = place / (text_len + 1)[:, None]
    return share.clamp(max=1) * speech_len[:, None]


def heard(batch: Batch, codes: Codes, codec: Codec, tokenizer: Sounds) -> Float[Tensor, "B S2"]:
    """Times of a batch's texts in its codes: those that the batch brings, and `spoken` for clips without."""
    if batch.times is None:
        return spoken(codec.spell(codes), codes, batch.text, batch.text_len, tokenizer)
    inside = mask(batch.text_len + 1, batch.times.shape[1])  # all but the end
    end = codes.length[:, None].to(batch.times)
    times = torch.where(inside, batch.times * float(codec.code_rate), end).minimum(end)
    if unknown := times.isnan().any(1).nonzero().flatten().tolist():
        own = Codes(codes.ids[unknown], codes.length[unknown])
        times[unknown] = spoken(codec.spell(own), own, batch.text[unknown], batch.text_len[unknown], tokenizer)
    return times


def spoken(
    spelling: Float[Tensor, "B K V"] | None,
    codes: Codes,
    text: Int[Tensor, "B S"],
    text_len: Int[Tensor, " B"],
    tokenizer: Sounds,
) -> Float[Tensor, "B S2"]:
    """Times at which codes spell each id (`Codec.spell`). Ids without a sound are spread over the gap around them.

    Of sounds that the codec does not know, those that come nearest are looked for.
    Times are even where the codec cannot spell, or the text has more sounds than its codes have room for.
    """
    times = even(text_len, codes.length, text.shape[1])
    if spelling is None:
        return times
    sounds = tokenizer.sounds(spelling.shape[-1])
    steps = spelling.shape[1] // codes.ids.shape[1]  # to a code
    heard_in = spelling.float().cpu().numpy()
    for item, (letters, length) in enumerate(zip(text.tolist(), text_len.tolist(), strict=True)):
        span = int(codes.length[item])
        known = [number for number, id in enumerate(letters[:length], 1) if sounds[id]]
        found = aligned(heard_in[item, : span * steps], [sounds[letters[number - 1]] for number in known])
        if not found:
            continue
        middles = [(start + stop) / 2 / steps for start, stop in found]
        spread = np.interp(range(length + 2), [0, *known, length + 1], [0, *middles, span])
        times[item, : length + 2] = torch.from_numpy(spread).to(times)
    return times
