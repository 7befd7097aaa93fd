"""Writers in local folders, through transformers: chat models, plain ones such as GPT-Neo, and those of the T5 family.

Book summarisers, FLAN-T5 and COSMO read a text and write another; they know no chat, so they get the text of the
messages alone. Weights are read from safetensors only, and code that a folder brings is not run.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

from tts.folders import check_folder, device, name_folder
from tts.shows.models.protocols import ASSISTANT, USER, Message, Written

SAMPLING = {"do_sample": True, "temperature": 0.7, "top_p": 0.95, "no_repeat_ngram_size": 6}


class PretrainedWriter:
    """A writer in a folder, as Hugging Face's `save_pretrained` writes it.

    Raises ValueError for a folder that holds no such model, or only weights that could hold code.
    """

    free = True

    def __init__(self, folder: Path):
        self.folder = folder
        self.config = check_folder(folder, "config.json")
        self.name = name_folder(folder)
        self.device = device()

    @property
    def small(self) -> bool:
        """What has learned no chat only goes on with what is begun for it."""
        return not self.reads_and_writes and not self._tokenizer.chat_template

    @property
    def reads_and_writes(self) -> bool:
        """Whether it has an encoder, as T5 does; else it goes on with a text."""
        return bool(self.config.get("is_encoder_decoder"))

    @cached_property
    def _tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        side = "right" if self.reads_and_writes else "left"  # where a text that is too long is cut
        given = {"local_files_only": True, "trust_remote_code": False}
        return AutoTokenizer.from_pretrained(self.folder, truncation_side=side, **given)

    @cached_property
    def _net(self) -> Any:
        from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

        kind = AutoModelForSeq2SeqLM if self.reads_and_writes else AutoModelForCausalLM
        given = {"local_files_only": True, "trust_remote_code": False, "use_safetensors": True}
        try:
            net = kind.from_pretrained(self.folder, dtype="auto" if self.device == "cuda" else "float32", **given)
        except (ValueError, KeyError) as error:
            raise ValueError(f"{self.folder} holds no model that writes: {str(error).splitlines()[0]}") from None
        return net.eval().to(self.device)

    def write(
        self, messages: Sequence[Message], *, tokens: int, seed: int, schema: dict[str, Any] | None = None
    ) -> Written:
        """As `Writer` says; JSON is asked for in words, and a stage that gets none asks again."""
        import torch

        text, most = self._prompt(messages, schema), self._longest(tokens)
        given = self._tokenizer(text, return_tensors="pt", truncation=True, max_length=most).to(self.device)
        read = given["input_ids"].shape[1]
        with torch.random.fork_rng(), torch.inference_mode():
            torch.manual_seed(seed)
            out = self._net.generate(
                input_ids=given["input_ids"],
                attention_mask=given["attention_mask"],
                max_new_tokens=tokens,
                pad_token_id=self._padding,
                **SAMPLING,
            )[0]
        new = out[1:] if self.reads_and_writes else out[read:]  # a decoder begins with a token of its own
        finished = len(new) < tokens or int(new[-1]) == self._tokenizer.eos_token_id
        return Written(self._tokenizer.decode(new, skip_special_tokens=True), finished, read, len(new))

    @property
    def _padding(self) -> int:
        found = self._tokenizer.pad_token_id
        return self._tokenizer.eos_token_id if found is None else found

    def _longest(self, tokens: int) -> int:
        """Tokens that can be read: what the net was trained for, less what it is to write."""
        known = [self.config.get(name) for name in ("max_position_embeddings", "n_positions")]
        limit = min([value for value in known if isinstance(value, int)] or [1 << 20])
        return max(1, limit if self.reads_and_writes else limit - tokens)

    def _prompt(self, messages: Sequence[Message], schema: dict[str, Any] | None) -> str:
        told = list(messages)
        if schema:
            told.append(Message(USER, f"Answer with nothing but JSON that obeys this schema: {json.dumps(schema)}"))
        if self._tokenizer.chat_template:
            begun = told[-1].role == ASSISTANT
            return self._tokenizer.apply_chat_template(
                [asdict(own) for own in told],
                tokenize=False,
                add_generation_prompt=not begun,
                continue_final_message=begun,
            )
        return "\n\n".join(own.content for own in told)
