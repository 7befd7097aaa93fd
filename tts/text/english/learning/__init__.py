"""What trains the models of English: unknown words, and homographs. What speaks needs nothing of it."""
