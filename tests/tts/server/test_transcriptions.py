"""Transcriptions and translations by OpenAI's own client."""

import openai
import pytest

from helpers import listening, serving
from helpers.listening import SENTENCE


@pytest.fixture(scope="module")
def overrides(tmp_path_factory) -> tuple[str, ...]:
    return (f"listener={listening.model(tmp_path_factory.mktemp('whisper'))}", "hear_minutes=0.2")


def hear(client, **asked):
    return client.audio.transcriptions.create(model="whisper-1", file=listening.speech(), **asked)


def test_all_formats(client):
    assert hear(client).text == SENTENCE
    assert hear(client, response_format="text").strip() == SENTENCE
    assert hear(client, response_format="srt").startswith("1\n00:00:00,")
    assert hear(client, response_format="vtt").startswith("WEBVTT\n")
    found = hear(client, response_format="verbose_json", language="en", timestamp_granularities=["segment"])
    assert found.text == SENTENCE and found.language == "english" and 8 < found.duration < 9
    (segment,) = found.segments
    assert segment.text == SENTENCE and 0 <= segment.start < segment.end and found.words is None


def test_events(client):
    *deltas, done = hear(client, stream=True)
    assert [event.type for event in deltas] == ["transcript.text.delta"] and deltas[0].delta == SENTENCE
    assert done.type == "transcript.text.done" and done.text == SENTENCE


def test_models_that_listen_are_listed(client):
    assert "whisper-1" in {model.id for model in client.models.list()} and client.models.retrieve("whisper-1").id


def test_silence_is_an_empty_text(client, tmp_path):
    path = listening.silence(tmp_path / "silence.wav")
    assert client.audio.transcriptions.create(model="whisper-1", file=path).text == ""


def test_what_cannot_be_heard_is_refused(client, tmp_path):
    broken, named = tmp_path / "broken.wav", tmp_path / "notes.txt"
    broken.write_bytes(b"no sound"), named.write_bytes(b"no sound")
    long = listening.silence(tmp_path / "long.wav", seconds=13.0)
    film = listening.silent_film(tmp_path / "film.mp4")
    told = {
        broken: "Cannot be decoded",
        named: "must end in one of",
        long: "hours long; at most",
        film: "No audio in it.",
    }
    for path, message in told.items():
        with pytest.raises(openai.BadRequestError, match=message) as error:
            client.audio.transcriptions.create(model="whisper-1", file=path)
        assert error.value.param == "file" and error.value.code == "invalid_recording"
    for asked, param in (
        ({"language": "xx"}, "language"),
        ({"timestamp_granularities": ["word"]}, "timestamp_granularities"),
        ({"response_format": "diarized_json"}, "response_format"),
        ({"temperature": 3.0}, "temperature"),
    ):
        with pytest.raises(openai.BadRequestError) as error:
            hear(client, **asked)
        assert error.value.param == param
    with pytest.raises(openai.NotFoundError, match="No model of this name listens"):
        client.audio.transcriptions.create(model="nobody", file=listening.speech())


def test_translations_ask_for_a_listener_that_translates(client, service, monkeypatch):
    assert client.audio.translations.create(model="whisper-1", file=listening.speech()).text == SENTENCE
    monkeypatch.setattr(service.listener(), "translates", False)
    with pytest.raises(openai.BadRequestError, match="Only Whisper translates speech") as error:
        client.audio.translations.create(model="whisper-1", file=listening.speech())
    assert error.value.param == "model"


def test_without_a_listener_the_rest_goes_on(home, tmp_path):
    service = serving.make_service(home, tmp_path, "listener=whisper=/nowhere")
    with serving.running(service) as address, serving.client(address) as client:
        with pytest.raises(openai.NotFoundError, match="This server does not listen: no Whisper model") as error:
            client.audio.transcriptions.create(model="whisper-1", file=("talk.wav", b""))
        assert error.value.code == "listening_not_offered"
        assert client.audio.speech.create(model="tts-1", voice="someone", input="It sang.").read()
