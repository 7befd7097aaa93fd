"""A decoder of few steps learns where its teacher ends in many."""

import zlib

import pytest
import torch

from diffusion.sample import euler
from helpers.decoder_stage import conf, export_codec, make_batch, make_stage
from tts.checkpoint import build, export
from tts.types import AudioConfig, Condition

JUMPS = {"name": "jumps", "count": 2, "knots": "cosine"}
REFLOW = {"name": "reflow", "steps": 2, "draw": "uniform", "knots": "uniform"}
METHODS = pytest.mark.parametrize("process", [JUMPS, REFLOW], ids=lambda process: process["name"])


@pytest.fixture(scope="module")
def codec(tmp_path_factory):
    return export_codec(tmp_path_factory.mktemp("codec") / "dvae.safetensors")


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    audio, spec = AudioConfig(**conf("audio/24khz")), conf("model/diffusion/nano")
    torch.manual_seed(1)
    net = build(spec, audio)
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    path = tmp_path_factory.mktemp("teacher") / "diffusion.safetensors"
    export(path, net, spec=spec, audio=audio, provenance={}, extra={})
    return path


@pytest.fixture
def distil(codec, teacher, tmp_path):
    def make(*, process=JUMPS, start=1000, **changes):
        net = build({**conf("model/diffusion/nano"), "process": process}, AudioConfig(**conf("audio/24khz")))
        asked = {
            "_target_": "diffusion.distillation.Distillation",
            "teacher": str(teacher),
            "teacher_steps": 4,
            "teacher_guidance": 2.0,
            "trajectories": str(tmp_path / "trajectories"),
            "draws": 1,
            "own": 0.5,
            "discriminator": {"_target_": "diffusion.discriminator.MelDiscriminator", "filters": 2},
            "adversarial_start": start,
            "adversarial_every": 1,
            "discriminator_optimizer": {"_target_": "torch.optim.AdamW", "_partial_": True, "lr": 1e-3},
            "discriminator_schedule": {**conf("stage/diffusion")["schedule"], "steps": 100},
            "weights": conf("stage/diffusion")["weights"] | conf("experiment/decoder_distilled")["stage"]["weights"],
            "steps": 2,
            "guidance": 1.0,
            **dict.fromkeys(("drop_content", "drop_speaker", "drop_latents", "corrupt"), 0.0),
        }
        return make_stage(codec, net=net, **{**asked, **changes})

    return make


def test_points_are_those_of_the_teacher(distil):
    stage, batch = distil().eval(), make_batch()
    trajectory = stage.trajectory(batch)
    assert trajectory.points.shape[:2] == (5, 2) and trajectory.condition.coarse.length.tolist() == [80, 60]
    assert torch.allclose(
        trajectory.truth[1, :, :57], stage.log_mel.measure(batch.wav, batch.wav_len).frames[1, :, :57], atol=4e-3
    )
    item, length = batch.select([1]), 60
    item.wav, item.reference = item.wav[:, :15000], item.reference[:, :9000]
    codes = stage.codec.net.encode(item.wav, item.wav_len)
    speaker = stage.teacher.net.speaker_latents(stage.log_mel.measure(item.reference, item.reference_len))
    whole = stage.teacher.net.decode(
        Condition(codes, stage.codec.net.decode(codes)),
        speaker,
        steps=4,
        guidance=2.0,
        sampler="euler",
        generator=torch.Generator().manual_seed(zlib.crc32(b"0|b")),
    )
    assert torch.allclose(trajectory.points[-1, 1, :, :length], whole.frames[0], atol=4e-3)
    assert not torch.allclose(trajectory.points[3, 1, :, :length], whole.frames[0], atol=4e-2)
    assert abs(float(trajectory.points[0, 1, :, :length].std()) - stage.teacher.net.temperature) < 0.1


def test_a_net_that_gives_mean_velocities_ends_where_the_teacher_ends(distil):
    stage, batch = distil().eval(), make_batch()
    knots = stage.trajectory(batch).points[stage.knots]
    times = stage.net.process.schedule(2).time

    def perfect(x, time):
        jump = int((times - time[0]).abs().argmin())
        return (knots[jump + 1] - knots[jump]) / (times[jump + 1] - times[jump]).float()

    end = euler(stage.net.process.denoiser(perfect), knots[0].double(), stage.net.process.schedule(2))
    assert torch.allclose(end.float(), knots[-1], atol=1e-4)


@METHODS
def test_a_batch_is_learned_and_two_steps_come_near_the_teacher(distil, process):
    stage, batch = distil(process=process).train(), make_batch()
    optimizer = torch.optim.AdamW([p for p in stage.net.parameters() if p.requires_grad], lr=1e-2)

    def distance() -> float:
        stage.eval()
        trajectory = stage.trajectory(batch)
        with torch.no_grad():
            keep = torch.ones(2, dtype=torch.bool)
            encoded = stage.net.encode(trajectory.condition, trajectory.speaker, keep_content=keep, keep_speaker=keep)
            denoise = stage.net.process.denoiser(lambda x, time: stage.net(x, time, encoded))
            x = euler(denoise, trajectory.points[0], stage.net.process.schedule(2))
        stage.train()
        return float((x - trajectory.points[-1]).abs().mean())

    before = distance()
    for _ in range(60):
        loss = stage.total(stage.losses(batch))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert distance() < 0.6 * before


