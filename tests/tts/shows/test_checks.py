"""Faults that were planted in clean stories are caught and mended; clean stories pass."""

import re
from pathlib import Path

import pytest

from tts.shows import checks
from tts.shows.checks import COPY, CUT, FILTER, LENGTH, LOOP

CLEAN = re.split(r"(?m)^# (.*)\n", (Path(__file__).parent / "clean.md").read_text("utf-8"))[1:]
STORIES = dict(zip(CLEAN[::2], (text.strip() for text in CLEAN[1::2]), strict=True))
TITLES = list(STORIES)

# The last two are what SmolLM2-135M wrote when it was asked for a story about rain.
LOOPS = [
    "I had to get wet. " * 8,
    "She walked on and on and on and on and on and on until she slept.",
    "The frog was very, very, very, very, very, very old.",
    "He looked at the moon, and he looked at the moon, and he looked at the moon, and he looked at the moon.",
    "“Hello,” said the cat. “Hello,” said the dog. " * 5,
    "They danced round the tree. They sang a song. They danced round the tree. They sang a song. " * 3,
    "The bird flew over the hill and over the sea and over the wood. The bird was happy. " * 4,
    "Then it rained again. The river rose. " * 5,
    "The big heavy rain made a big dark thick rain. It made a big dark thick rain that it made a big dark thick rain. "
    "It was very bad. It made a big dark thick rain that made a big dark thick rain. It made a big dark thick rain.",
    "The sky is a beautiful blue, the sun is shining brightly. The sky is a beautiful, the sun is shining brightly. "
    "The sky is a beautiful, shining sky, the sun is shining. And the sky is a beautiful blue, the sun is shining.",
]
COPIES = [
    "Find more stories at https://www.example.com/stories.",
    "Visit www.kids-stories.example for the next one.",
    "Write to us at tales@example.org if you liked it.",
    "Copyright © 2009 by the author.",
    "All rights reserved. No part of it may be reproduced.",
    "* Bedtime Stories\n* Fairy Tales\n* Songs\n* About Us",
    "1. The Fox\n2. The Crow\n3. The Hen",
    "Read more: [The Lost Duck](/stories/lost-duck)",
    "Posted by admin on Monday. Share this with your friends.",
    "<p>The fox ran home.</p>&nbsp;",
]
# What is left of a story: all but its last characters, and what stands in their place.
CUTS = [
    (1, ""),
    (9, ""),
    (25, ""),
    (40, " and"),
    (30, " because the"),
    (15, ","),
    (20, " -"),
    (1, ". “Come here"),
    (1, ". To be continued..."),
    (1, '. Then she said, "I will never'),
]
LENGTHS = [(300, 400), (1, 20), (500, 900), (1, 40), (1000, 1200), (10, 60), (400, 410), (1, 75), (350, 800), (2, 3)]


def planted(number: int, plant: str) -> str:
    """A clean story with a paragraph in its middle that it should not have."""
    parts = STORIES[TITLES[number]].split("\n\n")
    middle = (len(parts) + 1) // 2
    return "\n\n".join([*parts[:middle], plant.strip(), *parts[middle:]])


def kinds(text: str, **asked) -> set[str]:
    return {fault.kind for fault in checks.faults(text, **asked)}


def kept(story: str, mended: str) -> float:
    """The share of a story's sentences that are still there."""
    own = [checks.spelled(sentence) for sentence in checks.sentences(story)]
    left = {checks.spelled(sentence) for sentence in checks.sentences(mended)}
    return sum(sentence in left for sentence in own) / len(own)


def test_of_forty_clean_stories_none_is_refused():
    assert len(STORIES) == 40
    assert {title: found for title, text in STORIES.items() if (found := checks.faults(text))} == {}


@pytest.mark.parametrize("number", range(10))
def test_a_loop_is_caught_and_mended(number):
    text = planted(number, LOOPS[number])
    assert kinds(text) == {LOOP}
    mended = checks.mend(text)
    assert kinds(mended) == set() and kept(STORIES[TITLES[number]], mended) > 0.95


@pytest.mark.parametrize("number", range(10))
def test_a_copy_is_caught_and_mended(number):
    text = planted(10 + number, COPIES[number])
    assert COPY in kinds(text)
    mended = checks.mend(text)
    assert kinds(mended) == set() and kept(STORIES[TITLES[10 + number]], mended) > 0.95


@pytest.mark.parametrize("number", range(10))
def test_a_cut_ending_is_caught_and_mended(number):
    story, (off, instead) = STORIES[TITLES[20 + number]], CUTS[number]
    text = story.rstrip('.!?"”’')[: -off or None] + instead
    assert kinds(text) == {CUT}
    mended = checks.mend(text)
    assert kinds(mended) == set() and kept(story, mended) > 0.5


@pytest.mark.parametrize("number", range(10))
def test_a_wrong_length_is_caught(number):
    text = STORIES[TITLES[25 + number]]
    assert kinds(text, words=LENGTHS[number]) == {LENGTH}
    assert kinds(text, words=(len(text.split()) // 2, len(text.split()) * 2)) == set()


def test_words_of_the_users_list_are_caught_whatever_their_case_and_signs_and_their_sentences_go():
    text = "The Wolf's teeth shone. She ran home. She slept."
    assert kinds(text, banned=["wolf's teeth"]) == {FILTER}
    assert kinds(text, banned=["wolf", "teeth shine"]) == set()
    assert checks.mend(text, banned=["Wolf's Teeth"]) == "She ran home. She slept."


def test_a_text_that_is_too_long_ends_with_a_whole_sentence():
    text = "One two three. Four five.\n\nSix seven eight nine. Ten."
    assert [checks.shortened(text, words) for words in (1, 5, 6, 99)] == [
        "One two three.",
        "One two three. Four five.",
        "One two three. Four five.",
        text,
    ]


def test_what_is_nothing_but_faults_mends_to_nothing():
    assert checks.mend("www.example.com\n\nRead more") == ""
    assert kinds("") == {CUT}
