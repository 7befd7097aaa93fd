"""The Wyoming protocol, as Home Assistant speaks it: text in as it is written, sound out as it is made.

It knows no keys. Whoever reaches its port speaks with the voices that ship, and where the service has no keys also with
the own ones.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Attribution, Describe, Info, TtsProgram, TtsVoice
from wyoming.server import AsyncEventHandler, AsyncServer
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from tts.document import Document, has_marks, marked_up
from tts.narration.script import NARRATOR
from tts.records import SpeakerLatents
from tts.server.engine import Closed, Turn
from tts.server.errors import ApiError
from tts.server.library import Voice
from tts.server.service import Service
from tts.server.speaking import Usage, chunks_of
from tts.server.speech import cast_of, language_code
from tts.synthesis.explain import read_in
from tts.synthesis.live import pcm
from tts.synthesis.mark import marked
from tts.synthesis.portions import ComingText
from tts.synthesis.speaking import Chunk, Settings, Speaking
from tts.text.language import Language, code_of

log = logging.getLogger("tts.server")

STRANGER = "_wyoming"  # the user where there are keys; no key has such a name
CONNECTIONS = 100  # at once
WIDTH = 2  # bytes of a sample
LARGEST = 1 << 16  # bytes of an event
IDLE = 300.0  # seconds after which a client who says nothing is given up


class WyomingServer:
    """Listens at an address such as tcp://127.0.0.1:10200."""

    def __init__(self, service: Service, address: str, user: str):
        self.service, self.user = service, user
        self._server = AsyncServer.from_uri(address)
        self._connections: set[asyncio.Task] = set()

    async def start(self) -> None:
        """Begin to listen. Raises OSError if that cannot be."""
        await self._server.start(lambda reader, writer: Handler(self, Bounded(reader), writer))

    async def stop(self) -> None:
        """End all connections."""
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.stop()

    @contextmanager
    def connected(self) -> Iterator[bool]:
        """Around a connection; gives whether it may be, as there are not too many."""
        task = asyncio.current_task()
        self._connections.add(task)
        try:
            yield len(self._connections) <= CONNECTIONS
        finally:
            self._connections.discard(task)


class Bounded:
    """Reads what a client sends, and takes no event that is too large for its words."""

    def __init__(self, reader: asyncio.StreamReader):
        self._reader = reader

    async def readline(self) -> bytes:
        return await asyncio.wait_for(self._reader.readline(), IDLE)  # a line has a limit of its own

    async def readexactly(self, size: int) -> bytes:
        if size > LARGEST:
            raise ValueError(f"an event of {size} bytes")
        return await asyncio.wait_for(self._reader.readexactly(size), IDLE)

    def feed_eof(self) -> None:
        self._reader.feed_eof()


class WrittenText:
    """A text that a client is still writing. The engine takes its pieces, and no step of it ever waits for one.

    A text with marks is spoken once it is whole, unless the first mark comes after its first sentence is being spoken:
    then it is spoken as it is written.
    """

    def __init__(self, speech: Speaking, language: Language, max_chars: int, most: int):
        self.speech, self.language, self.most = speech, language, most
        self.turn: Turn[Chunk] | None = None
        self.script: Document | None = None  # what is said of a text with marks, once it is whole
        self.voices: dict[str, SpeakerLatents] = {}  # by role
        self._coming = ComingText(max_chars, language)
        self._pieces: deque[str] = deque()
        self._chars = self._complete = self._spoken = 0
        self._begun = self._marked = self._ended = False

    def add(self, piece: str) -> None:
        """Raises ValueError if it gets too long, or has a word that is none."""
        self._chars += len(piece)
        if self._chars > self.most:
            raise ValueError(f"more than {self.most} characters are not spoken at once")
        if not self._begun:
            self._marked = has_marks("".join([*self._pieces, piece]))
        self._pieces.append(piece)
        self._complete += len(self._coming.add(piece))
        self.turn.supply()

    def end(self, cast: Callable[[Document], dict[str, SpeakerLatents]]) -> None:
        """No piece comes any more. `cast` gives the voices that a text with marks names.

        Raises ValueError for marks that cannot be followed, and what `cast` raises.
        """
        if self._marked and not self._begun:
            self.script = marked_up("".join(self._pieces))
            self.voices |= cast(self.script)
        self._ended = True
        self.turn.supply()

    def supplied(self) -> bool:
        """Whether a sentence is there that is not spoken yet."""
        return self._ended or (self._complete > self._spoken and not (self._marked and not self._begun))

    def chunks(self, settings: Settings, seed: int) -> Iterator[Chunk]:
        """The text as it is spoken. Raises ValueError if nobody can say it."""
        self._begun = True
        if self.script:
            common = {"speech": self.speech, "language": self.language}
            yield from chunks_of(self.script, self.voices, settings=settings, seed=seed, **common)
            return
        voice = self.voices[NARRATOR]
        for chunk in self.speech.stream(self, voice, settings=settings, seed=seed, language=self.language):
            if chunk.portion.ends and (chunk.take or not self.speech.sayable(chunk.portion.words)):
                self._spoken = chunk.portion.index + 1
            yield chunk

    def __iter__(self) -> Iterator[str]:
        while self._pieces or not self._ended:
            yield self._pieces.popleft()


