"""Requests whose sentences share the steps of the GPT."""

import re
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

LONG = "This is the first sentence of a long text. This is the second one, and there is a third. Here it is, my friend."
SHORT = ["Good morning, my dear old friend.", "And you, what do you say to it?"]


@pytest.fixture(scope="module")
def overrides() -> tuple[str, ...]:
    return ("batch=3", "sampling.max_codes_per_id=3")


def shared_steps(address) -> tuple[int, int]:
    """Steps that were made, and sentences that took part in them."""
    text = urllib.request.urlopen(f"{address}/metrics").read().decode()
    return tuple(
        int(float(re.search(rf"^triforce_batch_sentences_{name} (\S+)$", text, re.M)[1])) for name in ("count", "sum")
    )


def test_requests_at_once_share_steps_and_are_answered_as_alone(client, address, service):
    def said(text: str, **more) -> bytes:
        return client.audio.speech.create(
            model="tts-1", voice="alloy", input=text, response_format="pcm", **more
        ).read()

    alone = [said(text) for text in SHORT]
    steps, sentences = shared_steps(address)
    assert steps == sentences > 0
    given = {"model": "tts-1", "voice": "alloy", "input": LONG, "response_format": "pcm"}
    with client.audio.speech.with_streaming_response.create(**given) as answer, ThreadPoolExecutor(2) as pool:
        pieces = answer.iter_bytes()
        first = next(pieces)
        together = list(pool.map(said, SHORT))
        assert len(first + b"".join(pieces)) > sum(map(len, alone)) / 2
    steps, sentences = shared_steps(address)
    assert sentences > steps
    assert len(together) == 2 and all(together)
    assert not service.speech.rows_agree(3) or together == alone
