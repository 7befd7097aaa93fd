"""A recording as the leaves of a picture book: each has a picture, and the sentences that are heard beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tts.document.document import HEADING, SCENE
from tts.narration.illustrations import Illustration
from tts.narration.timeline import TimedSegment, Timeline


@dataclass(frozen=True)
class Leaf:
    """One opening of the book. Times are seconds of the whole recording."""

    picture: Path
    description: str
    title: str  # of the chapter that begins here, or nothing
    paragraphs: list[list[tuple[float, TimedSegment]]]  # each sentence with the start of its chapter
    start: float
    stop: float
    translation: str = ""

    @property
    def text(self) -> list[str]:
        """The paragraphs."""
        return [" ".join(segment.text for _, segment in paragraph) for paragraph in self.paragraphs]


def leaves(timeline: Timeline, pictures: Sequence[Illustration], translations: Sequence[str] = ()) -> list[Leaf]:
    """The leaves in order; what is heard before the first picture belongs to it, as a heading does to what follows.

    Raises ValueError if there are translations, but not as many as pictures.
    """
    if translations and len(translations) != len(pictures):
        raise ValueError(f"{len(translations)} translations for {len(pictures)} pictures: --redo translate")
    heard = [
        (number, index, chapter.start, segment)
        for number, chapter in enumerate(timeline.chapters)
        for index, segment in enumerate(chapter.segments)
        if segment.kind != SCENE
    ]
    places = {(own[0], own[1]): place for place, own in enumerate(heard)}
    begins = []
    for picture in pictures:
        place = places[picture.chapter, picture.segment]
        while place > 0 and heard[place - 1][0] == picture.chapter and heard[place - 1][3].start >= picture.start:
            place -= 1
        begins.append(place if begins else 0)
    made = []
    for number, (picture, first) in enumerate(zip(pictures, begins, strict=True)):
        own = heard[first : begins[number + 1] if number + 1 < len(begins) else len(heard)]
        after = begins[number + 1] if number + 1 < len(begins) else None
        stop = timeline.seconds if after is None else heard[after][2] + heard[after][3].start
        said = [one for one in own if one[3].kind != HEADING]
        grouped = groupby(said, key=lambda one: (one[0], one[3].paragraph))
        made.append(
            Leaf(
                picture=picture.path,
                description=picture.description,
                title=" ".join(one[3].text for one in own if one[3].kind == HEADING),
                paragraphs=[[(start, segment) for _, _, start, segment in group] for _, group in grouped],
                start=own[0][2] + own[0][3].start if number else 0.0,
                stop=stop,
                translation=translations[number] if translations else "",
            )
        )
    return made
