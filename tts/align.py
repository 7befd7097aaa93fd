"""When each text id of known speech is heard: a forced alignment of what the codec spells.

Times are in codes from the beginning of speech. A text of S ids has S + 2 of them: its start at 0, its ids, and its
end where the speech ends.
"""

from collections.abc import Collection
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torchaudio.functional import forced_align

from tts.types import Codes


def even(text_len: Int[Tensor, " B"], speech_len: Tensor, size: int) -> Float[Tensor, "B S2"]:
    """Times of texts spoken evenly; `size` is the longest text's, and times beyond a text stay at its end."""
    place = torch.arange(size + 2, device=text_len.device)
    share = place / (text_len + 1)[:, None]
    return share.clamp(max=1) * speech_len[:, None]


def spoken(
    spelling: Float[Tensor, "B K V"] | None,
    codes: Codes,
    text: Int[Tensor, "B S"],
    text_len: Int[Tensor, " B"],
    silent_ids: Collection[int],
) -> Float[Tensor, "B S2"]:
    """Times at which codes spell each id (`Codec.spell`); ids without a sound of their own share the gap they stand in.

    A codec that cannot spell, and a text with more sounds than its codes have room for, give even times.
    """
    times = even(text_len, codes.length, text.shape[1])
    if spelling is None:
        return times
    steps = spelling.shape[1] // codes.ids.shape[1]  # to a code
    for item, (letters, length) in enumerate(zip(text.tolist(), text_len.tolist(), strict=True)):
        span = int(codes.length[item])
        known = [place for place, id in enumerate(letters[:length], 1) if id not in silent_ids]
        sounds = [letters[place - 1] for place in known]
        repeats = sum(a == b for a, b in zip(sounds, sounds[1:], strict=False))
        if not sounds or len(sounds) + repeats > span * steps:
            continue
        path, _ = forced_align(spelling[item : item + 1, : span * steps].cpu(), torch.tensor([sounds]), blank=0)
        heard = [(start + stop) / 2 / steps for start, stop in runs(path[0].numpy())]
        spread = np.interp(range(length + 2), [0, *known, length + 1], [0, *heard, span])
        times[item, : length + 2] = torch.from_numpy(spread).to(times)
    return times


def runs(path: np.ndarray) -> list[tuple[int, int]]:
    """Where each label of a forced alignment starts and stops, in steps. Label 0 is the blank between equal labels."""
    borders = np.flatnonzero(np.diff(path, prepend=0, append=0)).tolist()  # of all runs but outer blanks
    return [(start, stop) for start, stop in pairwise(borders) if path[start]]
