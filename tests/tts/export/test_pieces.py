"""The pieces that engines call, put together, give what the nets themselves give."""

import pytest
import torch
from einops import rearrange

from gpt.model import TTS
from gpt.prosody import CHANNELS, STEPS
from gpt.sequence import PADDING, SPEECH, TEXT
from helpers import nano
from tts.checkpoint import build
from tts.draws import frame_noise
from tts.export.decoder import past_of
from tts.export.pieces import pieces
from tts.types import Codes, Condition, Mel


@pytest.fixture(scope="module")
def nets(audio) -> dict[str, torch.nn.Module]:
    """Nano nets in which nothing is zero."""
    made = {name: build(nano.conf(f"model/{name}/nano"), audio) for name in ("gpt", "dvae", "vocoder")}
    spec = nano.conf("model/diffusion/nano") | {"latent_width": nano.conf("model/gpt/nano")["width"]}
    made["diffusion"] = build(spec, audio)
    torch.manual_seed(1)
    for net in made.values():
        net.eval().requires_grad_(False)
        for weight in net.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    return made


@pytest.fixture(scope="module")
def made(nets):
    return {piece.name: piece for piece in pieces(nets)}


def test_prefix_and_steps_give_the_logits_and_latents_of_the_whole_sequence(nets, made):
    gpt, codes = nets["gpt"], torch.tensor([[5, 9, 3000, 17]])
    text, text_len = torch.tensor([[4, 8, 15, 16, 23]]), torch.tensor([5])
    speaker = torch.randn(1, gpt.latents_per_speaker, len(gpt.norm.weight))
    prosody = torch.randn(1, CHANNELS + 1, 6)
    stream = gpt.vocabulary.wrap(TEXT, text, text_len)
    times = made["gpt_gaps"].net(stream, speaker).exp().cumsum(1)
    times = torch.cat((torch.zeros(1, 1), times), dim=1)
    assert torch.allclose(times, gpt.predict_times(text, text_len, speaker))

    logits, *cache = made["gpt_prefix"].net(stream, times, speaker, prosody)
    rows, latents, room = [logits], [], 3 + cache[0].shape[2] + codes.shape[1]
    filled = cache[0].shape[2]
    cache = [torch.nn.functional.pad(part, (0, 0, 0, room - filled), value=7.0) for part in cache]
    for step in range(codes.shape[1]):
        places = torch.tensor([filled + step], dtype=torch.int32)
        logits, latent, *cache = made["gpt_step"].net(codes[:, step], torch.tensor([step + 1]), places, *cache)
        rows.append(logits)
        latents.append(latent)

    packed = gpt.arrange(TTS, text, text_len, Codes(codes, torch.tensor([4])), times)
    whole = gpt(packed, speaker, prosody)
    head = gpt.head()[gpt.vocabulary.outputs(SPEECH)]
    assert torch.allclose(torch.stack(rows, 1), whole[:, -6:-1] @ head.T, atol=1e-4)
    assert torch.allclose(torch.stack(latents, 1), whole[:, -5:-1], atol=1e-4)


def test_a_hidden_text_is_a_row_of_the_prefix(nets, made):
    gpt = nets["gpt"]
    text, text_len = torch.tensor([[4, 8, 15]]), torch.tensor([3])
    speaker = torch.randn(1, gpt.latents_per_speaker, len(gpt.norm.weight))
    times, told = torch.arange(5.0)[None], torch.randn(1, CHANNELS + 1, 4)
    stream = gpt.vocabulary.wrap(TEXT, text, text_len)
    untold = stream.clone()
    untold[:, 1:-1] = PADDING
    both = [torch.cat(pair) for pair in ((stream, untold), (times, times), (speaker, speaker), (told, 0 * told))]
    x, time, pad = gpt._prefix(text, text_len, speaker, times, told, True, None)
    for block in gpt.blocks:
        x = block(x, gpt.rotary(time), causal=True)
    wanted = gpt.norm(x[:, -1]) @ gpt.head()[gpt.vocabulary.outputs(SPEECH)].T
    assert torch.allclose(made["gpt_prefix"].net(*both)[0], wanted, atol=1e-4)


