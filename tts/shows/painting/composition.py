"""A text as a picture: the landscape of its scene with its figures, as one SVG.

Each figure has a size in the world (a mouse is small, a house is large), softened so that a mouse is still seen. What
stands nearer is larger and lower, and covers what is behind. The same text, size and seed give the same picture.
"""

import hashlib
import re
from dataclasses import dataclass
from random import Random

from tts.shows.painting.figures import AFLOAT, BUSTS, FACES, Sprite, is_alive, sprite
from tts.shows.painting.landscape import UNIT, Land, circle
from tts.shows.painting.lexicon import Mention, icon_named
from tts.shows.painting.palette import mix, palette_of
from tts.shows.painting.places import landscape
from tts.shows.painting.scene import read_scene

PERSON = 440.0  # units of a grown-up who stands in front
# Heights in persons, by the words among an icon's name and keywords; the first that fits.
HEIGHTS: tuple[tuple[str, float], ...] = (
    ("castle skyscraper office_building factory hospital ferris_wheel circus_tent stadium church mosque temple", 2.6),
    ("house house_with_garden school hotel bank hut tent convenience_store houses building", 1.9),
    ("deciduous_tree evergreen_tree palm_tree leafless_tree christmas_tree", 2.0),
    ("sailboat ship ferry passenger_ship rocket sauropod t_rex spouting_whale whale giraffe", 1.7),
    ("elephant mammoth dragon locomotive bus train tram fountain helicopter fire_engine", 1.35),
    ("horse cow camel two_hump_camel deer moose bison gorilla rhinoceros hippopotamus tractor automobile taxi", 1.1),
    ("small_airplane speedboat canoe delivery_truck pickup_truck ambulance snowman_without_snow bed", 0.95),
    ("couch_and_lamp chair door bicycle motor_scooter playground_slide shark dolphin crocodile", 0.85),
    ("bear polar_bear lion wolf", 0.95),
    (
        "boy girl child elf fairy troll fox panda robot merperson mermaid merman penguin kangaroo ostrich unicorn ghost alien",
        0.78,
    ),
    ("tiger leopard ewe goat pig boar donkey llama ox zebra cactus potted_plant telescope kite balloon", 0.62),
    ("frog hamster swan goose turkey peacock flamingo monkey koala sloth otter seal octopus guitar violin", 0.5),
    (
        "dog poodle cat rabbit rooster duck owl eagle raccoon badger skunk beaver hedgehog turtle parrot umbrella backpack",
        0.36,
    ),
    ("bird dove bat chipmunk squid jellyfish crab tropical_fish fish lizard snake teddy_bear wrapped_gift", 0.27),
    (
        "mouse rat front_facing_baby_chick snail butterfly bug honeybee lady_beetle ant spider mushroom tulip rock key old_key bell coin spoon footprints",
        0.17,
    ),
)
LIVING, THING = 0.5, 0.24
SOFT = 0.62  # power of a height: 1 is as in the world
FLYING = frozenset(
    "bird dove eagle bat butterfly honeybee small_airplane airplane helicopter balloon kite fairy flying_saucer parachute rocket black_bird phoenix lady_beetle owl".split()
)
FLOATING = AFLOAT | {"duck", "swan", "goose"}
SWIMMING = frozenset(
    "spouting_whale whale dolphin shark fish tropical_fish blowfish octopus squid jellyfish seal orca merperson mermaid merman shrimp lobster".split()
)
# What a person holds: where its foot is beside the hand, in widths and heights of the person, and its size.
HELD = {
    "umbrella": (0.66, -0.31, 0.66),
    "magic_wand": (0.62, -0.20, 0.26),
    "balloon": (0.62, -0.36, 0.62),
    "red_paper_lantern": (0.66, -0.10, 0.26),
    "candle": (0.62, -0.22, 0.24),
    "kite": (0.75, -0.5, 0.5),
    "teddy_bear": (0.62, -0.12, 0.26),
    "bouquet": (0.62, -0.16, 0.28),
    "fishing_pole": (0.7, -0.2, 0.5),
}
LINE_SCALE = 4.4  # units of the picture for one of a drawing, from which on its lines grow no wider
WIDTH = re.compile(r'stroke-width="([\d.]+)"')
MOST = 9  # figures, all kinds together
TRIES = 60
MARGIN = 22.0  # units that figures keep from the edges


