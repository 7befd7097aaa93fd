"""How a decoder of many guided steps teaches one of few steps without guidance.

The student's process says by which method: `diffusion.process.Jumps` (IntMeanFlow) or `Reflow`. The teacher samples
once for each clip. The points of its trajectory, and all that it heard, are kept in files, so that later epochs and
other students cost no teacher.
"""

import hashlib
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from diffusion.loss import denoising_error
from diffusion.process import Distilled, Net, Process
from diffusion.sample import Denoiser, Schedule
from diffusion.stage import DiffusionStage
from tts.checkpoint import load
from tts.draws import delayed
from tts.files import fingerprint, whole
from tts.training.adversarial import AdversarialStage
from tts.training.stage import Frozen
from tts.types import Batch, Codes, Condition, Mel


@dataclass
class Trajectory:
    """What the teacher heard and the points that it sampled, for each item of a batch."""

    condition: Condition
    speaker: Float[Tensor, "B P D"]
    points: Float[Tensor, "K B M T"]  # from noise to mel, one more than the teacher's steps
    truth: Float[Tensor, "B M T"]  # the recordings' own mels


class Watched:
    """A process that keeps the points at which the sampler asks, of the first item of the batch."""

    def __init__(self, process: Process):
        self.process = process
        self.steps, self.guidance, self.guidable = process.steps, process.guidance, process.guidable
        self.points: list[Float[Tensor, "1 M T"]] = []

    def denoiser(self, net: Net) -> Denoiser:
        denoise = self.process.denoiser(net)
        self.points = []

        def watched(x: Tensor, time: Tensor) -> Tensor:
            self.points.append(x[:1])
            return denoise(x, time)

        return watched

    def schedule(self, steps: int) -> Schedule:
        return self.process.schedule(steps)


