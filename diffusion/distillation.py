"""How a decoder of many guided steps teaches one of few steps without guidance (IntMeanFlow, arXiv 2510.07979).

The teacher samples once for each clip. The points of its trajectory that the student must reach, and all that the
teacher heard, are kept in files, so that later epochs cost no teacher.
"""

import hashlib
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Bool, Float, Int
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from diffusion.loss import denoising_error
from diffusion.process import Net, Process
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
    knots: Float[Tensor, "K B M T"]  # from noise to mel, at the times of the student's knots
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
    """The student's jump from each knot of the teacher's trajectory must end at the next knot.

    Half of the later jumps begin where the student itself arrived, so that it learns to make up for its own errors.
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
        own: float,  # share of later jumps that begin where the student arrived
        **common,
    ):
        super().__init__(**common)
        self.teacher = Frozen(load(teacher).net)
        self.watch = self.teacher.net.process = Watched(self.teacher.net.process)
        self.teacher_sampling = {"steps": teacher_steps, "guidance": teacher_guidance, "sampler": "euler"}
        self.draws = draws
        self.own = own
        self.count = self.net.process.steps
        if teacher_steps % self.count:
            raise ValueError(f"{self.count} jumps do not divide the teacher's {teacher_steps} steps: give a multiple")
        if self.drop_content or self.drop_speaker or self.corrupt:
            raise ValueError("a trajectory has one condition: set stage.drop_content, drop_speaker and corrupt to 0")
        self.net.speaker.requires_grad_(False)
        self.net.null_speaker.requires_grad_(False)
        self.trajectories = Path(trajectories) / self._teaching([teacher, common["codec"], common["acoustic"]])

    def compare(self, batch: Batch, *, adversarial: bool) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Mels at the end of the trajectory, made and recorded, each beside the coarse one, and the terms."""
        trajectory = self.trajectory(batch)
        jump, own = self._draw_jumps(len(batch.keys))
        every = torch.arange(len(jump), device=jump.device)
        if self.training and torch.rand(()) < self.drop_latents:  # codes alone must reach the same end
            trajectory.condition.latents = None
        keep = torch.ones_like(own)
        encoded = self.net.encode(trajectory.condition, trajectory.speaker, keep_content=keep, keep_speaker=keep)
        times = self.net.process.schedule(self.count).time.to(trajectory.knots)
        span = times.diff()
        begin, end = trajectory.knots[jump, every], trajectory.knots[jump + 1, every]
        if own.any():
            before = (jump - 1).clamp_min(0)
            x = trajectory.knots[before, every]
            with torch.no_grad():
                arrived = x + span[before][:, None, None] * self.net(x, times[before], encoded)
            begin = torch.where(own[:, None, None], arrived, begin)
        velocity = self.net(begin, times[jump], encoded)
        span = span[jump][:, None, None]
        coarse = trajectory.condition.coarse
        terms = {
            "denoise": denoising_error(velocity, (end - begin) / span, torch.ones_like(times[jump]), coarse.length)
        }
        last = jump == self.count - 1
        made, true = (
            torch.stack((mel * encoded.frames[:, None], encoded.coarse), dim=1)[last]
            for mel in (begin + span * velocity, trajectory.truth)
        )
        return made, true, terms | self.judged(made, true, adversarial=adversarial)

    def _draw_jumps(self, size: int) -> tuple[Int[Tensor, " B"], Bool[Tensor, " B"]]:
        """Which jump each item makes, in equal shares and the last at least once, and whether the student led there."""
        if not self.training:
            every = torch.arange(size, device=self.device)
            return every % self.count, torch.zeros_like(every, dtype=torch.bool)
        jump = self.count - 1 - torch.randperm(size, device=self.device) % self.count
        return jump, (torch.rand(size, device=self.device) < self.own) & (jump > 0)

    @torch.no_grad()
    def trajectory(self, batch: Batch) -> Trajectory:
        """The teacher's trajectories of a batch, from files where there are some."""
        draw = int(torch.randint(self.draws, ())) if self.training else 0
        parts = [self._kept(batch.select([item]), draw) for item in range(len(batch.keys))]
        device = batch.wav.device
        length = torch.tensor([len(part["knots"]) for part in parts], device=device)
        codes = Codes(
            _joined(parts, "codes", device), torch.tensor([len(part["codes"]) for part in parts], device=device)
        )
        latents = _joined(parts, "latents", device) if "latents" in parts[0] else None
        frames = self.codec.to(device).decode(codes).frames[..., : int(length.max())]
        return Trajectory(
            condition=Condition(codes, Mel(frames, length), latents),
            speaker=_joined(parts, "speaker", device),
            knots=_joined(parts, "knots", device).permute(2, 0, 3, 1),
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
        points = [*self.watch.points, mel.frames]
        knots = torch.stack(points[:: self.teacher_sampling["steps"] // self.count])
        truth = self.log_mel.measure(item.wav, item.wav_len).frames[0].mT[: knots.shape[-1]]
        part = {
            "codes": codes.ids[0],
            "speaker": speaker[0].half(),
            "knots": knots[:, 0].permute(2, 0, 1).half(),
            "truth": F.pad(truth, (0, 0, 0, knots.shape[-1] - len(truth)), value=teacher.silence).half(),
        }
        if condition.latents is not None:
            part["latents"] = condition.latents[0].half()
        return {name: value.contiguous().cpu() for name, value in part.items()}

    def _teaching(self, files: list[str | None]) -> str:
        """The name of the folder in which all trajectories have the same teachers."""
        prints = [fingerprint(file) for file in files if file is not None]
        disguises = (self.disguise_share, self.formants, self.colour)
        asked = repr((prints, self.teacher_sampling, self.count, self.shift, disguises))
        return hashlib.sha256(asked.encode()).hexdigest()[:16]


def _joined(parts: list[dict[str, Tensor]], name: str, device: torch.device) -> Tensor:
    """The parts of a batch, in float32 again where they were kept in half: autocast on a CPU refuses half."""
    found = [part[name].float() if part[name].is_floating_point() else part[name] for part in parts]
    return pad_sequence(found, batch_first=True).to(device)
