"""What an episode follows from: nets and voices that change are noticed, and about.yaml names no file."""

import pytest

from tts.records import NETS
from tts.shows.show import find_show
from tts.shows.stages import narrate


@pytest.fixture
def weights(tmp_path):
    folder = tmp_path / "weights"
    folder.mkdir()
    for name in NETS:
        (folder / f"{name}.safetensors").write_bytes(name.encode())
    (tmp_path / "host.safetensors").write_bytes(b"a voice")
    return folder


def depends(weights, **given):
    show = find_show("literai", {"speaking": [f"weights={weights}"]}, given)
    (own,) = [own for own in show.stages if own.kind == "narrate"]
    return own.stage.depends(own.settings)


def test_an_episode_follows_from_the_nets_and_from_every_voice(weights, tmp_path):
    voice = tmp_path / "host.safetensors"
    given = {"voice": str(voice), "cast": ["Ann=lj"]}
    before = depends(weights, **given)
    assert depends(weights, **given) == before != depends(weights, **given | {"cast": ["Ann=rms"]})
    voice.write_bytes(b"the same voice, tuned further")
    tuned = depends(weights, **given)
    (weights / "vocoder.safetensors").write_bytes(b"trained further")
    assert before != tuned != depends(weights, **given) != before


def test_only_settings_may_name_a_file_as_the_bed():
    assert narrate._bed("auto", {"bed": "rain"}) == "rain" and narrate._bed("/sound.flac", {}) == "/sound.flac"
    assert narrate._bed("auto", {"bed": "none"}) is narrate._bed("auto", {}) is None
    with pytest.raises(ValueError, match="about.yaml has the bed '/etc/passwd': write none, rain"):
        narrate._bed("auto", {"bed": "/etc/passwd"})