class Handler(AsyncEventHandler):
    """One connection."""

    def __init__(self, server: WyomingServer, reader: Bounded, writer: asyncio.StreamWriter):
        super().__init__(reader, writer)
        self.server, self.service, self.user = server, server.service, server.user
        self._text: WrittenText | None = None  # that is being written
        self._speaking: asyncio.Task | None = None

    async def run(self) -> None:
        with self.server.connected() as welcome, suppress(OSError, EOFError, asyncio.TimeoutError):
            if not welcome:
                self.writer.close()
                return
            try:
                await super().run()
            except (AttributeError, KeyError, TypeError, RecursionError):  # what is no event ends the connection
                pass

    async def write_event(self, event: Event) -> None:
        await asyncio.wait_for(super().write_event(event), self.service.conf["patience"])

    async def handle_event(self, event: Event) -> bool:
        try:
            return await self._handle(event)
        except (KeyError, TypeError, AttributeError):
            return await self._refuse("this is no event of the protocol", "invalid_event")
        except ValueError as error:
            return await self._refuse(str(error), "unspeakable_input")
        except ApiError as error:
            return await self._refuse(error.detail, error.code)
        except Closed:
            return await self._refuse("the server is going down", "overloaded")

    async def _handle(self, event: Event) -> bool:
        if Describe.is_type(event.type):
            await self.write_event(self._info().event())
        elif Synthesize.is_type(event.type):
            if self._text:  # for servers that do not stream; its words came in pieces
                return True
            asked = Synthesize.from_event(event)
            self._begin(asked.voice)
            self._text.add(asked.text)
            await self._finish()
        elif SynthesizeStart.is_type(event.type):
            asked = SynthesizeStart.from_event(event)
            await self.disconnect()
            self._begin(asked.voice)
        elif SynthesizeChunk.is_type(event.type) and self._text:
            self._text.add(SynthesizeChunk.from_event(event).text)
        elif SynthesizeStop.is_type(event.type) and self._text:
            await self._finish()
            await self.write_event(SynthesizeStopped().event())
        return True

    async def disconnect(self) -> None:
        """Nobody hears the rest."""
        if self._speaking:
            self._speaking.cancel()
            await asyncio.gather(self._speaking, return_exceptions=True)
            self._text.turn.leave()  # a task that is cancelled before it has begun does not
        self._text = self._speaking = None

    async def _refuse(self, reason: str, code: str) -> bool:
        await self.disconnect()
        await self.write_event(Error(f"{reason[0].upper()}{reason[1:]}", code).event())
        return False

    def _begin(self, asked: SynthesizeVoice | None) -> None:
        """Speak what will be written, in the language that is asked for, or else in that of the voice."""
        service = self.service
        settings, speech, usage = service.settings, service.speech, Usage()
        wanted = language_code(asked.language) if asked and asked.language else None
        voice = self._voice(asked.name if asked else None, wanted)
        language = read_in(speech.tokenizer, "", asked=wanted or voice.card.language)
        text = WrittenText(speech, language, settings.max_chars, service.conf["input_chars"])
        text.voices[NARRATOR] = service.library.latents(voice)
        chunks = text.chunks(settings, service.infer["seed"])
        text.turn = service.enter(self.user, usage.watch(chunks, speech), text.supplied)
        self._text = text
        self._speaking = asyncio.create_task(self._speak(text.turn, usage))

    async def _finish(self) -> None:
        self._text.end(self._cast)
        try:
            await self._speaking
        finally:
            self._text = self._speaking = None

    async def _speak(self, turn: Turn[Chunk], usage: Usage) -> None:
        """Send the sound of a turn as it is made."""
        loop, rate, begun = asyncio.get_running_loop(), self.service.speech.audio.sample_rate, False

        async def following() -> Chunk | None:
            return await anext(turn, None)

        def waves() -> Iterator:
            while chunk := asyncio.run_coroutine_threadsafe(following(), loop).result():
                yield chunk.wave[None]

        pieces = marked(waves(), rate) if self.service.conf["mark"] else waves()
        thread = ThreadPoolExecutor(1)  # that waits for the turn, and marks
        try:
            while (wave := await loop.run_in_executor(thread, next, pieces, None)) is not None:
                if not wave.size:
                    continue
                if not begun:
                    await self.write_event(AudioStart(rate=rate, width=WIDTH, channels=1).event())
                    begun = True
                await self.write_event(AudioChunk(rate=rate, width=WIDTH, channels=1, audio=pcm(wave)).event())
            await self.write_event(AudioStop().event())
            self.service.metrics.spoken(usage.seconds, usage.faults, turn.used)
            log.info(json.dumps({"event": "wyoming", "user": self.user, "seconds": round(usage.seconds, 3)}))
        finally:
            turn.leave()
            await loop.run_in_executor(thread, pieces.close)
            thread.shutdown()

    def _cast(self, text: Document) -> dict[str, SpeakerLatents]:
        named = cast_of(text, self.user, self.service)
        return {role: self.service.library.latents(voice) for role, voice in named.items()}

    def _voice(self, name: str | None, language: str | None) -> Voice:
        library, infer = self.service.library, self.service.infer
        usual = library.usual(self.user, infer, language or self.service.speech.tokenizer.language.code)
        voice = library.find(self.user, name) if name else usual
        if voice is None:
            raise ApiError(400, "there is no such voice: ask with describe", code="voice_not_found")
        return voice

    def _info(self) -> Info:
        learned = [code_of(name) for name in self.service.speech.tokenizer.learned]
        ours = Attribution(name="Triforce", url="")
        common = {"attribution": ours, "installed": True, "version": None}
        voices = [
            TtsVoice(
                name=voice.name,
                description=voice.card.description or voice.name,
                languages=list(dict.fromkeys([voice.card.language, *learned])),
                **common,
            )
            for voice in self.service.library.all(self.user)
        ]
        program = TtsProgram(
            name="triforce",
            description="Text to speech from scratch",
            voices=voices,
            supports_synthesize_streaming=True,
            **common,
        )
        return Info(tts=[program])
