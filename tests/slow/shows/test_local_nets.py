# ruff: noqa: E501
"""Painters and eyes of the true classes, tiny and untrained, saved and opened as the large ones are."""

import json
import sys

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("transformers")
torch = pytest.importorskip("torch")
pytestmark = pytest.mark.slow

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "<image>",
    "a",
    "cat",
    "on",
    "the",
    "mat",
    "USER",
    "ASSISTANT",
    ":",
]


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)).save(path)
    return path


def tokenizer(**special):
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=made, **special)


@pytest.fixture
def blip(tmp_path):
    from transformers import (
        BertTokenizerFast,
        BlipConfig,
        BlipForConditionalGeneration,
        BlipImageProcessor,
        BlipProcessor,
    )

    vocabulary = tmp_path / "vocab.txt"
    vocabulary.write_text("\n".join(WORDS))
    text = dict(vocab_size=len(WORDS), hidden_size=16, encoder_hidden_size=16, intermediate_size=16, projection_dim=16,
                num_hidden_layers=1, num_attention_heads=2, bos_token_id=2, eos_token_id=3, sep_token_id=3, pad_token_id=0)  # fmt: skip
    vision = dict(
        hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=32, patch_size=16
    )
    torch.manual_seed(0)
    folder = tmp_path / "blip"
    BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config=vision)).save_pretrained(folder)
    words = BertTokenizerFast.from_pretrained(_bert(tmp_path, vocabulary))
    BlipProcessor(BlipImageProcessor(size={"height": 32, "width": 32}), words).save_pretrained(folder)
    return folder


def _bert(tmp_path, vocabulary):
    folder = tmp_path / "bert"
    folder.mkdir()
    (folder / "vocab.txt").write_text(vocabulary.read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizerFast"}))
    return folder


@pytest.fixture
def llava(tmp_path):
    from transformers import (
        CLIPImageProcessor,
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    vision = CLIPVisionConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2, image_size=32, patch_size=16
    )
    text = LlamaConfig(vocab_size=len(WORDS), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
                       num_key_value_heads=2, bos_token_id=2, eos_token_id=3, pad_token_id=0)  # fmt: skip
    torch.manual_seed(0)
    folder = tmp_path / "llava"
    config = LlavaConfig(vision_config=vision, text_config=text, image_token_index=5)
    LlavaForConditionalGeneration(config).save_pretrained(folder)
    words = tokenizer(
        unk_token="[UNK]",
        pad_token="[PAD]",
        bos_token="[CLS]",
        eos_token="[SEP]",
        extra_special_tokens={"image_token": "<image>"},
    )
    image = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    LlavaProcessor(
        image, words, patch_size=16, vision_feature_select_strategy="default", num_additional_image_tokens=1
    ).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", ["blip", "llava"])
def test_an_eye_says_words_of_its_vocabulary(kind, photo, request):
    from tts.shows.models.open import open_eye

    eye = open_eye(str(request.getfixturevalue(kind)))
    said = eye.caption(photo)
    assert said and set(said.split()) <= set(WORDS)
    assert eye.caption(photo) == said
    assert eye.name.startswith(kind) and eye.free


@pytest.fixture
def diffusion(tmp_path):
    pytest.importorskip("diffusers")
    from diffusers import (
        AutoencoderKL,
        EulerDiscreteScheduler,
        PNDMScheduler,
        StableDiffusionPipeline,
        UNet2DConditionModel,
    )
    from transformers import CLIPTextConfig, CLIPTextModel

    def make(name, scheduler):
        torch.manual_seed(0)
        unet = UNet2DConditionModel(block_out_channels=(8, 16), layers_per_block=1, sample_size=8, in_channels=4, out_channels=4,
                                    down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), norm_num_groups=4,
                                    up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=16, attention_head_dim=2)  # fmt: skip
        vae = AutoencoderKL(block_out_channels=[8, 16], in_channels=3, out_channels=3, latent_channels=4, norm_num_groups=4,
                            down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2)  # fmt: skip
        text = CLIPTextModel(CLIPTextConfig(vocab_size=len(WORDS), hidden_size=16, intermediate_size=16, num_hidden_layers=1,
                                            num_attention_heads=2, max_position_embeddings=16, bos_token_id=2, eos_token_id=3, pad_token_id=0))  # fmt: skip
        words = tokenizer(
            unk_token="[UNK]", pad_token="[PAD]", bos_token="[CLS]", eos_token="[SEP]", model_max_length=16
        )
        pipeline = StableDiffusionPipeline(vae=vae, text_encoder=text, tokenizer=words, unet=unet, scheduler=scheduler,
                                           safety_checker=None, feature_extractor=None, requires_safety_checker=False)  # fmt: skip
        pipeline.save_pretrained(tmp_path / name, safe_serialization=True)
        return tmp_path / name

    return {"sd": lambda: make("sd", PNDMScheduler(skip_prk_steps=True, steps_offset=1)),
            "turbo": lambda: make("sd-turbo", EulerDiscreteScheduler(timestep_spacing="trailing"))}  # fmt: skip


@pytest.mark.parametrize("kind", ["sd", "turbo"])
def test_a_painter_paints_at_the_size_that_is_asked(kind, diffusion):
    from tts.shows.models.diffusion import is_fast
    from tts.shows.models.open import open_painter

    painter = open_painter(str(diffusion[kind]()))
    image = painter.paint("a cat on the mat", (48, 32), seed=1)
    assert image.size == (48, 32) and image.mode == "RGB"
    assert image.tobytes() == painter.paint("a cat on the mat", (48, 32), seed=1).tobytes()
    assert image.tobytes() != painter.paint("a cat on the mat", (48, 32), seed=2).tobytes()
    assert is_fast(painter._pipeline.scheduler) == (kind == "turbo")
    assert "sd" in image.info["credits"]


def test_pickles_and_code_are_refused(diffusion, blip):
    from tts.shows.models.open import open_eye, open_painter

    folder = diffusion["sd"]()
    for path in folder.rglob("*.safetensors"):
        path.rename(path.with_suffix(".bin"))
    with pytest.raises(ValueError, match="which can hold code"):
        open_painter(str(folder))
    (blip / "evil.py").write_text("raise SystemExit")
    with pytest.raises(ValueError, match="Python code of its own"):
        open_eye(str(blip))
    assert "evil" not in sys.modules


def test_a_pipeline_of_a_strange_library_is_refused(diffusion):
    from tts.shows.models.open import open_painter

    folder = diffusion["sd"]()
    index = json.loads((folder / "model_index.json").read_text())
    index["unet"] = ["subprocess", "Popen"]
    (folder / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(ValueError, match="beyond diffusers"):
        open_painter(str(folder))