@dataclass
class PlacedFigure:
    """A sprite in the picture: the middle of its foot, and its height, in units."""

    sprite: Sprite
    x: float
    y: float
    height: float
    flipped: bool = False
    lifted: bool = False  # it stands on nothing, so it has no shadow
    holds: bool = False  # it has a free hand

    depth: float = 0.0  # what it is drawn behind or before; 0: as its foot tells

    @property
    def width(self) -> float:
        return self.height * self.sprite.aspect

    @property
    def box(self) -> tuple[float, float, float, float]:
        return self.x - self.width / 2, self.y - self.height, self.x + self.width / 2, self.y


def compose(text: str, size: tuple[int, int], seed: int) -> str:
    """The picture of a text as SVG of that width and height in pixels."""
    scene = read_scene(text)
    rng = Random(int.from_bytes(hashlib.sha256(f"{seed} {text}".encode()).digest()[:8], "big"))
    scale = min(size) / UNIT
    width, height = size[0] / scale, size[1] / scale
    palette = palette_of(scene)
    land = landscape(scene, palette, width, height, rng)
    plants = [PlacedFigure(sprite(icon_named(name), seed), x, y, high) for name, x, y, high in land.planted]
    figures = _figures(land, seed)
    layers = [*land.back]
    layers += [_drawn(one, land) for one in sorted(plants, key=lambda one: one.y)]
    layers += [_drawn(one, land) for one in sorted(figures, key=lambda one: one.depth or one.y)]
    layers += land.front
    if scene.mood == "magic":
        layers += [
            _sparkle(rng.uniform(0, width), rng.uniform(0.05, 0.8) * height, rng.uniform(7, 18)) for _ in range(24)
        ]
    layers.append(
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="{palette.shade}" opacity="{palette.strength:.2f}"/>'
    )
    if palette.dark or scene.place == "cave":
        layers += [_light(one) for one in figures if one.sprite.markup in _lights(seed)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]}" height="{size[1]}" viewBox="0 0 {width:.2f} {height:.2f}">'
        f"{''.join(layers)}</svg>"
    )


def _figures(land: Land, seed: int) -> list[PlacedFigure]:
    """Every figure of the scene, the main one first, with room around each."""
    rng, placed = land.rng, []
    figures = land.scene.figures
    main = next((one for one in figures if is_alive(one.icon)), None)
    # What people hold needs them first; else the largest, which find the least room, come first.
    mentions = sorted(figures, key=lambda one: (one.icon.name in HELD, -_height(one), one.at))
    crowd = sum(one.count for one in figures)
    for rank, mention in enumerate(mentions):
        holder = next((one for one in placed if one.holds), None)
        if mention.icon.name in HELD and holder and mention.count == 1:
            placed.append(_held(land, holder, mention, seed))
            continue
        number = min(mention.count, max(2, MOST - len(placed) - len(mentions) + rank + 1))
        for copy in range(number):  # people of a crowd differ
            own = PlacedFigure(sprite(mention.icon, seed + 7919 * copy), 0, 0, PERSON * _height(mention) ** SOFT)
            if mention is main and mention.count == 1:
                own.height = max(own.height, PERSON * 0.62)
            own.height *= min(1.0, land.width / UNIT + 0.12) * (0.82 if crowd > 5 else 1.0)
            _place(land, mention, own, placed, front=is_alive(mention.icon) or _height(mention) < 0.9)
            own.holds = bool(BUSTS.match(mention.icon.name)) or mention.icon.name in FACES
            own.flipped = is_alive(mention.icon) and mention.icon.name not in FACES and rng.random() < 0.5
            placed.append(own)
    return placed


