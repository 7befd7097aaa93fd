"""When each sound of a clip is heard, found once when the clip is packed instead of in every training step."""

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from tts import align
from tts.alignment.spell import load_speller
from tts.text.tokenizer import unpinned
from tts.types import AudioConfig


class Aligner:
    """Finds when each sound of a clip is heard, by a codec that spells."""

    def __init__(self, codec: Path, audio: AudioConfig):
        loaded, self.tokenizer = load_speller(codec)
        if loaded.audio != audio:
            raise ValueError(f"{codec} was trained for {loaded.audio}, the shards are for {audio}: give the same audio")
        self.codec = loaded.net
        # Goes into the index of the shards: `data.reader.tells_times` compares it.
        self.about = {"codec": loaded.fingerprint, "text": unpinned(self.tokenizer.spec())}

    @torch.inference_mode()
    def times(self, wav: Float[Tensor, " N"], spoken: str, language: str) -> list[float]:
        """Seconds at which the start, each id and the end of a normalised text are heard; empty without a text.

        They are empty, too, where the codec lacks phones of the language: nets that have them read other ids.
        """
        tokenizer = self.tokenizer.reading(language)
        ids = tokenizer.encode(spoken)
        if not ids or getattr(tokenizer, "replaced", ()):
            return []
        codes = self.codec.encode(wav[None], torch.tensor([len(wav)]))
        text, text_len = torch.tensor([ids]), torch.tensor([len(ids)])
        times = align.spoken(self.codec.spell(codes), codes, text, text_len, tokenizer)
        return (times[0] / float(self.codec.code_rate)).tolist()
