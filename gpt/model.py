"""The GPT that speaks and listens: one causal transformer over speaker latents, text ids and speech codes.

Like TorToiSe's (Betker 2023, arXiv 2305.07243, section 3.1) it turns text and a speaker into codes and hands its
hidden states on to the diffusion decoder. Unlike that one, it also reads speech back as text with the same weights.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import log, prod

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from gpt.duration import DurationPredictor, cumulative_times
from gpt.generation import Generation, StepWeights
from gpt.prosody import CHANNELS, ProsodyFlow, departed
from gpt.sample import seeded_uniforms
from gpt.sequence import (
    FIRST_TEXT,
    SPEAKER,
    SPEECH,
    TEXT,
    Packed,
    Said,
    SegmentStream,
    Task,
    Vocabulary,
    hide_text,
    pack_tasks,
    parse_task,
    speaker_stream,
    speech_positions,
    utterance_streams,
)
from gpt.step import Layer, Stepper, packed, product
from tts.align import even
from tts.draws import item_generators
from tts.nn import Block, RMSNorm, Rotary, init_weights
from tts.speaker import SpeakerEncoder
from tts.types import AudioConfig, Codes, Mel, Sampling, Speech, mask

# The two tasks behind `generate`, `latents` and `text_score`; conf/stage/gpt.yaml says how they are trained.
TTS = parse_task("tts", ["speaker", "text", "speech*"], 1.0)
ASR = parse_task("asr", ["speech", "text*"], 1.0)
# Speaking with another utterance of the speaker in front, which the net goes on from.
PROMPTED = parse_task("prompted", ["speaker", "text[prompt]", "text", "speech[prompt]", "speech*"], 1.0)
PACES = tuple(0.64 * 1.12**step for step in range(8))  # at which a text may be read, times the predicted one


class CodeTable(nn.Module):
    """One row per id. The row of a code is the sum of a row of its own and a shared row for each of its FSQ digits.

    Codes that differ in one digit sound alike. Shared rows say so from the first step, which matters because each
    code occurs only a few dozen times in an hour of speech. Codes of a plain codebook have nothing to share.
    """

    def __init__(self, *, vocabulary: Vocabulary, levels: list[int], width: int):
        super().__init__()
        shared = levels if len(levels) > 1 else []
        self.rows = nn.Embedding(vocabulary.size, width)
        self.digits = nn.Parameter(0.02 * torch.randn(sum(shared), width))
        hot = torch.zeros(vocabulary.size, sum(shared))
        ids, first = torch.arange(vocabulary.codes), 0
        for place, level in enumerate(shared):  # digits as in dvae/quantize.py: the first one changes fastest
            digit = ids // prod(levels[:place]) % level
            hot[vocabulary.first_code + ids, first + digit] = 1.0
            first += level
        self.register_buffer("hot", hot, persistent=False)

    def forward(self) -> Float[Tensor, "V D"]:
        return self.rows.weight + self.hot @ self.digits


class GPT(nn.Module):
    """Implements `tts.types.Acoustic`. Its code 0..C-1 are the codec's; starts and stops never leave it."""

    def __init__(
        self,
        *,
        audio: AudioConfig,
        width: int,
        layers: int,
        heads: int,
        hidden: int,
        dropout: float,
        text_vocab: int,
        code_levels: list[int],
        speaker: dict[str, int],
        clock: dict[str, int],
        prosody: dict[str, int] | None,  # None: every take is spoken with the predicted gaps
        max_len: int,
        guidance: float,  # that the weights hold (gpt/distillation.py); 1: none
        modalities: dict[str, int] | None = None,  # further ones: name and number of ids
    ):
        super().__init__()
        self.codebook_size = prod(code_levels)
        further = tuple((modalities or {}).items())
        self.vocabulary = Vocabulary(texts=text_vocab, codes=self.codebook_size, further=further)
        self.latents_per_speaker = speaker["latents"]
        self.max_len = max_len
        self.guidance = guidance
        self.stepping = torch.float32  # of the matrices in `generate`; may be set to `tts.nn.step_dtype`
        self._stepped: tuple | None = None  # see `_step_weights`
        self.speaker = SpeakerEncoder(n_mels=audio.n_mels, out_width=width, **speaker)
        # Called `clock` in every file of weights and its spec.
        self.clock = DurationPredictor(texts=self.vocabulary.first_code, speaker_width=width, dropout=dropout, **clock)
        self.prosody = None
        if prosody:
            self.prosody = ProsodyFlow(
                texts=self.vocabulary.first_code, speaker_width=width, dropout=dropout, **prosody
            )
            self.hears = nn.Linear(CHANNELS + 1, width, bias=False)  # the numbers, and 1 where they are told
        self.embed = CodeTable(vocabulary=self.vocabulary, levels=code_levels, width=width)
        self.rotary = Rotary(head_width=width // heads)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            Block(width=width, heads=heads, hidden=hidden, dropout=dropout) for _ in range(layers)
        )
        self.norm = RMSNorm(width)
        self.head = CodeTable(vocabulary=self.vocabulary, levels=code_levels, width=width)
        init_weights(self)
        if self.prosody:  # at first it departs nowhere, and is not heard
            nn.init.zeros_(self.prosody.head.weight)
            nn.init.zeros_(self.hears.weight)

    def __getstate__(self) -> dict:
        """A copy may get other weights, so it makes those of its steps anew."""
        return self.__dict__ | {"_stepped": None}

    def widened(self, tensors: Mapping[str, Tensor], texts: int, origins: Sequence[int | None]) -> dict[str, Tensor]:
        """Tensors of a GPT that has room for fewer `texts`, with as many rows for ids as this one.

        The row of each text id is that of its origin there; ids without one begin as they are here.
        """
        old, new, own = replace(self.vocabulary, texts=texts), self.vocabulary, self.state_dict()
        origin = torch.full((new.size,), -1)
        origin[:FIRST_TEXT] = torch.arange(FIRST_TEXT)
        origin[FIRST_TEXT : FIRST_TEXT + len(origins)] = torch.tensor(
            [-1 if place is None else FIRST_TEXT + place for place in origins]
        )
        origin[new.stop_text :] = torch.arange(old.stop_text, old.size)
        out = dict(tensors)
        for name in ("embed.rows.weight", "head.rows.weight", "clock.embed.weight", "prosody.embed.weight"):
            if name in tensors and name in own:
                rows = origin[: len(own[name]), None]
                out[name] = torch.where(rows < 0, own[name], tensors[name].to(own[name])[rows[:, 0].clamp_min(0)])
        return out

    def forward(
        self,
        packed: Packed,
        speaker: Float[Tensor, "B P D"] | None,
        prosody: Float[Tensor, "B 4 S1"] | None = None,
    ) -> Float[Tensor, "B K D"]:
        """Hidden states; `speaker` may be None where no segment is a speaker's.

        `prosody` is what `told` gives, or None where nothing is told.
        """
        if packed.ids.shape[1] > self.max_len:
            raise ValueError(
                f"a sequence of {packed.ids.shape[1]} positions exceeds max_len {self.max_len}: "
                "use shorter clips, or a model with a larger max_len"
            )
        x = self.dropout(self._read(packed, speaker, prosody))
        rotary = self.rotary(packed.time)
        for block in self.blocks:
            x = block(x, rotary, causal=True)
        return self.norm(x)

    def guesses(self, packed: Packed, hidden: Float[Tensor, "B K D"], modality: int) -> tuple[Tensor, Tensor]:
        """Logits (K2, V) and true classes (K2,) of the scored positions of one modality, item after item.

        The logits are of this modality's ids and its stop only, since the task says which modality comes next.
        Other positions and ids are left out because the head is the largest matrix of the net.
        """
        outputs, at = self.vocabulary.outputs(modality), self.guessed(packed, modality)
        return F.linear(hidden[at], self.head()[outputs]), packed.target[at] - outputs.start

    def guessed(self, packed: Packed, modality: int) -> Bool[Tensor, "B K"]:
        """Where `guesses` are made."""
        outputs = self.vocabulary.outputs(modality)
        return packed.scored & (packed.target >= outputs.start) & (packed.target < outputs.stop)

    def speaker_latents(self, mel: Mel) -> Float[Tensor, "B P D"]:
        return self.speaker(mel)

    def latents(
        self,
        text: Int[Tensor, "B S"],
        text_len: Int[Tensor, " B"],
        speaker: Float[Tensor, "B P D"],
        codes: Codes,
        times: Float[Tensor, "B S2"] | None = None,
    ) -> Float[Tensor, "B L D"]:
        """The hidden states that `generate` gives, at codes that are known; 0 beyond an item's length.

        `times` are when the text is heard (`tts.align.spoken`); where none are given, they are predicted.
        """
        if times is None:
            times = self.predict_times(text, text_len, speaker)
        packed = self.arrange(TTS, text, text_len, codes, times)
        at = speech_positions(packed, codes)
        hidden = self(packed, speaker)
        latents = hidden.gather(1, at[..., None].expand(-1, -1, hidden.shape[-1]))
        return latents * mask(codes.length, at.shape[1])[..., None]

    @torch.no_grad()
    def text_score(self, codes: Codes, text: Int[Tensor, "B S"], text_len: Int[Tensor, " B"]) -> Float[Tensor, " B"]:
        """Mean log p(text id | codes) in nats, the text's end included, so that speech that runs on costs too.

        The probability is a mean over several paces at which the text may have been read. Times that end with the
        speech would tell how long the text is: any text would then know where to stop.
        """
        count = text_len + 1
        nobody = self.norm.weight.new_zeros(len(text), self.latents_per_speaker, len(self.norm.weight))
        pace = self.predict_times(text, text_len, nobody).amax(1) / count  # codes per id
        scores = []
        for factor in PACES:
            times = even(codes.length / (factor * pace) - 1, codes.length, text.shape[1])
            packed = self.arrange(ASR, text, text_len, codes, times)
            scores.append(count * self._mean_score(packed, self(packed, None), TEXT, count))
        return (torch.stack(scores).logsumexp(0) - log(len(PACES))) / count

    @torch.no_grad()
    def code_score(
        self, text: Int[Tensor, "B S"], text_len: Int[Tensor, " B"], speaker: Float[Tensor, "B P D"], codes: Codes
    ) -> Float[Tensor, " B"]:
        """Mean log p(code | speaker, text, codes before) in nats, the speech's end included; times are predicted."""
        packed = self.arrange(TTS, text, text_len, codes, self.predict_times(text, text_len, speaker))
        return self._mean_score(packed, self(packed, speaker), SPEECH, codes.length + 1)

    @torch.inference_mode()
    def transcribe(self, codes: Codes, expected: Int[Tensor, " B"]) -> list[list[int]]:
        """The text ids that the net hears in codes, the likeliest next one each time, for codes of unknown text.

        `expected` is how many ids each text is thought to have; their times are spread evenly over the speech.
        """
        items, device = len(codes.length), codes.ids.device
        limit = (2 * expected).clamp_max(self.max_len - codes.ids.shape[1] - 4)  # starts and stops
        text, text_len = codes.ids.new_zeros(items, 0), torch.zeros_like(codes.length)
        hearing = limit > 0
        outputs = self.vocabulary.outputs(TEXT)
        stop, head = outputs.stop - outputs.start - 1, self.head()[outputs]
        while hearing.any():
            packed = self.arrange(ASR, text, text_len, codes, even(expected, codes.length, text.shape[1]))
            hidden = self(packed, None)[torch.arange(items, device=device), packed.length - 2]  # before the stop
            id = F.linear(hidden, head).argmax(-1)
            hearing = hearing & (id != stop) & (text_len < limit)
            text = F.pad(text, (0, 1)).scatter(1, text_len[:, None], id.masked_fill(~hearing, 0)[:, None])
            text_len = text_len + hearing
        return [ids[:length].tolist() for ids, length in zip(text, text_len, strict=True)]

    @torch.inference_mode()
    def generate(
        self,
        text: Int[Tensor, "B S"],
        text_len: Int[Tensor, " B"],
        speaker: Float[Tensor, "B P D"],
        *,
        sampling: Sampling,
        generator: torch.Generator,
        prompt: Said | None = None,
    ) -> Speech:
        """Draw codes until each item stops; items may be takes of one text or different texts."""
        generation = self.begin(text, text_len, speaker, sampling=sampling, generator=generator, prompt=prompt)
        return Speech.gathered(list(iter(lambda: self.advance([generation])[0], None)))

    @torch.inference_mode()
    def begin(
        self,
        text: Int[Tensor, "B S"],
        text_len: Int[Tensor, " B"],
        speaker: Float[Tensor, "B P D"],
        *,
        sampling: Sampling,
        generator: torch.Generator,
        prompt: Said | None = None,
    ) -> Generation:
        """Read what comes before the first code of each item; `advance` draws the codes.

        With a prompt the speaker goes on from there, as nets do that were trained on tasks with prompts.
        """
        device = text.device
        sampling = replace(sampling, guidance=sampling.guidance / self.guidance)  # beyond what the weights hold
        guided = sampling.guidance != 1
        with torch.autocast(device.type, enabled=False):
            speaker = speaker.float()
            times, prosody = self.draw_prosody(text, text_len, speaker, sampling.prosody, generator)
            x, time, pad = self._prefix(text, text_len, speaker, sampling.pace * times, prosody, guided, prompt)
            room = self.max_len - x.shape[1]
            if room < 1:
                raise ValueError(f"{int(text_len.max())} text ids leave no room for speech: split the text")
            limit = (text_len * sampling.max_codes_per_id).ceil().long().clamp(1, room)
            steps = int(limit.max())
            weights = self._step_weights()
            sequences, hidden = weights.stepper.start(x, time, pad, steps=steps)
        uniforms = seeded_uniforms(len(text), steps, generator).to(device)
        return Generation(weights, sequences, hidden, sampling, limit, uniforms)

    @torch.inference_mode()
    def advance(self, generations: Sequence[Generation]) -> list[tuple[Int[Tensor, " B"], Float[Tensor, "B D"]] | None]:
        """One code of each item of each generation, -1 for one that has stopped, and the latents at it.

        None for a generation whose items have all stopped. Where this raises, no generation has gone on.
        """
        weights, hidden = generations[0].weights, torch.cat([own.hidden for own in generations])
        with torch.autocast(hidden.device.type, enabled=False):
            logits = product(hidden, weights.head).float().split([own.rows for own in generations])
            chosen = [own.chosen(given) for own, given in zip(generations, logits, strict=True)]
            going = [(own, id) for own, id in zip(generations, chosen, strict=True) if id is not None]
            if not going:
                return [None] * len(generations)
            read = torch.cat([weights.table[id].repeat(own.rows // len(id), 1) for own, id in going])
            hidden = weights.stepper([own.sequences for own, _ in going], read)
        parts = iter(hidden.split([own.rows for own, _ in going]))
        return [None if id is None else own.read(id, next(parts)) for own, id in zip(generations, chosen, strict=True)]

    @torch.inference_mode()
    def rows_agree(self, rows: int) -> bool:
        """Whether products in steps give a row the same bytes alone, in pairs, and among so many.

        That depends on the type of the weights, and on how a processor multiplies them.
        """
        weights = self._step_weights()
        layer, width = weights.stepper.layers[0], len(self.norm.weight)
        matrices = [(layer.qkv, width), (layer.out, width), (layer.gate_up, width), (weights.head, width)]
        matrices.append((layer.down, self.blocks[0].mlp.down.in_features))
        for matrix, size in matrices:
            x = torch.linspace(-1.0, 1.0, rows * size, device=self.norm.weight.device).sin().view(rows, size)
            whole = product(x, matrix)
            if not all(torch.equal(product(x[:few], matrix), whole[:few]) for few in range(1, rows)):
                return False
        return True

    def _step_weights(self) -> StepWeights:
        """The blocks, the head and the embedding of codes as steps read them; kept once nothing trains any more."""
        if self._stepped and self._stepped[0] == (self.stepping, self.norm.weight.device):
            return self._stepped[1]
        outputs = self.vocabulary.outputs(SPEECH)
        layers = [Layer(block, self.stepping) for block in self.blocks]
        stepper = Stepper(blocks=self.blocks, layers=layers, norm=self.norm, rotary=self.rotary)
        made = StepWeights(stepper, packed(self.head()[outputs], self.stepping), self.embed()[outputs])
        if not self.norm.weight.requires_grad:
            self._stepped = (self.stepping, self.norm.weight.device), made
        return made

    def log_gaps(self, text: Int[Tensor, "B S"], text_len: Int[Tensor, " B"], speaker: Tensor) -> Float[Tensor, "B S1"]:
        """Log of the number of codes expected between each text id, start and stop included, and the next."""
        return self.clock(self.vocabulary.wrap(TEXT, text, text_len), text_len, speaker)

    def predict_times(
        self, text: Int[Tensor, "B S"], text_len: Int[Tensor, " B"], speaker: Tensor
    ) -> Float[Tensor, "B S2"]:
        """When each text id will be spoken, in codes from the beginning, as the duration predictor expects."""
        return cumulative_times(self.log_gaps(text, text_len, speaker), text_len)

    def draw_prosody(
        self,
        text: Int[Tensor, "B S"],
        text_len: Int[Tensor, " B"],
        speaker: Float[Tensor, "B P D"],
        temperature: float,
        generator: torch.Generator,
    ) -> tuple[Float[Tensor, "B S2"], Float[Tensor, "B 4 S1"] | None]:
        """When each text id will be spoken in one take of each item, and its prosody as `forward` hears it.

        At a temperature of 0, or without a net for it, the times are the predicted ones and nothing is told.
        """
        log_gaps = self.log_gaps(text, text_len, speaker)
        if not self.prosody or not temperature:
            return cumulative_times(log_gaps, text_len), None
        drawn = self.prosody.draw(
            self.vocabulary.wrap(TEXT, text, text_len),
            text_len,
            speaker,
            log_gaps,
            temperature=temperature,
            generators=item_generators(len(text), generator),
        )
        return cumulative_times(departed(log_gaps, drawn[:, 0]), text_len), self.told(drawn, text_len)

    def told(self, prosody: Float[Tensor, "B 3 S1"], text_len: Int[Tensor, " B"]) -> Float[Tensor, "B 4 S1"]:
        """Prosody as `forward` hears it: in units of its variance, with a 1 to say that it is told."""
        heard = F.pad(prosody / self.prosody.scales, (0, 0, 0, 1), value=1.0)
        return heard * mask(text_len + 1, heard.shape[-1])[:, None]

    def arrange(
        self, task: Task, text: Tensor, text_len: Tensor, codes: Codes, times: Float[Tensor, "B S2"] | None = None
    ) -> Packed:
        """A batch whose items all have one task of one utterance, with even times by default."""
        if times is None:
            times = even(text_len, codes.length, text.shape[1])
        streams = self.streams(Said(text, text_len, codes, times))
        return pack_tasks([task], torch.zeros_like(text_len), streams)

    def streams(self, said: Said, prompt: Said | None = None) -> dict[str, SegmentStream]:
        """What tasks lay out: a speaker, the text and the speech of each item, and those of its prompt."""
        streams = speaker_stream(len(said.text_len), self.latents_per_speaker, said.text.device)
        streams |= utterance_streams(said, self.vocabulary)
        return streams if prompt is None else streams | utterance_streams(prompt, self.vocabulary, "prompt")

    def _mean_score(
        self, packed: Packed, hidden: Tensor, modality: int, count: Int[Tensor, " B"]
    ) -> Float[Tensor, " B"]:
        """Mean log p of the scored ids of one modality, of which each item has `count`."""
        logits, target = self.guesses(packed, hidden, modality)
        score = logits.float().log_softmax(-1).gather(1, target[:, None]).squeeze(1)
        item = torch.arange(len(count), device=count.device).repeat_interleave(count)
        return torch.zeros(len(count), device=score.device).index_add(0, item, score) / count

    def _read(self, packed: Packed, speaker: Tensor | None, prosody: Tensor | None) -> Float[Tensor, "B K D"]:
        x = F.embedding(packed.ids, self.embed())
        if prosody is not None:
            last = prosody.shape[-1] - 1
            heard = prosody.gather(2, packed.place.clamp(max=last)[:, None].expand(-1, prosody.shape[1], -1))
            spoken = (
                (packed.modality == TEXT) & packed.main & (packed.place <= last)
            )  # not the stop of the longest text
            x = x + self.hears((heard * spoken[:, None]).mT)
        if speaker is None:
            return x
        at = packed.place.clamp(max=speaker.shape[1] - 1)[..., None].expand(-1, -1, speaker.shape[-1])
        return torch.where((packed.modality == SPEAKER)[..., None], speaker.gather(1, at), x)

    def _prefix(
        self,
        text: Tensor,
        text_len: Tensor,
        speaker: Tensor,
        times: Tensor,
        prosody: Tensor | None,
        guided: bool,
        prompt: Said | None,
    ) -> tuple[Float[Tensor, "B K D"], Float[Tensor, "B K"], Int[Tensor, " B"]]:
        """What is read before the first code, aligned to the right, its times, and the padding to its left.

        Guidance doubles the batch: first those told the text, then the same without it.
        """
        none = Codes(text.new_zeros(len(text), 0), torch.zeros_like(text_len))
        streams = self.streams(Said(text, text_len, none, times), prompt)
        packed = pack_tasks([TTS if prompt is None else PROMPTED], torch.zeros_like(text_len), streams)
        x = self._read(packed, speaker, prosody)
        if guided:
            everyone = torch.ones_like(text_len, dtype=torch.bool)
            x = torch.cat((x, self._read(hide_text(packed, everyone, self.vocabulary), speaker, None)))
        length = (packed.length - 1).repeat(len(x) // len(text))  # without the stop of the empty speech
        pad = length.max() - length
        at = (torch.arange(int(length.max()), device=x.device) - pad[:, None]).clamp_min(0)
        time = packed.time.repeat(len(x) // len(text), 1).gather(1, at)
        time = time - time[:, -1:]  # only distances count, and steps begin after 0
        return x.gather(1, at[..., None].expand(-1, -1, x.shape[-1])), time, pad
