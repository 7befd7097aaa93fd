"""A Whisper model in CTranslate2's format that says one sentence, whatever it hears."""

from pathlib import Path

import numpy as np

DIM, MELS = 64, 80
START = ["<|startoftranscript|>", "<|en|>", "<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>"]
TIMES = [f"<|{step * 0.02:.2f}|>" for step in range(1501)]
SPECIAL = ["<|endoftext|>", *START, "<|nospeech|>", "<|notimestamps|>", *TIMES]


def fake_whisper(folder: Path, sentence: str) -> Path:
    """All layers are zero, so that each token leads to the next one of `sentence`, whose words all differ."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    said = [f"Ġ{word}" for word in sentence.split()]
    vocab = [*said, *sorted(pre_tokenizers.ByteLevel.alphabet()), *SPECIAL]
    ids = {token: id for id, token in enumerate(vocab)}
    tokenizer = Tokenizer(models.BPE({token: id for token, id in ids.items() if token not in SPECIAL}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(SPECIAL)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))

    now, after = np.zeros((2, len(vocab), DIM), np.float32)
    now[[ids[token] for token in SPECIAL], 0] = 1.0
    for place, (token, following) in enumerate(zip(said, [*said[1:], "<|endoftext|>"], strict=True), 1):
        now[ids[token], place] = 1.0
        after[ids[following], place] = 10.0
    after[ids[said[0]], 0] = 10.0
    _spec(now, after, vocab, ids["<|en|>"]).save(str(folder))
    return folder


def _spec(now: np.ndarray, after: np.ndarray, vocab: list[str], english: int):
    """One layer on either side; `now` is what a token is, `after` what leads to it."""
    from ctranslate2.specs.whisper_spec import WhisperSpec

    def linear(spec, out: int = DIM):
        spec.weight, spec.bias = np.zeros((out, DIM), np.float32), np.zeros(out, np.float32)

    def norm(spec):
        spec.gamma, spec.beta = np.ones(DIM, np.float32), np.zeros(DIM, np.float32)

    def attention(spec, *sizes: int):
        norm(spec.layer_norm)
        for part, out in zip(spec.linear, sizes, strict=True):
            linear(part, out)

    def feed_forward(spec):
        norm(spec.layer_norm)
        linear(spec.linear_0)
        linear(spec.linear_1)

    spec = WhisperSpec(1, 1, 1, 1)
    for conv, size in ((spec.encoder.conv1, MELS), (spec.encoder.conv2, DIM)):
        conv.weight, conv.bias = np.zeros((DIM, size, 3), np.float32), np.zeros(DIM, np.float32)
    for side, places in ((spec.encoder, 1500), (spec.decoder, 448)):
        side.position_encodings.encodings = np.zeros((places, DIM), np.float32)
        norm(side.layer_norm)
        attention(side.layer[0].self_attention, 3 * DIM, DIM)
        feed_forward(side.layer[0].ffn)
    attention(spec.decoder.layer[0].attention, DIM, 2 * DIM, DIM)
    spec.decoder.embeddings.weight, spec.decoder.projection.weight = now, after
    spec.config.suppress_ids = spec.config.suppress_ids_begin = []
    spec.config.lang_ids, spec.config.alignment_heads = [english], [(0, 0)]
    spec.register_vocabulary(vocab)
    spec.validate()
    return spec