@pytest.mark.parametrize("start", [0, 1])
def test_the_discriminator_judges_the_ends_of_trajectories(distil, start):
    stage, batch = distil(start=start).train(), make_batch()
    terms = stage.losses(batch)
    assert (terms["adversarial"] > 0) == (start == 0)
    stage.total(terms).backward()
    assert all(parameter.grad is None for parameter in stage.discriminator.parameters())
    made, true, _ = stage.compare(batch, adversarial=False)
    assert made.shape == true.shape and len(made) == 1  # one of two items makes the last jump
    assert torch.equal(made[:, 1], true[:, 1])  # the coarse mel


@METHODS
def test_a_step_is_the_same_whether_the_teacher_samples_in_it_or_did_before(distil, process):
    """So a run that is killed and goes on equals an undisturbed one."""
    stage, batch = distil(process=process, shift=1.0, draws=2).train(), make_batch()

    def step() -> float:
        torch.manual_seed(3)
        return float(stage.losses(batch)["denoise"].detach())

    assert step() == step()


def test_the_teacher_computes_each_trajectory_once(distil, tmp_path):
    stage, batch = distil().eval(), make_batch()
    first = stage.losses(batch)["denoise"]
    for parameter in stage.teacher.net.parameters():
        parameter.data.zero_()
    assert torch.equal(stage.losses(batch)["denoise"], first)
    distil(process=REFLOW).trajectory(batch)  # another student shares them
    files = sorted((tmp_path / "trajectories").rglob("*.safetensors"))
    assert len(files) == 2
    files[0].write_bytes(files[0].read_bytes()[:100])  # cut off: the teacher samples again, now another trajectory
    assert not torch.equal(stage.losses(batch)["denoise"], first)


def test_trajectories_kept_in_half_precision_are_learned_under_autocast(distil):
    stage, batch = distil(), make_batch()
    with torch.autocast("cpu", torch.bfloat16):
        terms = stage.losses(batch)
    assert torch.isfinite(terms["denoise"])


def test_other_teachers_have_other_trajectories(distil, teacher, tmp_path):
    stage, batch = distil(), make_batch()
    stage.trajectory(batch)
    distil(teacher_guidance=1.5).trajectory(batch)
    assert len(list((tmp_path / "trajectories").iterdir())) == 2


def test_the_order_of_a_batch_changes_no_trajectory(distil):
    stage, batch = distil().eval(), make_batch()
    there, back = stage.trajectory(batch), stage.trajectory(batch.select([1, 0]))
    assert torch.equal(there.points, back.points.flip(1)) and torch.equal(there.speaker, back.speaker.flip(0))


def test_the_speaker_encoder_stays_the_teachers(distil):
    stage = distil().train()
    stage.total(stage.losses(make_batch())).backward()
    assert all(parameter.grad is None for parameter in stage.net.speaker.parameters())
    assert stage.net.noised_in.weight.grad is not None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"teacher_steps": 5}, "the teacher in 5 steps does not stop where 2 steps of the student do"),
        ({"process": JUMPS | {"knots": "uniform"}}, "give a flow as teacher, its knots"),
        ({"process": {"name": "flow", "draw": "uniform", "knots": "cosine"}}, "set model.process to jumps or reflow"),
        ({"corrupt": 0.1}, "set stage.drop_content, drop_speaker and corrupt to 0"),
    ],
)
def test_what_a_teacher_cannot_do_is_refused(distil, changes, message):
    with pytest.raises(ValueError, match=message):
        distil(**changes)


def test_it_is_sampled_as_it_was_distilled(distil):
    stage, batch = distil().eval(), make_batch()
    condition, _ = stage.question(batch)
    asked = {"condition": condition, "speaker": stage.speaker(batch), "sampler": "euler"}

    def decode(**settings):
        return stage.net.decode(**asked, **settings, generator=torch.Generator().manual_seed(0)).frames

    assert torch.equal(decode(steps=None, guidance=None), decode(steps=2, guidance=1.0))
    with pytest.raises(ValueError, match="distilled to 2 steps, not 8: give steps=2"):
        decode(steps=8, guidance=None)
    with pytest.raises(ValueError, match="leave guidance=2.0 out"):
        decode(steps=None, guidance=2.0)


def test_a_reflow_takes_any_number_of_steps(distil):
    stage, batch = distil(process=REFLOW).eval(), make_batch()
    condition, _ = stage.question(batch)
    asked = {"condition": condition, "speaker": stage.speaker(batch), "sampler": "euler"}

    def decode(**settings):
        return stage.net.decode(**asked, **settings, generator=torch.Generator().manual_seed(0)).frames

    assert torch.equal(decode(steps=None, guidance=None), decode(steps=2, guidance=1.0))
    assert torch.isfinite(decode(steps=3, guidance=None)).all()
    with pytest.raises(ValueError, match="leave guidance=2.0 out"):
        decode(steps=None, guidance=2.0)


@METHODS
def test_recordings_alone_do_not_teach_it(codec, process):
    net = build({**conf("model/diffusion/nano"), "process": process}, AudioConfig(**conf("audio/24khz")))
    with pytest.raises(ValueError, match="from a teacher, not from recordings"):
        make_stage(codec, net=net, steps=2, guidance=1.0).train().losses(make_batch())