def _held(land: Land, holder: PlacedFigure, mention: Mention, seed: int) -> PlacedFigure:
    """A thing in somebody's hand, which then is no longer free."""
    across, up, size = HELD[mention.icon.name]
    holder.holds = False
    held = PlacedFigure(sprite(mention.icon, seed), 0, holder.y + up * holder.height, size * holder.height, lifted=True)
    held.depth = holder.y + 0.01
    held.x = holder.x + across * holder.width
    if held.x + held.width / 2 > land.width:  # in the other hand
        held.x = holder.x - across * holder.width
    return held


def _height(mention: Mention) -> float:
    known = next((high for names, high in HEIGHTS if mention.icon.name in names.split()), None)
    if known:
        return known
    if {"vehicle", "car"} & set(mention.icon.keywords):
        return 0.95
    if "building" in mention.icon.keywords:
        return 1.9
    if mention.icon.name in FACES or not is_alive(mention.icon):
        return THING
    return LIVING if "animal" in mention.icon.keywords else 1.0


def _place(land: Land, mention: Mention, own: PlacedFigure, placed: list[PlacedFigure], *, front: bool) -> None:
    """Find the spot where it covers least of what is there already."""
    name, rng = mention.icon.name, land.rng
    small = not is_alive(mention.icon) and _height(mention) < 0.45
    spots = []
    for _ in range(TRIES):
        y, size, lifted = _depth(land, name, own, front, small)
        half = own.sprite.aspect * own.height * size / 2 + MARGIN
        left, right = land.table[:2] if land.table and small else (0.0, land.width)
        x = rng.uniform(left + half, right - half) if right - left > 2 * half else (left + right) / 2
        if not placed:
            x = 0.5 * x + 0.5 * land.width * 0.5
        spots.append((x, y, size, lifted))

    def crowded(spot: tuple[float, float, float, bool]) -> float:
        x, y, size, _ = spot
        trial = PlacedFigure(own.sprite, x, y, own.height * size)
        left, top, right, bottom = trial.box
        hidden = max(0.0, -top) / trial.height
        for one in placed:
            a, b, c, d = one.box
            across, down = min(right, c) - max(left, a) + 24, min(bottom, d) - max(top, b) + 10
            if across > 0 and down > 0:
                smaller = min((right - left) * (bottom - top), (c - a) * (d - b))
                hidden += across * down / smaller + (across * down / smaller) ** 2
        return hidden + (0.04 * abs(x - land.width / 2) / land.width if placed else 0)

    x, y, size, own.lifted = min(spots, key=crowded)
    own.x, own.y, own.height = x, y, own.height * size


def _depth(land: Land, name: str, own: PlacedFigure, front: bool, small: bool) -> tuple[float, float, bool]:
    """The height of its foot in the picture, how much smaller it is there, and whether it stands on nothing."""
    rng, (far, near) = land.rng, land.ground
    if name in FLYING and land.scene.place != "room" or land.scene.place == "sky" and name in FLOATING:
        low, high = (0.16, 0.62) if land.scene.place != "sky" else (0.3, 0.8)
        return max(own.height + MARGIN, land.horizon * rng.uniform(low, high) + own.height * 0.5), 0.85, True
    if land.water and (name in SWIMMING or name in FLOATING):
        top, bottom = land.water
        share = rng.uniform(0.25, 0.8) if front else rng.uniform(0.06, 0.3)
        y = top + share * (bottom - top) + (own.height * 0.3 if land.scene.place == "underwater" else 0)
        if land.scene.place == "underwater":
            return y, 0.9, True
        size = 0.6 + 0.45 * share
        return max(y, land.horizon + 0.45 * own.height * size) if name in SWIMMING else y, size, True
    if land.scene.place == "underwater":
        return rng.uniform(land.height * 0.45, land.height * 0.85), 0.9, True
    if land.scene.place == "sea":  # nobody stands on the sea but on what floats; they are drawn in the water
        return rng.uniform(land.horizon + 0.5 * (land.height - land.horizon), land.height * 0.95), 0.9, True
    if land.table and small:
        left, right, top = land.table
        return top + rng.uniform(6, 26), 0.9, False
    share = rng.uniform(0.55, 1.0) if front else rng.uniform(0.0, 0.25)
    return far + share * (near - far), 0.72 + 0.28 * share, False