class Distillation(AdversarialStage, DiffusionStage):
    """The student's velocities must lead along the teacher's trajectories, as its process has it.

    From `adversarial_start` on, a discriminator compares the mels at its end with those of the recordings,
    which are sharper than the teacher's. The speaker encoder stays the teacher's, so that voices keep their latents.
    """

    def __init__(
        self,
        *,
        teacher: str,  # path of a decoder's checkpoint
        teacher_steps: int,
        teacher_guidance: float,
        trajectories: str,  # folder that keeps the teacher's trajectories; the same folder may serve several runs
        draws: int,  # trajectories of each clip, from different noise
        own: float,  # share of later jumps that begin where the student arrived, to learn to make up for its errors
        **common,
    ):
        super().__init__(**common)
        self.teacher = Frozen(load(teacher).net)
        self.watch = self.teacher.net.process = Watched(self.teacher.net.process)
        self.teacher_sampling = {"steps": teacher_steps, "guidance": teacher_guidance, "sampler": "euler"}
        self.draws = draws
        self.own = own
        if not isinstance(self.net.process, Distilled):
            raise ValueError("the student's process learns from recordings: set model.process to jumps or reflow")
        self.knots = self.net.process.knots(self.watch.schedule(teacher_steps))
        if self.drop_content or self.drop_speaker or self.corrupt:
            raise ValueError("a trajectory has one condition: set stage.drop_content, drop_speaker and corrupt to 0")
        self.net.speaker.requires_grad_(False)
        self.net.null_speaker.requires_grad_(False)
        self.trajectories = Path(trajectories) / self._teaching([teacher, common["codec"], common["acoustic"]])

    def compare(self, batch: Batch, *, adversarial: bool) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Mels at the end of the trajectory, made and recorded, each beside the coarse one, and the terms."""
        trajectory = self.trajectory(batch)
        if self.training and torch.rand(()) < self.drop_latents:  # codes alone must reach the same end
            trajectory.condition.latents = None
        keep = torch.ones(len(batch.keys), dtype=torch.bool, device=self.device)
        encoded = self.net.encode(trajectory.condition, trajectory.speaker, keep_content=keep, keep_speaker=keep)
        uniform = self.places(len(keep)) if self.training else (torch.arange(len(keep)) + 0.5) / len(keep)
        own = torch.rand(len(keep)) < (self.own if self.training else 0.0)
        lesson = self.net.process.lesson(
            trajectory.points[self.knots],
            uniform.to(self.device),
            own.to(self.device),
            lambda x, time: self.net(x, time, encoded),
        )
        asked = lesson.example
        velocity = self.net(asked.x, asked.time, encoded)
        terms = {"denoise": denoising_error(velocity, asked.target, asked.weight, trajectory.condition.coarse.length)}
        end = asked.x + (1 - asked.time)[:, None, None] * velocity
        made, true = (
            torch.stack((mel * encoded.frames[:, None], encoded.coarse), dim=1)[lesson.final]
            for mel in (end, trajectory.truth)
        )
        return made, true, terms | self.judged(made, true, adversarial=adversarial)

    @torch.no_grad()
    def trajectory(self, batch: Batch) -> Trajectory:
        """The teacher's trajectories of a batch, from files where there are some."""
        draw = int(torch.randint(self.draws, ())) if self.training else 0
        parts = [self._kept(batch.select([item]), draw) for item in range(len(batch.keys))]
        device = batch.wav.device
        length = torch.tensor([len(part["points"]) for part in parts], device=device)
        codes = Codes(
            _joined(parts, "codes", device), torch.tensor([len(part["codes"]) for part in parts], device=device)
        )
        latents = _joined(parts, "latents", device) if "latents" in parts[0] else None
        frames = self.codec.to(device).decode(codes).frames[..., : int(length.max())]
        return Trajectory(
            condition=Condition(codes, Mel(frames, length), latents),
            speaker=_joined(parts, "speaker", device),
            points=_joined(parts, "points", device).permute(2, 0, 3, 1),
            truth=_joined(parts, "truth", device).mT,
        )

    def _kept(self, item: Batch, draw: int) -> dict[str, Tensor]:
        name = hashlib.sha256(f"{draw}|{item.keys[0]}".encode()).hexdigest()[:32]
        path = self.trajectories / f"{name}.safetensors"
        try:
            return load_file(path)
        except (FileNotFoundError, SafetensorError):
            pass
        part = self._teach(item, draw)
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path, shared=True) as file:
            file.write(save(part))
        return part

    def _teach(self, item: Batch, draw: int) -> dict[str, Tensor]:
        """One clip's trajectory, from its key and `draw` alone. Half precision is exact to a thousandth of a nat."""
        generator = torch.Generator().manual_seed(zlib.crc32(f"{draw}|{item.keys[0]}".encode()))
        item = replace(item, wav=item.wav[:, : item.wav_len], reference=item.reference[:, : item.reference_len])
        device = item.wav.device
        item = delayed(item, self.shift, self.codec.to(device), generator)
        codes = self.encode(item, self.disguised(item, generator))
        condition = Condition(codes, self.codec.net.decode(codes), self.heard(item, codes))
        teacher = self.teacher.to(device)
        speaker = teacher.speaker_latents(self.log_mel.measure(item.reference, item.reference_len))
        mel = teacher.decode(condition, speaker, **self.teacher_sampling, generator=generator)
        points = torch.cat([*self.watch.points, mel.frames])
        truth = self.log_mel.measure(item.wav, item.wav_len).frames[0].mT[: points.shape[-1]]
        part = {
            "codes": codes.ids[0],
            "speaker": speaker[0].half(),
            "points": points.permute(2, 0, 1).half(),
            "truth": F.pad(truth, (0, 0, 0, points.shape[-1] - len(truth)), value=teacher.silence).half(),
        }
        if condition.latents is not None:
            part["latents"] = condition.latents[0].half()
        return {name: value.contiguous().cpu() for name, value in part.items()}

    def _teaching(self, files: list[str | None]) -> str:
        """The name of the folder in which all trajectories have the same teachers."""
        prints = [fingerprint(file) for file in files if file is not None]
        disguises = (self.disguise_share, self.formants, self.colour)
        asked = repr((prints, self.teacher_sampling, self.shift, disguises))
        return hashlib.sha256(asked.encode()).hexdigest()[:16]


def _joined(parts: list[dict[str, Tensor]], name: str, device: torch.device) -> Tensor:
    """The parts of a batch, in float32 again where they were kept in half: autocast on a CPU refuses half."""
    found = [part[name].float() if part[name].is_floating_point() else part[name] for part in parts]
    return pad_sequence(found, batch_first=True).to(device)
