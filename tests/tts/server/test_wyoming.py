"""The Wyoming protocol, spoken to by its own client."""

import asyncio
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import cache

import numpy as np
import pytest

pytest.importorskip("wyoming")
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from helpers import serving
from tts.document import marked_up
from tts.narration.script import NARRATOR
from tts.server.speaking import chunks_of
from tts.synthesis.live import pcm

TEXT = "The kettle sang. Nobody cried, and that was all. The kettle sang."


@pytest.fixture(scope="module")
def overrides() -> tuple[str, ...]:
    return (f"wyoming=tcp://127.0.0.1:{serving.free_port()}", "voice=someone", "waiting=2")


@pytest.fixture(scope="module")
def port(service):
    with serving.running(service):
        yield int(service.conf["wyoming"].rpartition(":")[2])


def talk(port: int, events: Iterable[Event], until: type) -> list[Event]:
    """Send events, and take what comes until one of a type, or until the connection ends."""

    async def both() -> list[Event]:
        async with AsyncTcpClient("127.0.0.1", port) as client:
            for event in events:
                await client.write_event(event)
            found = []
            while event := await asyncio.wait_for(client.read_event(), 60):
                found.append(event)
                if until.is_type(event.type):
                    break
            return found

    return asyncio.run(both())


def heard(events: list[Event]) -> bytes:
    return b"".join(AudioChunk.from_event(event).audio for event in events if AudioChunk.is_type(event.type))


@pytest.fixture(scope="module")
def said(service):
    """What the pipeline itself says of a text."""
    latents = service.library.latents(service.library.find("local", "someone"))
    voices = {NARRATOR: latents, "someone": latents}
    speech = service.speech
    how = {"speech": speech, "language": speech.language, "settings": service.settings, "seed": service.infer["seed"]}

    @cache
    def said(text: str) -> bytes:
        chunks = chunks_of(marked_up(text) or text, voices, **how)
        return pcm(np.concatenate([chunk.wave for chunk in chunks]))

    return said


def test_it_says_what_it_can(service, port):
    info = Info.from_event(talk(port, [Describe().event()], Info)[-1])
    (program,) = info.tts
    assert program.supports_synthesize_streaming and program.installed
    assert [voice.name for voice in program.voices] == ["someone"] and program.voices[0].languages == ["en"]


def test_a_whole_text_is_spoken(said, port):
    asked = Synthesize(TEXT, SynthesizeVoice("someone")).event()
    start, *middle, stop = talk(port, [asked], AudioStop)
    assert AudioStart.from_event(start) == AudioStart(rate=24000, width=2, channels=1)
    assert AudioStop.is_type(stop.type) and len(middle) > 2
    assert heard(middle) == said(TEXT)


@pytest.mark.parametrize("size", [1, 1000])
def test_a_text_that_comes_in_pieces_sounds_the_same(said, port, size):
    pieces = [SynthesizeChunk(TEXT[at : at + size]).event() for at in range(0, len(TEXT), size)]
    asked = [SynthesizeStart(SynthesizeVoice("someone")).event(), *pieces, Synthesize(TEXT).event()]
    found = talk(port, [*asked, SynthesizeStop().event()], SynthesizeStopped)
    assert [event.type for event in found if not AudioChunk.is_type(event.type)] == [
        "audio-start", "audio-stop", "synthesize-stopped",
    ]  # fmt: skip
    assert heard(found) == said(TEXT)


@pytest.mark.parametrize("size", [3, 1000])
@pytest.mark.parametrize(
    "text",
    [
        "It sang [pause 0.5] twice. Nobody [voice someone]cried.",
        '<?xml version="1.0"?><speak>It sang.<break time="700ms"/> Nobody cried.</speak>',
    ],
)
def test_marks_and_ssml_are_followed(said, port, text, size):
    whole = talk(port, [Synthesize(text, SynthesizeVoice("someone")).event()], AudioStop)
    pieces = [SynthesizeChunk(text[at : at + size]).event() for at in range(0, len(text), size)]
    asked = [SynthesizeStart(SynthesizeVoice("someone")).event(), *pieces, SynthesizeStop().event()]
    assert heard(whole) == heard(talk(port, asked, SynthesizeStopped)) == said(text)
    assert len(said(text)) > len(said("It sang. Nobody cried."))


def test_a_mark_that_comes_after_the_first_sentence_is_spoken_ends_nothing(said, port):
    async def slowly() -> list[Event]:
        async with AsyncTcpClient("127.0.0.1", port) as client:
            await client.write_event(SynthesizeStart().event())
            await client.write_event(SynthesizeChunk("The kettle sang. Nobody cried, and ").event())
            found = [await asyncio.wait_for(client.read_event(), 60)]
            await client.write_event(SynthesizeChunk("that [pause 1] was all.").event())
            await client.write_event(SynthesizeStop().event())
            while not SynthesizeStopped.is_type(found[-1].type):
                found.append(await asyncio.wait_for(client.read_event(), 60))
            return found

    assert heard(asyncio.run(slowly())).startswith(said("The kettle sang."))


