"""The comparison of all subjects on the same texts: synthesised, timed, judged, summarised, written down."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from tts.corpus import evenly
from tts.encoding import open_wave
from tts.evaluate import page, plots, report, suites
from tts.evaluate.arguments import add_shared, add_voice, make_panel, make_studio, positive
from tts.evaluate.faults import phone_counter
from tts.evaluate.judging import embed_speakers, judge_takes, synthesise_takes
from tts.evaluate.measures import Row, perplexity
from tts.evaluate.subjects import Studio, Subject, choose_subjects
from tts.evaluate.suites import Suite
from tts.evaluate.wave_cache import WaveCache
from tts.judges.panel import Panel
from tts.judges.table import JUDGES

SAMPLES = 3  # clips whose waves and mels are kept as files
PICTURED = ("recording", "resynthesis", "tts")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("suite", metavar="SUITE", help="held-out clips, a file of texts, or the name of a suite")
    parser.add_argument("--subjects", nargs="+", metavar="NAME", help="default: all that work here")
    parser.add_argument(
        "--voices", type=Path, metavar="DIR", help="clips whose speakers take turns to say the texts: cloning"
    )
    parser.add_argument("--seeds", type=positive, default=3, help="takes of each clip, if the seed matters (3)")
    parser.add_argument("--limit", type=positive, help="at most so many clips, spread over all")
    parser.add_argument(
        "--judges", nargs="+", default=list(JUDGES), metavar="NAME", help=f"of {', '.join(JUDGES)} (all)"
    )
    add_voice(parser)
    add_shared(parser)


def execute(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    suite = suites.read_suite(arguments.suite)
    if arguments.voices:
        suite = suite.spoken_by(suites.read_clips(arguments.voices, None, silent=True))
    suite = suite.first(arguments.limit)
    studio = make_studio(arguments, overrides, [clip.text for clip in suite.clips])
    subjects = choose_subjects(arguments.subjects, weights=studio.weights)
    with make_panel(arguments, studio, arguments.judges) as panel:
        places = {"cache": arguments.cache, "out": arguments.output}
        summary = compare_subjects(suite, subjects, studio, panel, seeds=arguments.seeds, **places)
    print(report.summary_table(summary))
    print(f"\n{len(suite.clips)} clips; listen in {arguments.output / 'report.html'}, all figures are in report.json")


def compare_subjects(
    suite: Suite, subjects: Mapping[str, Subject], studio: Studio, panel: Panel, *, seeds: int, cache: Path, out: Path
) -> dict[str, Any]:
    """Synthesise, time and judge every wave, write `out`, return the summary. No judge runs while waves are timed."""
    (out / "audio").mkdir(parents=True, exist_ok=True)
    clips = suite.clips
    samples = [clip.id for clip in evenly(clips, SAMPLES)]
    phones, rate = phone_counter(studio.audio, studio.language), studio.audio.sample_rate
    embeddings = embed_speakers(clips, studio, panel)
    rows: list[Row] = []
    sounds: dict[tuple[str, str, int], bytes] = {}
    mels: dict[str, dict[str, Tensor]] = {clip: {} for clip in samples}
    codebooks: dict[str, dict[str, float]] = {}
    with WaveCache(cache) as waves:
        for name, subject in subjects.items():
            own = [clip for clip in clips if subject.fits(clip)]
            takes = [(clip, seed) for clip in own for seed in range(seeds if subject.seeded else 1)]
            if not takes:
                continue
            made = synthesise_takes(name, subject, studio, takes, waves)
            rows += judge_takes(name, subject, takes, made, studio, panel, embeddings, phones)
            if codes := [code for each in made for code in each.codes]:
                codebooks[name] = perplexity(codes, studio.codec.codebook_size)
            for (clip, seed), each in zip(takes, made, strict=True):
                sounds[name, clip.id, seed] = page.encode_opus(each.wave, rate)
                if clip.id in samples and seed == 0:
                    with open_wave(out / "audio" / f"{clip.id}-{name}.wav", rate) as file:
                        file.write(each.wave)
                    if name in PICTURED:
                        mels[clip.id][name] = studio.log_mel(each.wave[None].to(studio.device))[0].cpu()
    if not rows:
        raise ValueError(
            f"none of {', '.join(subjects)} can speak {suite.name}: it has no recordings; try tts or flite"
        )
    summary = report.summarise(rows) | {"codebooks": codebooks}
    pinned = report.circumstances(judges=panel.identities, weights=studio.weights, suite=suite, conf=studio.conf)
    about = {
        "subjects": {name: subjects[name].says for name in summary["subjects"]},
        "seeds": seeds,
        "clips": len(clips),
        "suite": {"name": suite.name, "says": suite.says, "licence": suite.licence},
    }
    pictures = {"figures.png": plots.plot_estimates(out / "figures.png", summary)}
    if any(mels.values()):
        pictures["mels.png"] = plots.plot_mel_grid(out / "mels.png", mels, frame_rate=float(studio.audio.frame_rate))
    body = {"figures": summary, "about": about, **pinned}
    page.write_page(out / "report.html", body, rows, sounds, pictures.values())
    report.write_report(out / "report.json", body, rows=rows)  # last: if it is there, so are the others
    return summary
