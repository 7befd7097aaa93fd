"""An episode with its pictures as a book: a page that reads aloud and turns its leaves, an EPUB 3 with sound, a PDF."""

from tts import document
from tts.shows.pictures import FOLDER, LIST, credits_of, read_pictures
from tts.shows.stage import ShowStage, Work
from tts.shows.stages.narrate import EPISODE
from tts.shows.stages.translate import FILE

PAGE, EPUB, PDF = "book.html", "book.epub", "book.pdf"


def run(work: Work) -> None:
    """Write book.html, book.epub and book.pdf. The QR code of the PDF leads to book.html at the address `base`."""
    from tts.narration import manifest, overlay
    from tts.narration.illustrations import illustrations
    from tts.shows.book.leaves import leaves
    from tts.shows.book.page import write_page
    from tts.shows.book.pdf import write_pdf

    own, about = work.settings, work.read_yaml("about.yaml")
    timeline = manifest.read(work.path(f"{EPISODE}.narration/manifest.json"))
    text = document.read(work.path(f"{EPISODE}.narration/text.md"))
    pictures = read_pictures(work)
    placed = illustrations(timeline, [(one.at, one.path, one.scene) for one in pictures])
    language, translations = _translations(work)
    made = leaves(timeline, placed, translations)
    cover = work.path("cover.jpg")
    cover = cover if cover.is_file() else None
    sound = work.path(f"{EPISODE}.{own['format']}")
    paths = [one.path for one in pictures] + ([cover] if cover else [])
    voice = f"read by the synthetic voice {timeline.narrator}"
    credits = [f"{voice[0].upper()}{voice[1:]}", *credits_of(paths), *work.credits(), *own["credits"]]
    byline = ", ".join(one for one in (timeline.author and f"by {timeline.author}", voice) if one)
    common = {"leaves": made, "credits": credits, "description": about["description"]}
    if PAGE not in work.keep:
        inside = write_page(
            work.path(PAGE),
            timeline=timeline,
            byline=byline,
            cover=paths[0],
            sound=sound,
            translated=language,
            **common,
        )
        if not inside:
            work.tell(f"{sound.name} is large: keep it beside {PAGE}")
    if EPUB not in work.keep:
        overlay.epub(timeline, text, [sound], work.path(EPUB), pictures=placed)
    if PDF not in work.keep:
        write_pdf(
            work.path(PDF),
            title=timeline.title,
            author=timeline.author,
            language=timeline.language,
            cover=cover,
            address=f"{own['base'].rstrip('/')}/{PAGE}",
            **common,
        )
    if own["base"] == STAGE.settings["base"]:
        work.tell(f"the QR code in {PDF} leads to {own['base']}/{PAGE}: give your address with -- base=https://...")


def _translations(work: Work) -> tuple[str, list[str]]:
    """The language and the texts of the leaves, if there are translations."""
    if not work.path(FILE).is_file():
        return "", []
    found = work.read_yaml(FILE)
    texts = found.get("leaves") if isinstance(found, dict) else None
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
        raise ValueError(f"{FILE} must have leaves: a list of texts, one for each entry of {LIST}")
    return str(found.get("language", "")), texts


STAGE = ShowStage(
    run=run,
    reads=(
        LIST,
        FOLDER,
        "about.yaml",
        "cover.jpg?",
        f"{FILE}?",
        f"{EPISODE}.{{format}}",
        f"{EPISODE}.narration/manifest.json",
    ),
    makes=(PAGE, EPUB, PDF),
    settings={"format": "mp3", "base": "https://example.org/show", "credits": []},
)
