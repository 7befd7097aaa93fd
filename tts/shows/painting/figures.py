"""One thing of a picture as SVG: an icon cut to its edges, with a body if OpenMoji shows only a head.

People are busts there, and foxes, bears and frogs are faces. In a story they stand on their feet, so a body is drawn
under them in OpenMoji's manner: black lines of width 2, flat colours.
"""

import hashlib
import io
import re
from dataclasses import dataclass
from functools import cache
from random import Random

from tts.shows.painting.lexicon import Icon, svg_folder

LINE = 'stroke="#000" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
SHIRT = re.compile("#92d3f5", re.IGNORECASE)
CLOTHES = ("#ea5a47", "#5c9e31", "#61b2e4", "#b399c8", "#f1b31c", "#e67a94", "#3f9f9a", "#f29b52")
LOWER = ("#3f5b8b", "#6a462f", "#a57939", "#4f6b57", "#7a4b7a", "#8c3b3b")
SKINS = {"1F3FB": "#fadcbc", "1F3FC": "#e0bb95", "1F3FD": "#bf8f68", "1F3FE": "#9b643d", "1F3FF": "#594539"}
WHITE = "#fff"
# Animals of which there is only a face, with the colours of their fur.
FACES = {
    "fox": "#e27022",
    "wolf": "#3f3f3f",
    "bear": "#6a462f",
    "polar_bear": WHITE,
    "panda": "#3f3f3f",
    "lion": "#f4aa41",
    "frog": "#b1cc33",
    "hamster": "#f4aa41",
    "unicorn": WHITE,
    "robot": "#d0cfce",
}
SKIRTED = re.compile("girl|woman|princess|fairy|bride")
BUSTS = re.compile(
    r"^((old_)?(wo)?(man|men)(_.*)?|(older_)?person(_.*)?|boy|girl|child|.*(worker|officer)|student|teacher|judge|farmer|cook"
    r"|mechanic|scientist|technologist|singer|artist|pilot|astronaut|firefighter|detective|guard|prince|princess|mage"
    r"|fairy|elf|superhero|ninja|troll)$"
)
WHOLE = re.compile(
    r"_in_bed|_swimming|_surfing|_rowing|_biking|_dancing|_golfing|_climbing|_lotus|_bath|_juggling|_cart"
)
AFLOAT = frozenset("sailboat ship ferry passenger_ship speedboat motor_boat canoe".split())
OWN_WATER = re.compile(r'<path fill="#92d3f5"[^>]*? d="[Mm]6[4-8][^>]*>', re.IGNORECASE)  # the picture has its own
EDGE = 3  # pixels that are measured for one unit


@dataclass(frozen=True)
class Sprite:
    """A drawing: its markup, and the box that it fills, in the same units."""

    markup: str
    left: float
    top: float
    width: float
    height: float

    @property
    def aspect(self) -> float:
        return self.width / self.height


def sprite(icon: Icon, seed: int) -> Sprite:
    """An icon as it is drawn in the pictures of one seed: the same word always looks the same."""
    rng = Random(int.from_bytes(hashlib.sha256(f"{seed} {icon.name}".encode()).digest()[:8], "big"))
    if icon.name in FACES:
        return _sprite(_dressed(_drawing(icon.code), FACES[icon.name], rng))
    if icon.name in AFLOAT:
        return _sprite(OWN_WATER.sub("", _drawing(icon.code)))
    if BUSTS.match(icon.name) and not WHOLE.search(icon.name):
        return _sprite(_person(icon, rng))
    return _sprite(_drawing(icon.code))


def is_alive(icon: Icon) -> bool:
    """Whether it is a person or an animal."""
    animal = "animal" in icon.keywords or "insect" in icon.keywords or "bird" in icon.keywords
    return animal or icon.name in FACES or bool(BUSTS.match(icon.name))


def _person(icon: Icon, rng: Random) -> str:
    tone = rng.choice(list(SKINS))
    code = next((code for code in _toned(icon.code, tone) if (svg_folder() / f"{code}.svg").is_file()), "")
    skin = SKINS[tone] if code else "#fcea2b"
    shirt, lower = rng.choice(CLOTHES), rng.choice(LOWER)
    bust = _drawing(code or icon.code)
    if not SHIRT.search(bust):  # a uniform or a costume, whose colour goes on below
        shirt = _uniform(bust) or shirt
    bust = SHIRT.sub(shirt, bust)
    return f"{_lower_body(bool(SKIRTED.search(icon.name)), shirt, lower, skin, rng)}{bust}"


def _toned(code: str, tone: str) -> list[str]:
    """The names that a drawing has with another skin."""
    first, *rest = code.split("-")
    return ["-".join([first, tone, *rest]), "-".join([first, tone, *(part for part in rest if part != "FE0F")])]


def _uniform(bust: str) -> str | None:
    """The colour that ends lowest in a bust, if it is one of cloth."""
    found = re.search(r'<path fill="(#[0-9A-Fa-f]{6})"[^>]*d="M1[5-9][^"]*5[89]|<path fill="(#[0-9A-Fa-f]{6})"', bust)
    colour = found and (found[1] or found[2])
    return colour if colour and colour.lower() not in ("#fcea2b", "#ffffff", "#000000") else None


