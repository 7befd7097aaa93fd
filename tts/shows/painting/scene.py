"""What a text tells of a picture: the place, the time of day, the weather, the mood, and who and what is there."""

from dataclasses import dataclass

from tts.shows.painting.lexicon import Mention, find_icons, lemma, names_figure, words_of

FIGURE, PLAIN = 1, 3  # what a word weighs that tells of a place
PHRASES = {
    "sun went down": "dusk",
    "sun set": "dusk",
    "sun was setting": "dusk",
    "sun rose": "dawn",
    "sun came up": "dawn",
}
MOST_FIGURES = 7  # kinds in one picture; more is clutter

# Words that tell of each, without endings of plurals. Where several are told, the most words win.
PLACES: dict[str, str] = {
    "room": "room kitchen bedroom bed indoors inside classroom school library attic hall cellar parlour office "
    "living sofa couch chair table window fireplace stove cupboard shelf bathroom bath museum laboratory pillow",
    "underwater": "underwater seabed coral reef mermaid submarine octopus jellyfish dive dived diving diver sank",
    "space": "space planet galaxy orbit astronaut spaceship rocket universe comet mars saturn alien asteroid",
    "cave": "cave cavern tunnel mine dungeon underground",
    "beach": "beach shore seashore seaside coast sand lighthouse bay tide dune seashell island crab",
    "sea": "sea ocean ship sail sailed sailing boat voyage wave harbour harbor port whale dolphin shark raft pirate",
    "water": "lake river pond stream brook bridge duck swan frog ferry canal waterfall",
    "city": "city town street road market shop square skyscraper traffic bus taxi station cinema pavement subway",
    "village": "village cottage neighbour neighbourhood church mill",
    "castle": "castle king queen princess prince knight palace throne kingdom dragon tower",
    "farm": "farm barn farmer cow pig hen rooster tractor hay stable goat wheat harvest",
    "garden": "garden flower rose orchard vegetable bee butterfly greenhouse blossom lawn picnic park playground",
    "forest": "forest wood jungle tree fox bear wolf owl squirrel deer clearing mushroom thicket",
    "mountain": "mountain peak cliff valley climb climbed summit rocks volcano",
    "desert": "desert camel dune cactus sphinx pyramid oasis",
    "sky": "sky flew flying fly balloon airplane plane helicopter kite parachute cloud-top eagle",
}
TIMES = {
    "night": "night midnight moon star moonlight bedtime asleep sleep dream dreamed starry lullaby owl",
    "dusk": "evening sunset dusk twilight supper dinner nightfall",
    "dawn": "dawn morning sunrise breakfast daybreak woke awoke",
}
WEATHERS = {
    "snow": "snow snowy snowed snowing snowman blizzard winter ice icy frost frozen sled sledge ski christmas",
    "storm": "storm stormy thunder lightning tempest hurricane gale",
    "rain": "rain rains rained rainy raining drizzle umbrella puddle shower downpour wet",
    "fog": "fog foggy mist misty haze smoke",
    "rainbow": "rainbow",
    "wind": "wind windy breeze gust kite blew leaf",
    "cloud": "cloud cloudy grey gray overcast",
}
MOODS = {
    "dark": "dark scary afraid frightened ghost haunted spooky terror monster fear horror dread cold danger shadow",
    "sad": "sad lonely alone cried crying tears wept sorrow lost sorry grief missed",
    "magic": "magic magical spell fairy wizard witch enchanted sparkling glow glowing wonder wish unicorn dream",
    "happy": "happy joy laughed laugh smile smiled party birthday dance danced played play cheerful glad friend hugged",
}


@dataclass(frozen=True)
class Scene:
    """What is to be painted."""

    place: str
    time: str  # day, dawn, dusk, night
    weather: str  # clear, cloud, wind, rain, storm, snow, fog, rainbow
    mood: str  # calm, happy, sad, dark, magic
    figures: tuple[Mention, ...]
    words: frozenset[str]


def read_scene(text: str) -> Scene:
    """The scene that a text describes; what it does not tell is a clear day in a meadow."""
    words = [lemma(word) for word in words_of(text)]
    said = f" {' '.join(words)} "
    time = next((time for phrase, time in PHRASES.items() if f" {phrase} " in said), None)
    return Scene(
        place=_most(PLACES, words) or "meadow",
        time=time or _most(TIMES, words) or "day",
        weather=_most(WEATHERS, words) or "clear",
        mood=_most(MOODS, words) or "calm",
        figures=tuple(find_icons(text)[:MOST_FIGURES]),
        words=frozenset(words),
    )


def _most(table: dict[str, str], words: list[str]) -> str | None:
    """The entry that is told most, and first; None if none is. A word that is drawn as a figure tells little."""
    found: dict[str, int] = {}
    for word in dict.fromkeys(words):
        for name, told in table.items():
            if word in told.split():
                found[name] = found.get(name, 0) + (FIGURE if names_figure(word) else PLAIN)
    return max(found, key=lambda name: found[name]) if found else None
