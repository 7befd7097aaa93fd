"""An episode to a feed, and the credits of everything that had a part in it."""

from datetime import date, datetime, time, timezone

from tts import document
from tts.files import whole
from tts.shows.pictures import FOLDER, credits_of
from tts.shows.stage import ShowStage, Work
from tts.shows.stages.narrate import EPISODE

SYNTHETIC = "The speech is synthetic"


def run(work: Work) -> None:
    """Write credits.md and feed.xml, an RSS feed with the episode, its cover, its chapters and its transcript."""
    from tts.narration import feed, manifest

    own = work.settings
    timeline = manifest.read(work.path(f"{EPISODE}.narration/manifest.json"))
    text = document.read(work.path(f"{EPISODE}.narration/text.md"))
    work.write("credits.md", _credits(work, timeline.narrator, timeline.weights))
    place = feed.Site(
        base=own["base"],
        name="feed.xml",
        published=datetime.combine(_day(own["date"]), time(), timezone.utc),
        category=own["category"],
        cover="cover.jpg" if work.path("cover.jpg").is_file() else "",
        transcripts=[f"{EPISODE}.narration/words.vtt"] if work.path(f"{EPISODE}.narration/words.vtt").is_file() else [],
    )
    rss = feed.rss(timeline, text, [work.path(f"{EPISODE}.{own['format']}")], place)
    if "feed.xml" not in work.keep:
        with whole(work.path("feed.xml")) as file:
            file.write(rss.encode("utf-8"))
    if own["base"] == STAGE.settings["base"]:
        work.tell(f"feed.xml says that its files are at {own['base']}: give your address with -- base=https://...")


def _day(text: str | None) -> date:
    try:
        return date.fromisoformat(text) if text else date.today()
    except ValueError:
        raise ValueError(f"{text!r} is no day: write it as '2026-11-29'") from None


def _credits(work: Work, narrator: str, weights: str) -> str:
    lines = [*work.credits(), f"{SYNTHETIC}: {narrator}, by the weights {weights[:12]}"]
    pictures = [work.path("cover.jpg"), *sorted(work.path(FOLDER).glob("*.jpg"))]
    lines += credits_of([path for path in pictures if path.is_file()])
    if work.input.suffix in document.PACKED:
        text = document.read(work.input)
        told = [text.title or work.input.stem, text.author and f"by {text.author}", text.publisher]
        lines.append(
            f"The text is from {', '.join(one for one in told if one)}, whose licence holds for what is quoted"
        )
    return "# Credits\n\n" + "\n".join(f"- {line}" for line in lines) + "\n"


STAGE = ShowStage(
    run=run,
    reads=("input", f"{EPISODE}.{{format}}", f"{EPISODE}.narration/manifest.json", "cover.jpg?", f"{FOLDER}?"),
    makes=("feed.xml", "credits.md"),
    settings={"base": "https://example.org/show", "category": "Kids & Family", "date": None, "format": "mp3"},
)
