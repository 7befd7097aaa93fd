"""Models behind an OpenAI-compatible address: Ollama, llama.cpp, vLLM, LocalAI, OpenAI and others.

The client of OpenAI repeats requests that fail, with growing pauses or those that the server asks for. Answers that are
none are asked for again here. A key is taken from SHOWS_API_KEY; OPENAI_API_KEY is sent to OpenAI alone.
"""

import base64
import io
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from tts.shows.models.protocols import SYSTEM, Message, Written

if TYPE_CHECKING:
    from openai import OpenAI
    from PIL.Image import Image

TIMEOUT = 600.0  # seconds for one answer; a large model on a processor takes minutes
RETRIES = 5  # of a request that fails
ANSWERS = 3  # that are asked for until one is usable
KEYS = ("SHOWS_API_KEY", "OPENAI_API_KEY")
OPENAI = "api.openai.com"
SEEN = 1024  # pixels, of the longer side of a picture that is looked at
USUAL = (1024, 1024)  # pixels, of a picture where the server does not paint the size that is asked for
LARGEST = 40 << 20  # bytes of a picture
CAPTION = "Describe this picture in one or two plain sentences: who or what is there, where, and the mood."

Answer = TypeVar("Answer")


class Endpoint:
    """A model at an address. Raises ValueError for an address that is none."""

    free = False
    small = False

    def __init__(self, address: str, model: str, *, timeout: float = TIMEOUT, retries: int = RETRIES):
        if not urlsplit(address).hostname:
            raise ValueError(f"{address!r} is no address: give one such as http://localhost:11434/v1#{model}")
        self.address, self.model, self.timeout, self.retries = address.rstrip("/"), model, timeout, retries
        self.name = f"{self.model} at {self.address}"

    @cached_property
    def client(self) -> "OpenAI":
        from openai import OpenAI

        own, openai = (os.environ.get(name, "") for name in KEYS)
        key = own or (openai if urlsplit(self.address).hostname == OPENAI else "")
        return OpenAI(api_key=key or "none", base_url=self.address, timeout=self.timeout, max_retries=self.retries)

    def ask(self, request: Callable[[], Answer]) -> Answer:
        """Carry out a request. What fails for good is one line: OSError if it may go well later, else ValueError."""
        import openai

        later = "run again to go on; what was answered is kept"
        try:
            return request()
        except openai.APITimeoutError:
            raise OSError(
                f"{self.name} gave no answer within {self.timeout:g} s, {self.retries + 1} times: {later}"
            ) from None
        except openai.APIConnectionError as error:
            reason = error.__cause__ or error
            raise OSError(f"{self.name} cannot be reached ({_short(reason)}): see that it runs, then {later}") from None
        except openai.AuthenticationError:
            raise ValueError(f"{self.name} asks for a key: set {KEYS[0]}") from None
        except openai.NotFoundError as error:
            raise ValueError(f"{self.name} is not there ({_short(error)}): look up the address and the model") from None
        except openai.RateLimitError as error:
            raise OSError(f"{self.name} allows no more requests for now ({_short(error)}): {later}") from None
        except openai.InternalServerError as error:
            raise OSError(f"{self.name} fails ({_short(error)}): {later}") from None
        except json.JSONDecodeError:
            raise Nonsense("no JSON") from None

    def answered(self, request: Callable[[int], Answer]) -> Answer:
        """Carry out a request until its answer is usable; `request` gets the number of the attempt."""
        import openai

        for attempt in range(ANSWERS):
            try:
                return self.ask(lambda number=attempt: request(number))
            except Nonsense as error:
                reason = error
            except openai.APIStatusError as error:
                raise ValueError(f"{self.name} refuses the request: {_short(error)}") from None
            except openai.APIError as error:
                reason = _short(error)
        raise OSError(f"{self.name} answered with nonsense {ANSWERS} times ({reason}): run again to go on")


class Nonsense(Exception):
    """An answer that is none."""


