"""Voices of a service: made from recordings and by mixing, listed, deleted, and seen by their owner alone."""

import io
import json

import numpy as np
import openai
import pytest
import soundfile

from helpers import nano, serving
from tts.records import SpeakerLatents
from tts.server.voices import CONSENT
from tts.voices.mix import mix


@pytest.fixture(scope="module")
def overrides() -> tuple[str, ...]:
    return ("clip_seconds=5", "voices_per_user=4")


@pytest.fixture(scope="module")
def users() -> tuple[str, ...]:
    return ("ann", "bob")


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> bytes:
    return nano.hum(tmp_path_factory.mktemp("clips") / "hum.wav").read_bytes()


def listed(client) -> dict[str, str]:
    """Ids by name."""
    return {voice["name"]: voice["id"] for voice in client.get("/audio/voices", cast_to=dict)["data"]}


def say(client, voice) -> bytes:
    asked = {"model": "tts-1", "input": "It sang.", "response_format": "pcm"}
    return client.audio.speech.create(voice=voice, **asked).read()


def latents(service, user: str, voice: str) -> SpeakerLatents:
    return service.library.latents(service.library.find(user, voice))


def wav(seconds: float, gain: float = 0.2) -> bytes:
    out = io.BytesIO()
    wave = gain * np.random.default_rng(0).standard_normal(round(24000 * seconds))
    soundfile.write(out, wave, 24000, format="WAV")
    return out.getvalue()


def test_a_voice_is_made_heard_mixed_and_deleted_by_its_owner_alone(ann, bob, clip, service):
    name = "../../Ann's <b>own</b>"  # a name is never a path
    made = ann.audio.voices.create(name=name, consent=CONSENT, audio_sample=("ann.wav", clip))
    assert made.object == "audio.voice" and made.name == name and listed(ann)[name] == made.id
    assert name not in listed(bob) and listed(ann).keys() - listed(bob).keys() == {name}
    assert say(ann, {"id": made.id}) == say(ann, name)
    for wanted in (made.id, name):
        with pytest.raises(openai.BadRequestError):
            say(bob, wanted)
    with pytest.raises(openai.NotFoundError):
        bob.audio.voices.delete(made.id)

    asked = {"name": "half", "voices": [{"voice": made.id, "share": 1}, {"voice": "someone", "share": 1}]}
    half = ann.post("/audio/voices/mix", body=asked, cast_to=dict)
    assert len(say(ann, "half")) > 1000
    # The nets of tests speak alike in all voices, so the voices themselves are compared.
    between = mix([latents(service, "ann", voice) for voice in (name, "someone")], [1.0, 1.0])
    assert np.array_equal(latents(service, "ann", "half").acoustic, between.acoustic)
    assert not np.array_equal(latents(service, "ann", name).acoustic, latents(service, "ann", "someone").acoustic)
    with pytest.raises(openai.BadRequestError) as error:
        bob.post("/audio/voices/mix", body=asked, cast_to=dict)
    assert error.value.param == "voices"

    assert ann.audio.voices.delete(made.id).deleted and ann.audio.voices.delete(half["id"]).deleted
    assert listed(ann).keys() == {"someone"}
    with pytest.raises(openai.BadRequestError):
        say(ann, name)
    files = [path.relative_to(service.library.folder).parts for path in service.library.folder.rglob("*.safetensors")]
    assert sorted(files) == [(user, f"{serving.VOICE}.safetensors") for user in ("ann", "bob")]


@pytest.mark.parametrize(
    "changed, param, words",
    [
        ({"consent": "yes"}, "consent", "I am the speaker"),
        ({"audio_sample": ("a.wav", b"no sound")}, "audio_sample", "cannot be decoded"),
        ({"audio_sample": ("a.wav", b"")}, "audio_sample", "Recording 1"),
        ({"audio_sample": ("a.exe", b"MZ")}, "audio_sample", "must be one of"),
        ({"audio_sample": ("a.wav", wav(6.0))}, "audio_sample", "at most 5 s"),
        ({"audio_sample": ("a.wav", wav(0.5))}, "audio_sample", "shorter than"),
        ({"audio_sample": ("a.wav", wav(2.0, 0.0))}, "audio_sample", "silent"),
        ({"name": "a\nb"}, "name", "Invalid"),
        ({"name": "x" * 65}, "name", "Invalid"),
        ({"name": ""}, "name", ""),
        ({"type": "prompt", "extra_body": {"prompt": "deep"}}, "type", "recordings only"),
    ],
)
def test_what_makes_no_voice_is_refused(ann, clip, service, changed, param, words):
    asked = {"name": "new", "consent": CONSENT, "audio_sample": ("a.wav", clip)} | changed
    extra = asked.pop("extra_body", None)
    with pytest.raises(openai.BadRequestError) as error:
        ann.audio.voices.create(**asked, extra_body=extra)
    assert error.value.param == param and words in error.value.body["message"]
    assert "/tmp" not in error.value.body["message"]
    assert listed(ann).keys() == {"someone"}


@pytest.mark.parametrize("name", ["someone", "alloy", "voice_1"])
def test_a_name_that_is_taken_is_a_conflict(ann, name):
    voices = [{"voice": "someone"}, {"voice": "someone"}]
    with pytest.raises(openai.ConflictError) as error:
        ann.post("/audio/voices/mix", body={"name": name, "voices": voices}, cast_to=dict)
    assert error.value.code == "name_taken"


def test_there_is_a_limit_to_the_voices_of_a_user(bob):
    voices = [{"voice": "someone"}, {"voice": "someone", "share": 2}]
    made = [
        bob.post("/audio/voices/mix", body={"name": f"mix {number}", "voices": voices}, cast_to=dict)
        for number in range(3)
    ]
    with pytest.raises(openai.ConflictError) as error:
        bob.post("/audio/voices/mix", body={"name": "one more", "voices": voices}, cast_to=dict)
    assert error.value.code == "too_many_voices"
    for voice in made:
        bob.audio.voices.delete(voice["id"])


def test_what_ships_cannot_be_deleted(ann, service, tmp_path):
    for id in ("someone", "kathleen", "..%2fkathleen", "voice_0000000000000000"):
        with pytest.raises(openai.NotFoundError):
            ann.delete(f"/audio/voices/{id}", cast_to=dict)


def test_a_damaged_file_is_no_voice(ann, service):
    path = service.library.folder / "ann" / "voice_ffffffffffffffff.safetensors"
    path.write_bytes(json.dumps({"no": "voice"}).encode())
    try:
        assert listed(ann).keys() == {"someone"}
    finally:
        path.unlink()
