"""A text to an episode: spoken, mixed and mastered by `tts.narration`, in a project that goes on where it was."""

from pathlib import Path

from tts import settings
from tts.files import whole
from tts.shows.stage import ShowStage, Work

EPISODE = "episode"


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
    from tts import voices
    from tts.narration.plan import Order
    from tts.narration.script import NARRATOR

    own, about = work.settings, work.read_fields("about.yaml", "title")
    conf = settings.compose(own["speaking"])
    conf |= {"weights": str((settings.ROOT / conf["weights"]).resolve()), "voice": own["voice"] or conf["voice"]}
    voice = voices.find(conf["voice"])
    conf["voice"] = conf["voice"] if conf["voice"] in voices.names() else str(voice.resolve())
    bed = about.get("bed") if own["bed"] == "auto" else own["bed"]
    cover = work.path("cover.jpg")
    return Order(
        book=str(_text(work, about)),
        output=str(work.path(f"{EPISODE}.{own['format']}")),
        conf=conf,
        cast=(*own["cast"], f"{NARRATOR}={conf['voice']}"),
        preset=own["preset"],
        bed=bed if bed != "none" else None,
        cover=str(cover) if cover.is_file() else None,
        outputs=tuple(dict.fromkeys(["manifest.json", *own["outputs"]])),
    )


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
    makes=(f"{EPISODE}.{{format}}", f"{EPISODE}.narration/manifest.json"),
    settings={
        "source": "story.md",
        "author": "",
        "voice": None,
        "cast": [],
        "preset": "podcast",
        "bed": "auto",
        "format": "mp3",
        "outputs": ["player.html", "sentences.srt", "words.vtt"],
        "speaking": [],
    },
)
