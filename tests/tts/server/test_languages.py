"""German in the service: recognised or asked for, in a voice of it, and shown."""

import asyncio
from pathlib import Path

import numpy as np
import openai
import pytest

pytest.importorskip("wyoming")
from wyoming.audio import AudioChunk, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeVoice

from helpers import nano, narrating, serving
from helpers.service_fixtures import address, client, service, users
from tts import voices
from tts.synthesis.explain import reading
from tts.synthesis.live import pcm

__all__ = ["address", "client", "service", "users"]
GERMAN = "Schöne Grüße aus Köln."


@pytest.fixture(scope="module")
def overrides() -> tuple[str, ...]:
    return (f"wyoming=tcp://127.0.0.1:{serving.free_port()}",)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Nets that have learned German, and a voice of each language that ships with them."""
    folder = tmp_path_factory.mktemp("home")
    nano.weights(folder / "weights", german=True, tasks={"s2tt": ["speech[de]", "text[en]*"]})
    narrating.voice(folder, "someone", seed=1)
    shipped = folder / "voices"
    shipped.mkdir()
    narrating.voice(folder, "kathleen", seed=2).rename(shipped / "kathleen.safetensors")
    narrating.voice(folder, "kerstin", seed=3, language="de").rename(shipped / "kerstin.safetensors")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(voices, "FOLDER", shipped)
        yield folder


def said(service, text: str, language: str) -> bytes:
    voice = service.library.latents(service.library.find("local", "someone"))
    how = {"settings": service.settings, "seed": service.infer["seed"]}
    read = reading(service.speech.tokenizer, language)
    chunks = service.speech.stream(text, voice, language=read, **how)
    return pcm(np.concatenate([chunk.wave for chunk in chunks]))


def ask(client, text: str, **changed) -> bytes:
    asked = {"model": "tts-1", "voice": "someone", "input": text, "response_format": "pcm"} | changed
    return client.audio.speech.create(**asked).read()


def test_a_text_is_read_in_the_language_that_it_is_in_or_that_is_asked_for(client, service):
    assert ask(client, GERMAN) == said(service, GERMAN, "german") != said(service, GERMAN, "english")
    assert ask(client, "Nr. 5", extra_body={"language": "de-AT"}) == said(service, "Nr. 5", "german")
    assert ask(client, "Nr. 5") == said(service, "Nr. 5", "english") != said(service, "Nr. 5", "german")
    marked = f"<speak xml:lang='de'>{GERMAN}</speak>"
    assert ask(client, marked) == said(service, GERMAN, "german")


def test_a_language_that_nobody_speaks_is_named(client):
    with pytest.raises(openai.BadRequestError) as error:
        ask(client, "Bonjour.", extra_body={"language": "fr"})
    assert error.value.param == "language" and "'fr' is not spoken. Languages: en, de." in error.value.body["message"]


def test_voices_say_their_language_and_the_usual_one_of_it_speaks(client, service):
    listed = client.get("/audio/voices", cast_to=dict)["data"]
    assert {voice["name"]: voice["language"] for voice in listed} == {
        "kathleen": "en",
        "kerstin": "de",
        "someone": "en",
    }
    comment = lambda text: ask(client, text, voice="auto", response_format="flac")  # noqa: E731
    assert b"kerstin" in comment(GERMAN) and b"kathleen" in comment("It sang.")


def test_wyoming_offers_each_voice_first_in_its_own_language_and_reads_in_it(address, client, service):
    def talk(event, until):
        return asyncio.run(talked(int(service.conf["wyoming"].rpartition(":")[2]), event, until))

    (program,) = Info.from_event(talk(Describe().event(), Info)[-1]).tts
    assert {voice.name: voice.languages for voice in program.voices} == {
        "kathleen": ["en", "de"],
        "kerstin": ["de", "en"],
        "someone": ["en", "de"],
    }
    told = talk(Synthesize("Nr. 5", SynthesizeVoice("kerstin")).event(), AudioStop)
    sound = b"".join(AudioChunk.from_event(event).audio for event in told if AudioChunk.is_type(event.type))
    assert sound == ask(client, "Nr. 5", voice="kerstin", extra_body={"language": "de"})


async def talked(port: int, event, until) -> list:
    async with AsyncTcpClient("127.0.0.1", port) as client:
        await client.write_event(event)
        found = []
        while not found or not until.is_type(found[-1].type):
            found.append(await asyncio.wait_for(client.read_event(), 60))
        return found


def test_weights_that_learned_to_translate_speech_do_so(client, service, home):
    listener = service.translator()
    assert listener.languages == {"de": "german"} and listener.target == "en"
    if service.listener().translates:
        pytest.skip("the listener translates itself")
    with open(nano.hum(home / "hum.wav", seconds=3.0), "rb") as file:
        heard = client.audio.translations.create(model="whisper-1", file=file, response_format="verbose_json")
    assert heard.task == "translate" and heard.duration == pytest.approx(3.0, abs=0.1)
