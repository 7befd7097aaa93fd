"""Text to ids: `normalise` (what is said), `sentences` (in portions), `lexicon` and `tokenizer` (by which sounds)."""
