"""What trains the models of a language: letters to phones. What speaks needs nothing of it."""
