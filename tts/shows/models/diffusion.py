"""Painters of Stable Diffusion's kind, from a local folder through diffusers."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tts.folders import check_folder, device, name_folder

if TYPE_CHECKING:
    from PIL.Image import Image

INDEX = "model_index.json"
LIBRARIES = {"diffusers", "transformers", "stable_diffusion", None}  # the last is diffusers' name of its safety checker
STEPS, GUIDANCE = 25, 7.0
FAST_STEPS = 4  # of nets that were distilled to a few steps, which need no guidance
STYLE = "children's book illustration, "
AVOIDED = "text, watermark, signature, deformed, blurry"
MULTIPLE = 64  # pixels of which the painted sides are multiples
TRIES = 3  # seeds that are tried if the net's own checker withholds a picture


class DiffusionPainter:
    """Paints with the pipeline in a folder. Raises ValueError for a folder that holds none that may be opened."""

    free = True

    def __init__(self, folder: Path):
        config = check_folder(folder, INDEX)
        for part, value in config.items():
            if part == "_class_name" and not isinstance(value, str) or _foreign(value):
                raise ValueError(f"{folder / INDEX}: {part} names code beyond diffusers and transformers: {value}")
        self.folder = folder
        self.name = name_folder(folder)

    @cached_property
    def _pipeline(self) -> Any:
        import torch
        from diffusers import AutoPipelineForText2Image

        where = device()
        dtype = torch.float16 if where == "cuda" else torch.float32
        try:
            pipeline = AutoPipelineForText2Image.from_pretrained(
                self.folder, torch_dtype=dtype, use_safetensors=True, local_files_only=True
            )
        except (OSError, ValueError, AttributeError, KeyError) as error:
            raise ValueError(f"{self.folder} cannot be opened as a painter: {_first_line(error)}") from None
        pipeline.set_progress_bar_config(disable=True)
        pipeline.to(where)
        return pipeline

    def paint(self, scene: str, size: tuple[int, int], *, seed: int) -> "Image":
        """The picture of a scene: painted at the area that the net was trained on, then scaled to `size`."""
        import torch
        from PIL import Image

        pipeline = self._pipeline
        fast = is_fast(pipeline.scheduler)
        width, height = painted_size(size, _native(pipeline))
        for attempt in range(TRIES):
            generator = torch.Generator("cpu").manual_seed(seed + 1_000_003 * attempt)
            with torch.inference_mode():
                output = pipeline(
                    prompt=STYLE + scene,
                    negative_prompt=None if fast else AVOIDED,
                    width=width,
                    height=height,
                    num_inference_steps=FAST_STEPS if fast else STEPS,
                    guidance_scale=0.0 if fast else GUIDANCE,
                    generator=generator,
                )
            withheld = getattr(output, "nsfw_content_detected", None)
            if not withheld or not withheld[0]:
                image = output.images[0].convert("RGB").resize(size, Image.Resampling.LANCZOS)
                image.info["credits"] = f"Painted by the net {self.folder.resolve().name}"
                return image
        raise ValueError(f"{self.name} withholds its pictures of {scene!r}: describe the scene in other words")


def is_fast(scheduler: Any) -> bool:
    """Whether a net was distilled to a few steps, as its scheduler tells: LCM, or the trailing steps of SD-Turbo."""
    spacing = scheduler.config.get("timestep_spacing")
    kind = type(scheduler).__name__
    return kind in ("LCMScheduler", "TCDScheduler") or (kind.startswith("Euler") and spacing == "trailing")


def painted_size(size: tuple[int, int], native: int) -> tuple[int, int]:
    """The sides of the shape of `size` and about the area of a square of `native` pixels, multiples of 64 or 8."""
    multiple = MULTIPLE if native >= 4 * MULTIPLE else 8
    scale = native / (size[0] * size[1]) ** 0.5
    width, height = (max(multiple, round(side * scale / multiple) * multiple) for side in size)
    return width, height


def _native(pipeline: Any) -> int:
    net = getattr(pipeline, "unet", None) or pipeline.transformer
    side = net.config.sample_size
    return (side if isinstance(side, int) else max(side)) * pipeline.vae_scale_factor


def _foreign(value: Any) -> bool:
    """Whether a part of a pipeline is of a library that is not known."""
    return isinstance(value, list) and bool(value) and (len(value) != 2 or value[0] not in LIBRARIES)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
