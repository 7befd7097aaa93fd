"""Tiny nets of the classes that published writers have, with a tokenizer that is trained here, saved as those are."""

from pathlib import Path

TEXT = "The fox ran to the river and the crow sang in the old tree. You tell stories of a fox and a crow.".split()
CHAT = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% if not loop.last or add_generation_prompt %}</s>"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SMALL = {"vocab_size": 300, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}


def _saved(net, folder: Path, **given) -> Path:
    """The net and a tokenizer of bytes."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<pad>", "<s>", "</s>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        TEXT,
        trainers.BpeTrainer(vocab_size=300, special_tokens=special, initial_alphabet=alphabet, show_progress=False),
    )
    names = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names, **given).save_pretrained(folder)
    net.save_pretrained(folder)
    return folder


def t5(folder: Path) -> Path:
    """The class of the T5 book summariser, of FLAN-T5 and of COSMO."""
    from transformers import T5Config, T5ForConditionalGeneration

    sizes = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2, "n_positions": 128}
    return _saved(T5ForConditionalGeneration(T5Config(decoder_start_token_id=0, **sizes, **SMALL)), folder)


def gpt_neo(folder: Path) -> Path:
    """The class of GPT-Neo."""
    from transformers import GPTNeoConfig, GPTNeoForCausalLM

    sizes = {"hidden_size": 16, "num_layers": 2, "num_heads": 2, "attention_types": [[["global", "local"], 1]]}
    return _saved(GPTNeoForCausalLM(GPTNeoConfig(max_position_embeddings=128, **sizes, **SMALL)), folder)


def llama(folder: Path) -> Path:
    """A model that has learned to chat."""
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    return _saved(
        LlamaForCausalLM(LlamaConfig(max_position_embeddings=128, **sizes, **SMALL)), folder, chat_template=CHAT
    )
