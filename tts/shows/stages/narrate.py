"""A text to an episode: spoken, mixed and mastered by `tts.narration`, in a project that goes on where it was."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tts import settings
from tts.files import fingerprint, whole
from tts.records import NETS
from tts.shows.stage import ShowStage, Work

EPISODE = "episode"
BESIDE = (
    "player.html",
    "sentences.srt",
    "words.vtt",
)  # what is made beside the sound, as long as nothing else is asked


def run(work: Work) -> None:
    """Write episode.mp3, or what `format` says, and its manifest, player and subtitles in episode.narration."""
    from tts.executors import LocalExecutor
    from tts.narration.narrate import make
    from tts.narration.project import Project

    order = _order(work)
    done = make(order, Project.beside(Path(order.output)), LocalExecutor(0), work.tell, work.progress)
    if done.doubtful:
        work.tell(f"{len(done.doubtful)} takes stayed doubtful, to be heard in {EPISODE}.narration/doubtful.html")


def _order(work: Work):
    """What narration is asked for."""
    from tts.narration.plan import Order
    from tts.narration.script import NARRATOR

    own, about = work.settings, work.read_fields("about.yaml", "title")
    conf = _speaking(own)
    cover = work.path("cover.jpg")
    return Order(
        book=str(_text(work, about)),
        output=str(work.path(f"{EPISODE}.{own['format']}")),
        conf=conf,
        cast=(*own["cast"], f"{NARRATOR}={conf['voice']}"),
        preset=own["preset"],
        bed=_bed(own["bed"], about),
        mark=own["mark"],
        cover=str(cover) if cover.is_file() else None,
        outputs=tuple(dict.fromkeys(["manifest.json", *own["outputs"]])),
    )


def _speaking(own: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of conf/infer.yaml, with weights and voice by their full paths."""
    from tts import voices

    conf = settings.compose(own["speaking"])
    conf |= {"weights": str((settings.ROOT / conf["weights"]).resolve()), "voice": own["voice"] or conf["voice"]}
    if conf["voice"] not in (voices.AUTO, *voices.names()):
        conf["voice"] = str(voices.find(conf["voice"]).resolve())
    return conf


def _bed(chosen: str, about: dict[str, str]) -> str | None:
    """The bed, which about.yaml may choose among those that are made; only the settings may name a file."""
    from tts.narration.beds import BEDS

    bed = about.get("bed", "none") if chosen == "auto" else chosen
    if chosen == "auto" and bed not in ("none", *BEDS):
        raise ValueError(
            f"about.yaml has the bed {bed!r}: write none, {', '.join(BEDS)}, or give a file by -- bed=FILE"
        )
    return bed if bed != "none" else None


def _depends(own: Mapping[str, Any]) -> list[str]:
    """The hashes of the nets and of the voices that speak, as another recording of them would sound otherwise."""
    from tts import voices
    from tts.narration.cast import given_cast

    conf = _speaking(own)
    paths = [Path(conf["weights"]) / f"{name}.safetensors" for name in NETS]
    narrators = [voices.usual(conf, language) for language in conf["voices"]]
    for voice in dict.fromkeys([*narrators, *given_cast(own["cast"]).values()]):
        paths += voices.clips(voices.find(voice))
    return [fingerprint(path) for path in paths]


def _text(work: Work, about: dict[str, str]) -> Path:
    """The text with what the episode says of itself before it, as narration reads it."""
    front = {"title": about["title"], "author": work.settings["author"], "description": about.get("description", "")}
    lines = [f"{key}: {' '.join(str(value).split())}" for key, value in front.items() if value]
    path = work.path(f"{EPISODE}.narration") / "text.md"
    with whole(path) as file:
        file.write("\n".join(["---", *lines, "---", "", work.read(work.settings["source"])]).encode("utf-8", "replace"))
    return path


STAGE = ShowStage(
    run=run,
    reads=("{source}", "about.yaml", "cover.jpg?"),
    makes=(
        f"{EPISODE}.{{format}}",
        f"{EPISODE}.narration/manifest.json",
        *(f"{EPISODE}.narration/{one}?" for one in BESIDE),
    ),
    settings={
        "source": "story.md",
        "author": "",
        "voice": None,
        "cast": [],
        "preset": "podcast",
        "bed": "auto",
        "format": "mp3",
        "mark": True,
        "outputs": list(BESIDE),
        "speaking": [],
    },
    depends=_depends,
)