def _drawn(one: PlacedFigure, land: Land) -> str:
    own, scale = one.sprite, one.height / one.sprite.height
    middle = own.left + own.width / 2
    mirror = f"scale(-{scale:.4f} {scale:.4f})" if one.flipped else f"scale({scale:.4f})"
    move = f"translate({one.x:.1f} {one.y:.1f}) {mirror} translate({-middle:.2f} {-(own.top + own.height):.2f})"
    shadow = ""
    if not one.lifted:
        shadow = f'<ellipse cx="{one.x:.1f}" cy="{one.y - 3:.1f}" rx="{one.width * 0.46:.1f}" ry="{max(5.0, one.height * 0.035):.1f}" fill="#1b2a2a" opacity="0.22"/>'
    own_markup = own.markup
    if scale > LINE_SCALE:
        thinner = max(0.45, LINE_SCALE / scale)
        own_markup = WIDTH.sub(lambda found: f'stroke-width="{float(found[1]) * thinner:.2f}"', own_markup)
    ripple = ""
    if one.lifted and not one.depth and land.water and land.scene.place != "underwater" and land.water[0] < one.y:
        ripple = _ripple(one, land)
    return f'{shadow}<g transform="{move}">{own_markup}</g>{ripple}'


def _ripple(one: PlacedFigure, land: Land) -> str:
    """Water that covers the lowest part of what swims, with lines of foam."""
    high = max(9.0, one.height * 0.09)
    colour = mix(land.palette.water, "#123a66", 0.12 if land.scene.place == "sea" else 0.0)
    foam = "".join(
        f'<path d="M{one.x - one.width * w:.1f} {one.y - high * 0.5 + dy:.1f}q{one.width * w * 0.5:.1f} -{high * 0.5:.1f} {one.width * w:.1f} 0t{one.width * w:.1f} 0" '
        f'fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round" opacity="0.75"/>'
        for w, dy in ((0.56, 0.0), (0.36, high * 0.8))
    )
    return f'<ellipse cx="{one.x:.1f}" cy="{one.y + high * 0.35:.1f}" rx="{one.width * 0.56:.1f}" ry="{high:.1f}" fill="{colour}"/>{foam}'


def _lights(seed: int) -> set[str]:
    return {sprite(icon_named(name), seed).markup for name in ("candle", "red_paper_lantern", "fire")}


def _light(one: PlacedFigure) -> str:
    y = one.y - one.height * 0.6
    name = f"light{round(one.x)}-{round(one.y)}"
    return (
        f'<defs><radialGradient id="{name}"><stop offset="0" stop-color="#ffd77a" stop-opacity="0.6"/>'
        f'<stop offset="1" stop-color="#ffd77a" stop-opacity="0"/></radialGradient></defs>'
        + circle(one.x, y, max(170.0, one.height * 1.6), f"url(#{name})")
    )


def _sparkle(x: float, y: float, size: float) -> str:
    return f'<path d="M{x:.0f} {y - size:.0f}Q{x:.0f} {y:.0f} {x + size:.0f} {y:.0f}Q{x:.0f} {y:.0f} {x:.0f} {y + size:.0f}Q{x:.0f} {y:.0f} {x - size:.0f} {y:.0f}Q{x:.0f} {y:.0f} {x:.0f} {y - size:.0f}Z" fill="#fff6c9" opacity="0.9"/>'
