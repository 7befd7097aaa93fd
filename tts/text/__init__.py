"""Text to ids: a language normalises a text and splits it into sentences, a tokenizer turns those into ids."""
