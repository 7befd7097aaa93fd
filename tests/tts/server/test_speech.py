"""OpenAI's audio API, spoken to by OpenAI's own client over a real connection."""

import base64
import io
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import av
import numpy as np
import openai
import pytest

from helpers import narrating, serving
from tts import document
from tts.narration.aloud import aloud
from tts.narration.script import script_of
from tts.synthesis.live import pcm

TEXT = "The kettle sang. Nobody cried, and that was all."


@pytest.fixture(scope="module")
def expected(service) -> np.ndarray:
    """What the pipeline itself says."""
    return said(service, TEXT)


def said(service, text: str, speed: float = 1.0) -> np.ndarray:
    voice = service.library.find("local", "someone")
    settings = replace(service.settings, speed=speed)
    chunks = service.speech.stream(text, service.library.latents(voice), settings=settings, seed=service.infer["seed"])
    return np.concatenate([chunk.wave for chunk in chunks])


def decoded(data: bytes) -> tuple[np.ndarray, int]:
    """Samples between -1 and 1, and their rate."""
    with av.open(io.BytesIO(data)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
        rate = container.streams.audio[0].rate
    samples = np.concatenate(frames, axis=1)[0]
    return samples / 32768 if samples.dtype == np.int16 else samples, rate


def likeness(a: np.ndarray, b: np.ndarray) -> tuple[float, int]:
    """The highest correlation of two waves over all delays, and the delay of the second one in samples."""
    size = 2 ** (len(a) + len(b)).bit_length()
    product = np.fft.irfft(np.fft.rfft(b, size) * np.conj(np.fft.rfft(a, size)), size)
    place = int(product.argmax())
    delay = place if place < size // 2 else place - size
    return float(product[place] / np.sqrt((a**2).sum() * (b**2).sum())), delay


def ask(client, **changed):
    return client.audio.speech.create(
        **{"model": "tts-1", "voice": "someone", "input": TEXT, "response_format": "wav"} | changed
    )


@pytest.fixture(scope="module")
def answer(client):
    """What is answered to TEXT in a format; each format is asked for once."""
    return cache(lambda form: ask(client, response_format=form))


@pytest.mark.parametrize("form", ["wav", "flac", "pcm"])
def test_lossless_formats_hold_what_the_pipeline_says(answer, expected, form):
    data = answer(form).read()
    right = np.frombuffer(pcm(expected), "<i2") / 32768
    got, rate = (np.frombuffer(data, "<i2") / 32768, 24000) if form == "pcm" else decoded(data)
    assert rate == 24000 and got.shape == right.shape
    assert np.abs(got - right).max() <= 1 / 32768


@pytest.mark.parametrize("form", ["mp3", "opus", "aac"])
def test_lossy_formats_sound_like_what_the_pipeline_says(answer, expected, form):
    got, rate = decoded(answer(form).read())
    step = rate // 24000  # FFmpeg decodes Opus at 48 kHz
    alike, delay = likeness(expected, got[::step])
    assert alike > 0.9 and abs(delay) < 0.1 * 24000
    assert abs(len(got) / rate - len(expected) / 24000) < 0.2
    media = {"mp3": "audio/mpeg", "opus": "audio/ogg", "aac": "audio/aac"}[form]
    assert answer(form).response.headers["content-type"] == media


@pytest.mark.parametrize("form", ["mp3", "opus", "aac", "flac", "wav", "pcm"])
def test_streamed_in_pieces_it_is_the_same_bytes(client, answer, form):
    with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="someone", input=TEXT, response_format=form
    ) as streamed:
        pieces = list(streamed.iter_bytes())
    assert b"".join(pieces) == answer(form).read() and len(pieces) > 1


def events(client, **changed) -> list[dict]:
    asked = {"model": "tts-1", "voice": "someone", "input": TEXT, "response_format": "pcm", "stream_format": "sse"}
    with client.audio.speech.with_streaming_response.create(**asked | changed) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in answer.iter_lines() if line]
    assert all(line.startswith("data: ") for line in lines)
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def test_events_carry_the_same_sound_and_what_it_took(client, answer):
    *deltas, done = events(client)
    assert {event["type"] for event in deltas} == {"speech.audio.delta"} and len(deltas) > 2
    sound = b"".join(base64.b64decode(event["audio"]) for event in deltas)
    assert sound == answer("pcm").read()
    assert done["type"] == "speech.audio.done"
    usage = done["usage"]
    assert usage["input_tokens"] > 20 and usage["output_tokens"] > 20
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