def test_prosody_is_drawn_as_the_gpt_draws_it(nets, made):
    gpt = nets["gpt"]
    text, text_len = torch.tensor([[4, 8, 15]]), torch.tensor([3])
    speaker = torch.randn(1, gpt.latents_per_speaker, len(gpt.norm.weight))
    stream, gaps = gpt.vocabulary.wrap(TEXT, text, text_len), gpt.log_gaps(text, text_len, speaker)
    seeds = [torch.Generator().manual_seed(3)]
    wanted = gpt.prosody.draw(stream, text_len, speaker, gaps, temperature=0.5, generators=seeds)
    noise = 0.5 * frame_noise(CHANNELS, gaps.shape[1], torch.Generator().manual_seed(3))[None]
    x = noise
    for step in range(STEPS):
        x = x + made["gpt_prosody"].net(x, torch.tensor([step / STEPS]), stream, speaker, gaps) / STEPS
    assert torch.allclose(x, wanted / gpt.prosody.scales)


def test_the_codec_and_the_decoder_give_the_same_velocity(nets, made):
    decoder, codec, codes = nets["diffusion"], nets["dvae"], torch.tensor([[5, 9, 3000, 17, 4]])
    length = torch.tensor([5])
    coarse = made["codec_mel"].net(codes)
    assert torch.allclose(coarse, codec.decode(Codes(codes, length)).frames, atol=1e-5)
    assert torch.equal(made["codec_spelling"].net(codes), codec.spell(Codes(codes, length)))
    latents, speaker = torch.randn(1, 5, 32), torch.randn_like(decoder.null_speaker)[None]
    condition = Condition(Codes(codes, length), Mel(coarse, torch.tensor([coarse.shape[2]])), latents)
    keep = torch.tensor([True])
    told = decoder.encode(condition, speaker, keep_content=keep, keep_speaker=keep)
    free = decoder.encode(condition, speaker, keep_content=~keep, keep_speaker=keep)
    x, time = torch.randn(2, *coarse.shape[1:]), torch.tensor([0.3, 0.3])
    shared = made["decoder_condition"].net(codes, coarse, speaker, latents)
    first, last = torch.tensor([0]), torch.tensor([told.patches.shape[1] - 1])
    past = past_of(decoder, 2, held=0)
    patches = rearrange(x, "b m (k p) -> b k (m p)", p=decoder.patch)
    velocity, *_ = made["decoder_step"].net(patches, time, *shared, first, last, *past.values())
    velocity = rearrange(velocity, "b k (m p) -> b m (k p)", p=decoder.patch)
    assert torch.allclose(velocity, decoder(x, time, told + free), atol=1e-5)


def test_the_halves_of_the_vocoder_make_its_wave(nets, made, audio):
    vocoder, mel = nets["vocoder"], torch.randn(1, audio.n_mels, 30) * 0.5
    magnitude, state = made["vocoder_magnitude"].net(mel)
    magnitude = magnitude.mT
    spectrum = vocoder.start.spectrum(magnitude)
    features = vocoder.relations(vocoder.stft(vocoder.stft.inverse(spectrum)))
    factor = torch.complex(*made["vocoder_phase"].net(features.mT, state)).mT
    wave = vocoder.stft.inverse(spectrum * factor)
    assert torch.allclose(wave, vocoder(mel), atol=1e-5)


def test_speaker_encoders_are_those_of_the_nets(nets, made, audio):
    mel = torch.randn(1, audio.n_mels, 61)
    for name in ("gpt", "diffusion"):
        piece = made["gpt_speaker" if name == "gpt" else "decoder_speaker"]
        assert torch.equal(piece.net(mel), nets[name].speaker_latents(Mel(mel, torch.tensor([61]))))


def test_other_kinds_of_nets_are_refused(nets, audio):
    other = build({"name": "griffin_lim", "iterations": 1, "momentum": 0.0}, audio)
    with pytest.raises(ValueError, match="vocoder is a GriffinLim"):
        list(pieces(nets | {"vocoder": other}))
