"""Measures how good the speech is: error rates, mean opinion scores and more, beside recordings."""
