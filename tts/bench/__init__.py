"""How fast speaking is, as shares of what the machine can do, and against others: `python -m tts.bench`."""
