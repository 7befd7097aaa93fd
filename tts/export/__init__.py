"""The nets as ONNX files for engines without torch: `python -m tts.export -o DIR`."""

FORMAT = "triforce-onnx-1"
ABOUT = "about.json"  # beside the files: what an engine needs besides the pieces
