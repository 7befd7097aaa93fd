"""TorToiSe (Betker 2023, arXiv 2305.07243) at its release sizes with random weights, by its package `tortoise-tts`.

Any text is an utterance of five seconds, whose codes are not padded to 500 as those of an utterance with an end are.
TorToiSe speaks it by its own preset `fast`, with keys and values cached, in batches of 16 samples. Of what the preset
does many times alike a part is done, one batch of samples of six and 16 steps of the diffusion of 80; the rest is
`Skipped`, at the time that this part took.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from tortoise import api

PRESET, SAMPLES, STEPS = "fast", 96, 80
BATCH, STEPS_DONE = 16, 16
CODE = 1024 / 22050  # seconds


class Skipped(NamedTuple):
    """Seconds of work that counts and is not done."""

    wall: float
    processor: float


class RandomTextToSpeech(api.TextToSpeech):
    """Its nets as its constructor makes them, without weights to download."""

    def __init__(self):
        self.device, self.half, self.cvvp, self.enable_redaction = torch.device("cpu"), False, None, False
        self.autoregressive_batch_size = BATCH
        self.tokenizer = api.VoiceBpeTokenizer()
        self.autoregressive = api.UnifiedVoice(
            max_mel_tokens=604,
            max_text_tokens=402,
            max_conditioning_inputs=2,
            layers=30,
            model_dim=1024,
            heads=16,
            number_text_tokens=255,
            start_text_token=255,
            checkpointing=False,
            train_solo_embeddings=False,
        ).eval()
        self.autoregressive.post_init_gpt2_config(kv_cache=True)
        self.clvp = api.CLVP(
            dim_text=768,
            dim_speech=768,
            dim_latent=768,
            num_text_tokens=256,
            text_enc_depth=20,
            text_seq_len=350,
            text_heads=12,
            num_speech_tokens=8192,
            speech_enc_depth=20,
            speech_heads=12,
            speech_seq_len=430,
            use_xformers=True,
        ).eval()
        self.diffusion = api.DiffusionTts(
            model_channels=1024,
            num_layers=10,
            in_channels=100,
            out_channels=200,
            in_latent_channels=1024,
            in_tokens=8193,
            dropout=0,
            use_fp16=False,
            num_heads=16,
            layer_drop=0,
            unconditioned_percentage=0,
        ).eval()
        self.vocoder = api.UnivNetGenerator()
        self.vocoder.eval(inference=True)


class TimedCall:
    """Wall and processor seconds of all calls of a function."""

    def __init__(self, call: Callable[..., Any]):
        self.call, self.wall, self.processor = call, 0.0, 0.0

    def __call__(self, *given: Any, **named: Any) -> Any:
        wall, processor = time.perf_counter(), time.process_time()
        try:
            return self.call(*given, **named)
        finally:
            self.wall += time.perf_counter() - wall
            self.processor += time.process_time() - processor

    def skipped(self, times: int) -> Skipped:
        """The same so many times more."""
        return Skipped(times * self.wall, times * self.processor)


def speaking(threads: int, seconds: float) -> Callable[[str, int], Iterator[float | Skipped]]:
    """Speaks any text as an utterance of so many seconds."""
    codes = round(seconds / CODE)
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    speech = RandomTextToSpeech()
    voice = torch.randn(1, 1024), torch.randn(1, 2048)

    def speak(text: str, seed: int) -> Iterator[float | Skipped]:
        draw, rank = TimedCall(speech.autoregressive.inference_speech), TimedCall(speech.clvp.forward)
        refine = TimedCall(speech.diffusion.forward)
        speech.autoregressive.inference_speech, speech.clvp.forward, speech.diffusion.forward = draw, rank, refine
        try:
            speech.tts_with_preset(
                text,
                preset=PRESET,
                num_autoregressive_samples=BATCH,
                diffusion_iterations=STEPS_DONE,
                max_mel_tokens=codes,
                conditioning_latents=voice,
                use_deterministic_seed=seed,
                verbose=False,
            )
        finally:
            speech.autoregressive.inference_speech, speech.clvp.forward = draw.call, rank.call
            speech.diffusion.forward = refine.call
        yield draw.skipped(SAMPLES // BATCH - 1)
        yield rank.skipped(SAMPLES // BATCH - 1)
        yield refine.skipped(STEPS // STEPS_DONE - 1)
        yield codes * CODE

    return speak
