"""Attention of one position over caches that it joins: as torch computes it, and as ONNX Runtime does at once.

The operator of ONNX Runtime turns queries and keys (rotary embedding), writes into the caches where they lie, if its
results are bound to the same memory, and reads of each row what is filled and no more. So what it gives for a row does
not depend on the rows beside it.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from tts.nn import rotate

OPERATOR, VERSION = "com.microsoft::GroupQueryAttention", 1


@dataclass(frozen=True)
class CachePlace:
    """Where in the caches the new position of each row goes, and its time."""

    filled: Int[Tensor, " B"]  # positions that are there before
    reach: Int[Tensor, ""]  # the largest number of positions after
    time: Int[Tensor, "B 1"]
    cos: Float[Tensor, "K e"]  # factors of `tts.nn.Rotary` at each whole time from 0 on
    sin: Float[Tensor, "K e"]


def attend(
    query: Float[Tensor, "B 1 D"],
    key: Float[Tensor, "B 1 D"],
    value: Float[Tensor, "B 1 D"],
    keys: Float[Tensor, "B H K d"],
    values: Float[Tensor, "B H K d"],
    place: CachePlace,
) -> tuple[Float[Tensor, "B 1 D"], Float[Tensor, "B H K d"], Float[Tensor, "B H K d"]]:
    """What one new position of each row finds in its cache, and the caches with it."""
    if torch.compiler.is_exporting():
        given = query, key, value, keys, values, place.filled, place.reach, place.cos, place.sin, place.time
        heads = {"num_heads": keys.shape[1], "kv_num_heads": keys.shape[1], "do_rotary": 1}
        made = query, keys, values
        return torch.onnx.ops.symbolic_multi_out(
            OPERATOR,
            given,
            heads,
            dtypes=[one.dtype for one in made],
            shapes=[one.shape for one in made],
            version=VERSION,
        )
    rows, heads, room, width = keys.shape
    query, key, value = (part.view(rows, heads, 1, width) for part in (query, key, value))
    query, key = (rotate(part, place.cos[place.time][:, None], place.sin[place.time][:, None]) for part in (query, key))
    column = torch.arange(room, device=keys.device)[:, None]
    filled = place.filled[:, None, None, None]
    keys, values = (torch.where(column == filled, new, old) for new, old in ((key, keys), (value, values)))
    seen = (column <= filled).mT
    y = F.scaled_dot_product_attention(query, keys, values.masked_fill(~seen.mT, 0.0), attn_mask=seen)
    return y.reshape(rows, 1, -1), keys, values