def test_events_tell_when_each_word_is_heard(client, answer, expected):
    *told, done = events(client, extra_body={"timestamps": True})
    assert done["type"] == "speech.audio.done"
    deltas = [base64.b64decode(event["audio"]) for event in told if event["type"] == "speech.audio.delta"]
    assert b"".join(deltas) == answer("pcm").read()  # the sound is the same
    sentences = [event for event in told if event["type"] == "speech.audio.sentence"]
    assert [own["text"] for own in sentences] == ["The kettle sang.", "Nobody cried, and that was all."]
    said = [[word["word"] for word in own["words"]] for own in sentences]
    assert said == [["The", "kettle", "sang"], ["Nobody", "cried", "and", "that", "was", "all"]]
    last = 0.0
    for own in sentences:
        assert last <= own["start"] <= own["words"][0]["start"] and own["words"][-1]["end"] <= own["end"]
        assert all(own["text"][word["first"] : word["last"]] == word["word"] for word in own["words"])
        for word in own["words"]:
            assert last <= word["start"] <= word["end"]
            last = word["end"]
    assert sentences[-1]["end"] == pytest.approx(len(expected) / 24000, abs=1e-5)


SSML = """<speak>It sang. <break time="700ms"/>
<voice name="other">Good.</voice> <prosody rate="fast" pitch="+2st">So it was.</prosody></speak>"""
MARKED = "It sang. [pause 0.7] [voice other] {G UH1 D}. [/voice] So it was."


@pytest.mark.parametrize("text", [SSML, MARKED], ids=["ssml", "marks"])
def test_markup_is_followed_while_it_streams(client, home, service, text):
    if not (home / "other.safetensors").exists():
        narrating.voice(home, "other", seed=2)
    serving.add_voice(home, Path(service.conf["data"]), "local", "other", "voice_fedcba9876543210")
    voices = {role: service.library.find("local", name) for role, name in (("narrator", "someone"), ("other", "other"))}
    script = script_of(document.marked_up(text), language=service.speech.language, settings=service.settings)
    latents = {role: service.library.latents(voice) for role, voice in voices.items()}
    chunks = aloud(script, latents, speech=service.speech, settings=service.settings, seed=service.infer["seed"])
    right = pcm(np.concatenate([chunk.wave for chunk in chunks]))
    *told, done = events(client, input=text, extra_body={"timestamps": True})
    deltas = [base64.b64decode(event["audio"]) for event in told if event["type"] == "speech.audio.delta"]
    assert b"".join(deltas) == right and len(deltas) > 3 and done["type"] == "speech.audio.done"
    first, second, third = (event for event in told if event["type"] == "speech.audio.sentence")
    assert [word["word"] for word in first["words"]] == ["It", "sang"]
    assert [word["word"] for word in third["words"]] == ["So", "it", "was"]
    assert second["start"] - first["end"] == pytest.approx(0.7, abs=1e-4)
    assert third["words"][-1]["end"] <= third["end"] == pytest.approx(len(right) / 2 / 24000, abs=1e-3)


@pytest.mark.parametrize(
    "text, code, named",
    [
        ("<speak>Hi. <audio src='http://example.com/x.wav'/></speak>", "invalid_markup", "<audio>"),
        ("<speak>Hi. <prosody rate='9'>Ho.</prosody></speak>", "invalid_markup", "rate is 9"),
        ("<speak>Hi. <prosody pitch='200Hz'>Ho.</prosody></speak>", "invalid_markup", "'200Hz'"),
        ("<speak>Hi. <p>", "invalid_markup", "not well formed"),
        ("<!DOCTYPE speak [<!ENTITY a 'b'>]><speak>&a;</speak>", "invalid_markup", "document type"),
        ("<speak/>", "invalid_markup", "says nothing"),
        ("<speak xml:lang='fr'>Bonjour.</speak>", "invalid_markup", "xml:lang 'fr'"),
        ("Hi. [pause 99]", "invalid_markup", "pause of 99 s"),
        ("[voice nobody] Hi.", "voice_not_found", "'nobody'"),
        ("<speak><voice name='../../etc/passwd'>Hi.</voice></speak>", "voice_not_found", "'../../etc/passwd'"),
        ("<speak>* * *</speak>", "unspeakable_input", "no voice can say"),
    ],
)
def test_markup_that_cannot_be_followed_is_named(client, text, code, named):
    with pytest.raises(openai.BadRequestError) as error:
        ask(client, input=text)
    told = error.value
    assert told.type == "invalid_request_error" and (told.param, told.code) == ("input", code)
    assert named in told.body["message"]


