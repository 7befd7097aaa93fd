"""Texts and speech in another language, by weights that learned to translate."""
