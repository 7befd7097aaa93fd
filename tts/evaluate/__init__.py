"""The judge: what a recogniser hears in our waves and a quality model thinks of them, beside the recordings."""
