"""The player of an episode, with pictures that change with the sound."""

from tts import document
from tts.shows.pictures import FOLDER, LIST, read_pictures
from tts.shows.stage import ShowStage, Work
from tts.shows.stages.narrate import EPISODE

PLAYER = "player.html"


def run(work: Work) -> None:
    """Write player.html; the sound and the pictures lie beside it, or in it with `embed`."""
    from tts.narration import manifest, player
    from tts.narration.illustrations import illustrations

    timeline = manifest.read(work.path(f"{EPISODE}.narration/manifest.json"))
    text = document.read(work.path(f"{EPISODE}.narration/text.md"))
    pictures = illustrations(timeline, [(one.at, one.path, one.scene) for one in read_pictures(work)])
    if PLAYER not in work.keep:
        sound = work.path(f"{EPISODE}.{work.settings['format']}")
        player.page(timeline, text, [sound], work.path(PLAYER), embed=work.settings["embed"], pictures=pictures)


STAGE = ShowStage(
    run=run,
    reads=(LIST, FOLDER, f"{EPISODE}.{{format}}", f"{EPISODE}.narration/manifest.json"),
    makes=(PLAYER,),
    settings={"format": "mp3", "embed": False},
)
