"""Eyes of BLIP's and LLaVA's kind, from a local folder through transformers."""

from functools import cached_property
from pathlib import Path
from typing import Any

from tts.folders import check_folder, device, name_folder
from tts.shows.models.glance import read_picture

INDEX = "config.json"
TOKENS = 80  # of an answer
QUESTION = "Describe this picture in two sentences: who and what is there, where, and in what mood."
ASKED = {
    "llava",
    "llava_next",
    "llava_onevision",
    "qwen2_vl",
    "qwen2_5_vl",
    "idefics3",
    "smolvlm",
    "paligemma",
    "gemma3",
}
CAPTIONING = {"blip", "blip-2", "git", "vision-encoder-decoder"}


class Captioner:
    """Looks with the net in a folder. Raises ValueError for a folder that holds none that may be opened."""

    free = True

    def __init__(self, folder: Path):
        self.kind = check_folder(folder, INDEX).get("model_type")
        if self.kind not in ASKED | CAPTIONING:
            known = ", ".join(sorted(ASKED | CAPTIONING))
            raise ValueError(f"{folder / INDEX} is of a {self.kind!r}, which is no eye that is known: {known}")
        self.folder = folder
        self.name = name_folder(folder)

    @cached_property
    def _parts(self) -> tuple[Any, Any]:
        """What prepares a picture and a question, and the net."""
        import torch
        from transformers import AutoModelForImageTextToText, AutoProcessor

        where = device()
        dtype = torch.float16 if where == "cuda" else torch.float32
        common = {"local_files_only": True, "trust_remote_code": False}
        try:
            processor = AutoProcessor.from_pretrained(self.folder, **common)
            net = AutoModelForImageTextToText.from_pretrained(self.folder, dtype=dtype, use_safetensors=True, **common)
        except (OSError, ValueError, KeyError) as error:
            line = str(error).strip().splitlines()[0]
            raise ValueError(f"{self.folder} cannot be opened as an eye: {line}") from None
        return processor, net.eval().to(where)

    def caption(self, picture: Path) -> str:
        """What the net says of a picture. Raises ValueError for a file that is no picture, and if it says nothing."""
        import torch

        image = read_picture(picture)
        processor, net = self._parts
        if self.kind in ASKED:
            inputs = processor(images=image, text=_question(processor), return_tensors="pt")
        else:
            inputs = processor(images=image, return_tensors="pt")
        inputs = inputs.to(net.device, net.dtype)
        with torch.inference_mode():
            tokens = net.generate(**inputs, max_new_tokens=TOKENS, do_sample=False)
        if self.kind in ASKED:
            tokens = tokens[:, inputs["input_ids"].shape[1] :]
        said = " ".join(processor.batch_decode(tokens, skip_special_tokens=True)[0].split())
        if not said:
            raise ValueError(f"{self.name} says nothing of {picture.name}: say what it shows by --about")
        return said


def _question(processor: Any) -> str:
    """The question in the form that the net was trained on."""
    if getattr(processor, "chat_template", None):
        content = [{"type": "image"}, {"type": "text", "text": QUESTION}]
        return processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    return f"USER: {getattr(processor, 'image_token', '<image>')}\n{QUESTION} ASSISTANT:"
