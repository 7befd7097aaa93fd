"""What makes the lexicon of German and trains the model of its unknown words. What speaks needs nothing of it."""