def test_sound_comes_while_the_text_is_being_written_and_others_are_served_meanwhile(said, port):
    async def slowly() -> list[Event]:
        async with AsyncTcpClient("127.0.0.1", port) as client:
            await client.write_event(SynthesizeStart().event())
            await client.write_event(SynthesizeChunk("The kettle sang. Nobody cried, and ").event())
            found = [await asyncio.wait_for(client.read_event(), 60)]  # of the first sentence
            other = await asyncio.to_thread(talk, port, [Synthesize("It sang.").event()], AudioStop)
            assert heard(other) == said("It sang.")
            await client.write_event(SynthesizeChunk("that was all.").event())
            await client.write_event(SynthesizeStop().event())
            while not SynthesizeStopped.is_type(found[-1].type):
                found.append(await asyncio.wait_for(client.read_event(), 60))
            return found

    assert heard(asyncio.run(slowly())) == said("The kettle sang. Nobody cried, and that was all.")


def test_who_leaves_in_the_middle_frees_the_place(service, said, port):
    async def leaving() -> None:
        async with AsyncTcpClient("127.0.0.1", port) as client:
            await client.write_event(SynthesizeStart().event())
            await client.write_event(SynthesizeChunk("The kettle sang. Nobody cried, and ").event())
            await asyncio.wait_for(client.read_event(), 60)

    asyncio.run(leaving())
    while service.engine.turns:
        time.sleep(0.01)
    assert heard(talk(port, [Synthesize("It sang.").event()], AudioStop)) == said("It sang.")


@pytest.mark.parametrize(
    "event, code",
    [
        (Synthesize("It sang.", SynthesizeVoice("nobody")).event(), "voice_not_found"),
        (Synthesize("* * *").event(), "unspeakable_input"),
        (Synthesize("It sang. " * 1000).event(), "unspeakable_input"),
        (Synthesize("It [voice nobody]sang.").event(), "voice_not_found"),
        (Synthesize("<speak>It sang.").event(), "unspeakable_input"),
        (Event("synthesize", {"voice": {}}), "invalid_event"),
        (Event("synthesize", {"text": 5}), "invalid_event"),
        (Event("synthesize", {"text": "It sang.", "voice": 5}), "invalid_event"),
    ],
)
def test_what_cannot_be_said_is_told(service, port, event, code):
    error = Error.from_event(talk(port, [event], Error)[-1])
    assert error.code == code and error.text
    while service.engine.turns:
        time.sleep(0.01)


@pytest.mark.parametrize(
    "data",
    [
        b"\n",
        b"[]\n",
        b"{}\n",
        b'{"type": 5}\n',
        b'{"type": "describe", "data": [], "data_length": 2}\n{}',
        b'{"type": "describe", "data_length": 1000000000000}\n',
        b'{"type": "describe", "payload_length": 1000000000000}\n',
        b'{"type": "describe", "data_length": "x"}\n',
        b"x" * (1 << 20),
        b"\xff\xfe\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
    ids=lambda data: data[:24].decode("latin-1").encode("unicode_escape").decode(),
)
def test_what_is_no_event_ends_the_connection_and_nothing_else(port, data):
    with socket.create_connection(("127.0.0.1", port), 30) as line:
        try:
            line.sendall(data)
            with suppress(OSError):  # "not connected", where the service has hung up before
                line.shutdown(socket.SHUT_WR)
            while line.recv(1 << 12):
                pass
        except ConnectionError:
            pass
    assert talk(port, [Describe().event()], Info)


def test_too_many_texts_at_once_are_refused(service, port):
    async def two() -> Event:
        async with AsyncTcpClient("127.0.0.1", port) as one, AsyncTcpClient("127.0.0.1", port) as other:
            for client in (one, other):
                await client.write_event(SynthesizeStart().event())
            while len(service.engine.turns) < 2:
                await asyncio.sleep(0.01)
            return (await asyncio.to_thread(talk, port, [Synthesize("It sang.").event()], Error))[-1]

    assert Error.from_event(asyncio.run(two())).code == "overloaded"
    while service.engine.turns:
        time.sleep(0.01)


def test_a_wrong_address_is_refused_before_anything_is_served(service):
    from tts.server.http import make_server

    service.conf["wyoming"], right = "10200", service.conf["wyoming"]
    try:
        with pytest.raises(ValueError):
            make_server(service, None)
    finally:
        service.conf["wyoming"] = right
