"""What trains the models of English: letters to phones, and homographs. What speaks needs nothing of it."""