def test_sound_comes_before_the_sentence_has_ended(client):
    """The first event holds less than a tenth of one long sentence."""
    words = " ".join(["sang"] * 40)
    *deltas, _ = events(client, input=f"It {words}.")
    sizes = [len(base64.b64decode(event["audio"])) for event in deltas]
    assert len(sizes) > 2 and sizes[0] < sum(sizes) / 3


@pytest.mark.parametrize("speed", [0.25, 4.0])
def test_speed_changes_the_length(client, service, speed):
    data = ask(client, response_format="pcm", input="It sang.", speed=speed).read()
    assert data == pcm(said(service, "It sang.", speed))


def test_a_voice_may_be_a_name_an_id_or_one_of_openais(client):
    by_name = ask(client, response_format="pcm", input="It sang.").read()
    assert ask(client, response_format="pcm", input="It sang.", voice={"id": serving.VOICE}).read() == by_name
    assert ask(client, response_format="pcm", input="It sang.", voice="alloy").read() == by_name


def test_instructions_are_accepted_and_the_answer_says_that_they_change_nothing(client):
    answer = ask(client, input="It sang.", instructions="Whisper.")
    assert answer.response.headers["x-triforce-ignored"] == "instructions"
    assert answer.read() == ask(client, input="It sang.").read()


def test_models(client):
    assert [model.id for model in client.models.list()][:2] == ["triforce", "tts-1"]
    assert client.models.retrieve("triforce").owned_by == "triforce"
    with pytest.raises(openai.NotFoundError) as error:
        client.models.retrieve("gpt-9")
    assert error.value.code == "model_not_found"


@pytest.mark.parametrize(
    "changed, param, code",
    [
        ({"input": ""}, "input", "invalid_value"),
        ({"input": "a " * 3000}, "input", "string_above_max_length"),
        ({"input": "* * *"}, "input", "unspeakable_input"),
        ({"input": "x" * 2000}, "input", "unspeakable_input"),
        ({"voice": "nobody"}, "voice", "voice_not_found"),
        ({"voice": {"id": "../../etc/passwd"}}, "voice", "voice_not_found"),
        ({"voice": {}}, "voice", "invalid_value"),
        ({"speed": 5.0}, "speed", "invalid_value"),
        ({"speed": 0.1}, "speed", "invalid_value"),
        ({"response_format": "midi"}, "response_format", "invalid_value"),
        ({"stream_format": "smoke"}, "stream_format", "invalid_value"),
        ({"extra_body": {"timestamps": True}}, "timestamps", "invalid_value"),
        ({"extra_body": {"colour": "red"}}, "colour", "unknown_parameter"),
    ],
)
def test_a_wrong_field_is_named(client, changed, param, code):
    with pytest.raises(openai.BadRequestError) as error:
        ask(client, **changed)
    told = error.value
    assert told.type == "invalid_request_error" and told.param == param
    assert told.code in (code, "missing_required_parameter") and told.body["message"].endswith(".")
    assert told.request_id.startswith("req_")


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as error:
        ask(client, model="gpt-9")
    assert error.value.code == "model_not_found" and error.value.param == "model"


def test_the_mark_can_be_heard_if_it_is_asked_for(service, client):
    """The shipped setting; the other tests turn it off to compare samples."""
    from tts.synthesis.mark import marked

    service.conf["mark"] = True
    try:
        data = ask(client, response_format="pcm", input="It sang.").read()
    finally:
        service.conf["mark"] = False
    right = np.concatenate(list(marked([said(service, "It sang.")[None]], 24000)), axis=1)
    assert data == pcm(right)