class HttpWriter(Endpoint):
    """A writer behind an address."""

    def write(
        self, messages: Sequence[Message], *, tokens: int, seed: int, schema: dict[str, Any] | None = None
    ) -> Written:
        """As `Writer` says. Tokens count all attempts."""
        spent = [0, 0]

        def request(attempt: int) -> Written:
            completion = self._completion(messages, tokens, seed + attempt, schema)
            if usage := getattr(completion, "usage", None):
                spent[0] += getattr(usage, "prompt_tokens", 0) or 0
                spent[1] += getattr(usage, "completion_tokens", 0) or 0
            text, reason = _said(completion)
            if schema and not _obeys(text, schema):
                raise Nonsense(f"no JSON as it was asked for: {text[:60]!r}")
            return Written(text, reason == "stop", *spent)

        return self.answered(request)

    def _completion(self, messages: Sequence[Message], tokens: int, seed: int, schema: dict[str, Any] | None) -> Any:
        import openai

        talk = [asdict(message) for message in messages]
        common = {"model": self.model, "max_tokens": tokens, "seed": seed}
        create = self.client.chat.completions.create
        if not schema:
            return create(messages=talk, **common)
        form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}
        try:
            return create(messages=talk, response_format=form, **common)
        except (openai.BadRequestError, openai.UnprocessableEntityError):  # not every server knows schemas
            told = {
                "role": SYSTEM,
                "content": f"Answer with nothing but JSON that obeys this schema: {json.dumps(schema)}",
            }
            return create(messages=[told, *talk], **common)


class HttpEye(Endpoint):
    """An eye behind an address: a model that writes about pictures."""

    def caption(self, picture: Path) -> str:
        """As `Eye` says."""
        url = f"data:image/jpeg;base64,{base64.b64encode(_seen(picture)).decode()}"
        parts = [{"type": "text", "text": CAPTION}, {"type": "image_url", "image_url": {"url": url}}]
        talk = [{"role": "user", "content": parts}]

        def request(attempt: int) -> str:
            create = self.client.chat.completions.create
            return _said(create(model=self.model, messages=talk, max_tokens=200, seed=attempt))[0]

        return " ".join(self.answered(request).split())


class HttpPainter(Endpoint):
    """A painter behind an address."""

    def paint(self, scene: str, size: tuple[int, int], *, seed: int) -> "Image":
        """As `Painter` says. Most servers take no seed, so each call is another draw."""
        from PIL import Image, ImageOps, UnidentifiedImageError

        def request(attempt: int) -> Image.Image:
            try:
                image = Image.open(io.BytesIO(self._painted(scene, size)))
                image.load()
            except (UnidentifiedImageError, OSError, ValueError) as error:
                raise Nonsense(f"no picture: {_short(error)}") from None
            return ImageOps.fit(image.convert("RGB"), size)

        return self.answered(request)

    def _painted(self, scene: str, size: tuple[int, int]) -> bytes:
        import openai

        create = self.client.images.generate
        for width, height in (size, USUAL):
            for form in ({"response_format": "b64_json"}, {}):  # OpenAI's newest models do not know the first
                try:
                    answer = create(model=self.model, prompt=scene, size=f"{width}x{height}", n=1, **form)
                except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                    refused = error
                    continue
                return self._data(answer)
        raise refused

    def _data(self, answer: Any) -> bytes:
        found = (getattr(answer, "data", None) or [None])[0]
        if text := getattr(found, "b64_json", None):
            return base64.b64decode(text)
        if url := getattr(found, "url", None):
            return self._fetched(url)
        raise Nonsense("no picture in the answer")

    def _fetched(self, url: str) -> bytes:
        """A picture that the server only gives the address of."""
        import httpx

        data = b""
        try:
            with httpx.stream("GET", url, timeout=self.timeout, follow_redirects=True) as reply:
                reply.raise_for_status()
                for piece in reply.iter_bytes():
                    data += piece
                    if len(data) > LARGEST:
                        raise Nonsense(f"a picture of more than {LARGEST >> 20} MB")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Nonsense(f"a picture that cannot be fetched: {_short(error)}") from None
        return data


def _said(completion: Any) -> tuple[str, str]:
    """The text of an answer and why it ends."""
    try:
        choice = completion.choices[0]
        text, reason = choice.message.content, choice.finish_reason
    except (AttributeError, IndexError, TypeError):
        raise Nonsense("no text in the answer") from None
    if not isinstance(text, str) or not text.strip():
        raise Nonsense("an empty text")
    return text, reason or "stop"


def _obeys(text: str, schema: dict[str, Any]) -> bool:
    """Whether a text holds a JSON object with everything that the schema requires."""
    try:
        found = json.loads(text[text.index("{") : text.rindex("}") + 1])
    except ValueError:
        return False
    return isinstance(found, dict) and all(key in found for key in schema.get("required", ()))


def _seen(picture: Path) -> bytes:
    """A picture as JPEG, no larger than need be. Raises ValueError for a file that is none."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(picture) as image:
            image = ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        raise ValueError(f"{picture} is no picture that can be read") from None
    image.thumbnail((SEEN, SEEN))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=88)
    return file.getvalue()


def _short(error: object) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