def _lower_body(skirt: bool, shirt: str, lower: str, skin: str, rng: Random) -> str:
    """Arms, legs and what covers them, from the lower edge of a bust (y 60) to the ground (y 98)."""
    shoes = rng.choice(("#3f3f3f", "#6a462f", "#8c3b3b"))
    arms = "".join(
        f'<path d="M{x} 55Q{x + 3 * side} 64 {x + 2 * side} 72" fill="none" stroke="#000" stroke-width="9" stroke-linecap="round"/>'
        f'<path d="M{x} 55Q{x + 3 * side} 64 {x + 2 * side} 72" fill="none" stroke="{shirt}" stroke-width="5.5" stroke-linecap="round"/>'
        f'<circle cx="{x + 2 * side}" cy="74" r="3.6" fill="{skin}" {LINE}/>'
        for x, side in ((20, -1), (52, 1))
    )
    feet = "".join(f'<path d="M{x - 5} 97q0-6 6-6q5 0 5 6z" fill="{shoes}" {LINE}/>' for x in (28, 43))
    if skirt:
        legs = "".join(
            f'<path d="M{x} 80V93" stroke="#000" stroke-width="7"/><path d="M{x} 80V93" stroke="{skin}" stroke-width="3.6"/>'
            for x in (29, 43)
        )
        cloth = f'<path d="M21 58H51L58 83Q36 89 14 83Z" fill="{shirt}" {LINE}/>'
        return arms + legs + feet + cloth
    trousers = f'<path d="M21 66H51V93H39L36 78L33 93H21Z" fill="{lower}" {LINE}/>'
    trunk = f'<path d="M20 56H52V70H20Z" fill="{shirt}" {LINE}/>'
    return arms + feet + trousers + trunk


def _dressed(head: str, fur: str, rng: Random) -> str:
    """A face over a body in a coat, from the chin (y 60) to the ground (y 112)."""
    coat, scarf = rng.sample(CLOTHES, 2)
    legs = "".join(f'<path d="M{x - 5} 92V106q-4 0-4 5H{x + 6}V92Z" fill="{fur}" {LINE}/>' for x in (28, 45))
    arms = "".join(
        f'<path d="M{x} 72Q{x + 9 * side} 78 {x + 6 * side} 92" fill="none" stroke="#000" stroke-width="10" stroke-linecap="round"/>'
        f'<path d="M{x} 72Q{x + 9 * side} 78 {x + 6 * side} 92" fill="none" stroke="{coat}" stroke-width="6.4" stroke-linecap="round"/>'
        f'<circle cx="{x + 6 * side}" cy="93" r="4.4" fill="{fur}" {LINE}/>'
        for x, side in ((24, -1), (48, 1))
    )
    body = f'<path d="M25 60Q15 78 19 97Q36 103 53 97Q57 78 47 60Z" fill="{coat}" {LINE}/>'
    buttons = "".join(f'<circle cx="36" cy="{y}" r="1.7"/>' for y in (80, 89))
    collar = f'<path d="M23 62Q36 74 49 62L52 69Q36 80 20 69Z" fill="{scarf}" {LINE}/>'
    return f"{legs}{arms}{body}{buttons}{collar}{head}"


@cache
def _drawing(code: str) -> str:
    """The markup of an icon without its outer element; its ids are its own, so that icons can stand side by side."""
    text = (svg_folder() / f"{code}.svg").read_text("utf-8")
    inner = re.sub(r"^.*?<svg[^>]*>|</svg>\s*$|<\?xml.*?\?>", "", text, flags=re.DOTALL)
    names = set(re.findall(r'\bid="([^"]+)"', inner))
    for name in names:
        used = re.search(rf"(url\(#|href=\"#){re.escape(name)}\b", inner)
        inner = re.sub(rf'\bid="{re.escape(name)}"', f'id="i{code}-{name}"' if used else "", inner)
        inner = re.sub(rf"(url\(#|href=\"#){re.escape(name)}(?=[\")])", rf"\1i{code}-{name}", inner)
    return inner


@cache
def _sprite(markup: str) -> Sprite:
    """A drawing with the box that it fills, found by drawing it."""
    from PIL import Image

    side = (-6, -6, 84, 130)  # left, top, width, height of what is searched
    frame = f'viewBox="{side[0]} {side[1]} {side[2]} {side[3]}" width="{side[2] * EDGE}" height="{side[3] * EDGE}"'
    box = Image.open(io.BytesIO(render(f"<svg xmlns='http://www.w3.org/2000/svg' {frame}>{markup}</svg>"))).getbbox()
    if not box:
        raise AssertionError("an empty drawing")
    left, top, right, bottom = (edge / EDGE for edge in box)
    return Sprite(markup, left + side[0], top + side[1], right - left, bottom - top)


def render(svg: str) -> bytes:
    """A drawing as PNG."""
    try:
        import resvg_py
    except ModuleNotFoundError:
        raise ValueError("what draws is missing: install the group 'shows' (resvg-py)") from None
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True))
