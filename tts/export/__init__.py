"""The nets as ONNX files for engines without torch: `python -m tts.export`."""
