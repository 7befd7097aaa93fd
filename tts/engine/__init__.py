"""Speaks with exported nets (`tts.export`) by ONNX Runtime and NumPy, without torch."""
