"""What is said in a recording: by our own nets, or by a Whisper model."""
