"""The places of the pictures, each a function that lays its layers into a landscape."""

from collections.abc import Callable
from random import Random

from tts.shows.painting.interiors import cave, room, underwater
from tts.shows.painting.landscape import (
    Land,
    circle,
    cloud,
    gradient,
    hills,
    meadow,
    rect,
    sky,
    smooth,
    trees,
    tufts,
    weather,
)
from tts.shows.painting.palette import Palette, mix
from tts.shows.painting.scene import Scene

INDOORS = ("room", "underwater", "cave")  # neither sky nor weather is drawn there


def landscape(scene: Scene, palette: Palette, width: float, height: float, rng: Random) -> Land:
    """The landscape of a scene in a picture of width x height units."""
    land = Land(width, height, height * (0.56 if width >= height else 0.6), scene, palette, rng)
    span = height - land.horizon
    land.ground = (land.horizon + 0.30 * span, land.horizon + 0.86 * span)
    if scene.place not in INDOORS:
        sky(land)
    PAINTED[scene.place](land)
    if scene.place not in (*INDOORS, "space"):
        weather(land)
    return land


def garden(land: Land) -> None:
    meadow(land)
    y, wood = (
        land.horizon + (land.height - land.horizon) * 0.2,
        mix("#fffaf0", land.palette.shade, land.palette.strength),
    )
    step = 46
    for n in range(int(land.width / step) + 1):
        x = n * step + 8
        land.back.append(
            f'<path d="M{x} {y + 60:.0f}V{y - 22:.0f}l13 -18 13 18V{y + 60:.0f}Z" fill="{wood}" stroke="#cbbf9f" stroke-width="2"/>'
        )
    land.back += [rect(0, y - 6, land.width, 9, wood), rect(0, y + 34, land.width, 9, wood)]
    number = int(land.width / 105)
    for n in range(number):
        x = land.width * (n + land.rng.uniform(0.25, 0.75)) / number
        flower = land.rng.choice(("sunflower", "rose", "blossom", "hibiscus", "cherry_blossom"))
        land.planted.append((flower, x, y + land.rng.uniform(74, 100), land.rng.uniform(84, 120)))


def farm(land: Land) -> None:
    meadow(land)
    span, palette = land.height - land.horizon, land.palette
    for n in range(7):  # furrows that meet at the horizon
        x = land.width * (n / 6 - 0.15) * 1.3
        land.back.insert(
            -18,
            f'<path d="M{land.width * 0.62:.0f} {land.horizon + span * 0.2:.0f}L{x:.0f} {land.height:.0f}" stroke="{mix(palette.near, palette.ground, 0.5)}" stroke-width="7" opacity="0.5"/>',
        )
    x, y, high = land.width * land.rng.choice((0.16, 0.8)), land.horizon + span * 0.3, 230.0
    red, roof = mix("#c8473c", palette.far, 0.12), mix("#6a3b35", palette.far, 0.12)
    land.back.append(
        f'<path d="M{x - 120} {y}V{y - 120}L{x - 70} {y - 200}H{x + 70}L{x + 120} {y - 120}V{y}Z" fill="{red}"/>'
        f'<path d="M{x - 136} {y - 112}L{x - 78} {y - 208}H{x + 78}L{x + 136} {y - 112}L{x + 112} {y - 112}L{x + 66} {y - 186}H{x - 66}L{x - 112} {y - 112}Z" fill="{roof}"/>'
        f'<path d="M{x - 45} {y}V{y - 84}H{x + 45}V{y}M{x - 45} {y - 84}L{x + 45} {y}M{x + 45} {y - 84}L{x - 45} {y}" fill="none" stroke="#fff4e6" stroke-width="7"/>'
        + circle(x, y - 140, high * 0.09, "#fff4e6")
    )


def forest(land: Land) -> None:
    span, palette, rng = land.height - land.horizon, land.palette, land.rng
    deep = mix(palette.near, "#1d3b2c", 0.45)
    for depth, share in enumerate((0.75, 0.5, 0.25)):
        colour = mix(deep, palette.far, share)
        y = land.horizon + span * 0.1 * depth
        wide = 46 + 26 * depth
        land.back.append(hills(land, y + 30, 30, colour))
        for n in range(int(land.width / (wide * 2.0)) + 1):
            x = n * wide * 2.0 + rng.uniform(-wide, wide) * 0.7
            high = (170 + 110 * depth) * rng.uniform(0.8, 1.25)
            land.back.append("".join(
                f'<path d="M{x - w * wide:.0f} {y + 34 - low * high:.0f}Q{x:.0f} {y + 44 - low * high:.0f} {x + w * wide:.0f} {y + 34 - low * high:.0f}L{x:.0f} {y + 34 - top * high:.0f}Z" fill="{colour}"/>'
                for low, top, w in ((0.05, 0.55, 1.0), (0.32, 0.78, 0.8), (0.56, 1.0, 0.58))
            ))  # fmt: skip
    land.back += [
        hills(land, land.horizon + span * 0.36, span * 0.1, palette.ground),
        path(land, mix(palette.ground, "#e9cf9c", 0.6)),
    ]
    tufts(land)
    frame(land)
    for x in (rng.uniform(0.08, 0.3), rng.uniform(0.7, 0.92)):
        land.planted.append(("mushroom", land.width * x, land.height - span * rng.uniform(0.03, 0.12), 66))


def frame(land: Land) -> None:
    """Trunks at both edges with leaves above: the picture is looked at from among the trees."""
    rng, palette = land.rng, land.palette
    bark = mix(mix("#6a4a33", palette.far, 0.08), palette.shade, palette.strength)
    leaf = mix(palette.near, "#24502f", 0.35)
    for side in (0, 1):
        x, lean = land.width * side, 1 if side else -1
        foot = land.horizon + (land.height - land.horizon) * rng.uniform(0.5, 0.7)
        land.back.append(
            f'<path d="M{x - 46 * lean:.0f} 0Q{x - 34 * lean:.0f} {foot * 0.6:.0f} {x - 84 * lean:.0f} {foot:.0f}Q{x:.0f} {foot + 30:.0f} {x + 40 * lean:.0f} {foot:.0f}V0Z" fill="{bark}"/>'
        )
        for _ in range(11):
            cx, cy = x - lean * abs(rng.gauss(0, 105)), abs(rng.gauss(0, 70))
            land.back.append(circle(cx, cy, rng.uniform(48, 84), mix(leaf, "#ffffff", rng.uniform(0, 0.12))))


def path(land: Land, colour: str) -> str:
    """A way that winds to the horizon."""
    span, x = land.height - land.horizon, land.width * land.rng.uniform(0.42, 0.58)
    y = land.horizon + span * 0.3
    return (
        f'<path d="M{x - 12:.0f} {y:.0f}C{x - 120:.0f} {y + span * 0.22:.0f} {x + 60:.0f} {y + span * 0.3:.0f} {x - 230:.0f} {land.height:.0f}'
        f'H{x + 190:.0f}C{x + 210:.0f} {y + span * 0.34:.0f} {x - 20:.0f} {y + span * 0.24:.0f} {x + 14:.0f} {y:.0f}Z" fill="{colour}"/>'
    )


def waves(land: Land, top: float, bottom: float) -> None:
    """Water between two heights, with lines of light."""
    palette, rng = land.palette, land.rng
    deep = mix(palette.water, "#123a66", 0.3)
    name = f"water{len(land.back)}"
    land.back.append(
        f"<defs>{gradient(name, (mix(palette.water, palette.sky[2], 0.35), deep))}</defs>{rect(0, top, land.width, land.height - top, f'url(#{name})')}"
    )
    y = top + 14
    while y < bottom:
        near = (y - top) / max(1.0, land.height - top)
        for _ in range(int(land.width / 260)):
            x, long = rng.uniform(-20, land.width), rng.uniform(24, 60) * (0.6 + 1.4 * near)
            land.back.append(
                f'<path d="M{x:.0f} {y + rng.uniform(-6, 6):.0f}q{long * 0.25:.0f} -8 {long * 0.5:.0f} 0t{long * 0.5:.0f} 0" fill="none" stroke="#fff" stroke-width="{2 + 2.5 * near:.1f}" stroke-linecap="round" opacity="{0.35 + 0.3 * near:.2f}"/>'
            )
        y += 16 + 44 * near
    land.water = (top, bottom)


def sea(land: Land) -> None:
    span = land.height - land.horizon
    if land.scene.words & {"island", "coast", "harbour", "harbor", "port", "land"}:
        land.back.append(
            f'<ellipse cx="{land.width * 0.8:.0f}" cy="{land.horizon + 6:.0f}" rx="{land.width * 0.16:.0f}" ry="52" fill="{mix(land.palette.ground, land.palette.far, 0.5)}"/>'
        )
    waves(land, land.horizon, land.height)
    land.ground = (land.horizon + 0.3 * span, land.horizon + 0.85 * span)


def beach(land: Land) -> None:
    span, palette = land.height - land.horizon, land.palette
    if "lighthouse" in land.scene.words:
        lighthouse(land)
    waves(land, land.horizon, land.horizon + span * 0.3)
    y = land.horizon + span * 0.36
    line = [(land.width * n / 8, y + land.rng.uniform(-14, 14)) for n in range(9)]
    foam = [(x, at - 10) for x, at in line]
    land.back += [smooth(foam, land, mix("#ffffff", palette.water, 0.15)), smooth(line, land, mix(palette.ground, "#8a6b3c", 0.16)),
                  smooth([(x, at + 16) for x, at in line], land, palette.ground)]  # fmt: skip
    land.back.append(hills(land, land.height - span * 0.06, span * 0.16, mix(palette.ground, palette.near, 0.5)))
    for _ in range(40):
        land.back.append(
            circle(
                land.rng.uniform(0, land.width),
                land.rng.uniform(y + 40, land.height),
                land.rng.uniform(1.5, 3.5),
                palette.near,
            )
        )
    land.ground = (land.horizon + 0.5 * span, land.horizon + 0.88 * span)
    for x in (land.rng.uniform(0.05, 0.3), land.rng.uniform(0.7, 0.95)):
        land.planted.append(("spiral_shell", land.width * x, land.height - span * 0.05, 46))


def lighthouse(land: Land) -> None:
    x, y, high = land.width * land.rng.choice((0.14, 0.86)), land.horizon + 40, land.horizon * 0.66
    stripe, white = mix("#d8453b", land.palette.far, 0.1), mix("#fdf6ea", land.palette.far, 0.15)
    rock = mix("#7d7a80", land.palette.far, 0.3)
    land.back.append(
        f'<path d="M{x - 150} {y + 10}Q{x - 90} {y - 70} {x - 40} {y - 52}T{x + 70} {y - 40}T{x + 160} {y + 10}Z" fill="{rock}"/>'
    )
    edges = [(1 - n / 5) for n in range(6)]
    for n, (low, top) in enumerate(zip(edges, edges[1:], strict=False)):
        a, b = 30 + 22 * low, 30 + 22 * top
        land.back.append(
            f'<path d="M{x - a:.0f} {y - 46 - (1 - low) * high:.0f}H{x + a:.0f}L{x + b:.0f} {y - 46 - (1 - top) * high:.0f}H{x - b:.0f}Z" fill="{white if n % 2 else stripe}"/>'
        )
    top = y - 46 - high
    if land.palette.dark or land.scene.weather in ("storm", "rain", "fog") or land.scene.time == "dusk":
        side = -1 if x > land.width / 2 else 1
        land.back.append(
            f'<path d="M{x} {top - 26}L{x + side * 900} {top - 110}V{top + 70}Z" fill="#fff3b0" opacity="0.32"/>'
        )
    land.back.append(
        rect(x - 40, top - 8, 80, 12, "#3f3f3f", 'rx="4"')
        + rect(x - 22, top - 46, 44, 40, "#ffe98a")
        + f'<path d="M{x - 30} {top - 46}Q{x} {top - 92} {x + 30} {top - 46}Z" fill="{stripe}"/>'
    )


def water(land: Land) -> None:
    meadow(land)
    span, palette = land.height - land.horizon, land.palette
    top, bottom = land.horizon + span * 0.36, land.horizon + span * 0.72
    rim = mix(palette.near, "#3b5a2c", 0.25)
    shape = f'cx="{land.width * 0.52:.0f}" cy="{(top + bottom) / 2:.0f}" rx="{land.width * 0.47:.0f}"'
    land.back.append(
        f'<ellipse {shape} ry="{(bottom - top) / 2 + 9:.0f}" fill="{rim}"/><ellipse {shape} ry="{(bottom - top) / 2:.0f}" fill="{palette.water}"/>'
    )
    for _ in range(14):
        x, y = land.width * land.rng.uniform(0.2, 0.8), land.rng.uniform(top + 34, bottom - 24)
        land.back.append(
            f'<path d="M{x:.0f} {y:.0f}q14 -7 28 0t28 0" fill="none" stroke="#fff" stroke-width="3" opacity="0.5" stroke-linecap="round"/>'
        )
    land.water = (top, bottom)
    land.ground = (land.horizon + 0.84 * span, land.horizon + 0.93 * span)


def city(land: Land) -> None:
    span, palette, rng = land.height - land.horizon, land.palette, land.rng
    lit = palette.dark or land.scene.time == "dusk"
    for share, low, tall in ((0.72, 0, 0.62), (0.42, 10, 0.42)):
        x = -20.0
        while x < land.width:
            wide, high = rng.uniform(70, 130), land.horizon * tall * rng.uniform(0.5, 1.0)
            wall = mix(
                rng.choice(("#c9785f", "#d9a066", "#7f95b5", "#a58bb5", "#8fae9b", "#c4b08f")), palette.far, share
            )
            wall = mix(wall, palette.shade, palette.strength * 1.5)
            y = land.horizon + low + 40
            land.back.append(rect(x, y - high, wide, high + 20, wall))
            pane = "#ffe08a" if lit else mix("#e8f3fa", palette.far, share * 0.6)
            for row in range(int(high / 44)):
                for column in range(int(wide / 30)):
                    if rng.random() < (0.55 if lit else 0.8):
                        land.back.append(
                            rect(
                                x + 10 + column * 30,
                                y - high + 14 + row * 44,
                                14,
                                20,
                                pane,
                                f'opacity="{0.95 if share < 0.6 else 0.6}"',
                            )
                        )
            x += wide + rng.uniform(2, 12)
    y = land.horizon + 50
    land.back += [rect(0, y, land.width, land.height - y, palette.ground), rect(0, y, land.width, 14, mix(palette.ground, "#ffffff", 0.3)),
                  rect(0, land.horizon + span * 0.42, land.width, span * 0.36, mix(palette.near, "#3c4048", 0.5))]  # fmt: skip
    middle = land.horizon + span * 0.6
    for n in range(int(land.width / 120) + 1):
        land.back.append(rect(n * 120 + 20, middle - 5, 60, 9, "#f6f1e2", 'rx="4" opacity="0.8"'))
    land.ground = (land.horizon + 0.42 * span, land.horizon + 0.92 * span)
    trees(land, land.horizon + span * 0.22, 5, 90)


def village(land: Land) -> None:
    meadow(land)
    span = land.height - land.horizon
    spots = [0.1, 0.3, 0.7, 0.9]
    for n, x in enumerate(spots):
        house = land.rng.choice(("house", "house_with_garden", "house"))
        land.planted.append(
            (
                house,
                land.width * (x + land.rng.uniform(-0.04, 0.04)),
                land.horizon + span * (0.22 + 0.05 * (n % 2)),
                190,
            )
        )
    if not any(one.icon.name == "church" for one in land.scene.figures):
        land.planted.append(("church", land.width * 0.5, land.horizon + span * 0.14, 190))
    land.back.insert(-17, path(land, mix(land.palette.ground, "#e9cf9c", 0.6)))


def castle(land: Land) -> None:
    meadow(land)
    span = land.height - land.horizon
    x = land.width * land.rng.choice((0.24, 0.5, 0.76))
    hill = mix(land.palette.ground, land.palette.far, 0.25)
    land.back.insert(
        3,
        f'<path d="M{x - 420:.0f} {land.horizon + span * 0.35:.0f}Q{x:.0f} {land.horizon - 210:.0f} {x + 420:.0f} {land.horizon + span * 0.35:.0f}Z" fill="{hill}"/>',
    )
    if not any(one.icon.name == "castle" for one in land.scene.figures):
        land.planted.append(("castle", x, land.horizon + 10, 300))
    land.back.insert(-17, path(land, mix(land.palette.ground, "#e9cf9c", 0.6)))


def mountain(land: Land) -> None:
    palette, rng, span = land.palette, land.rng, land.height - land.horizon
    for depth, share in enumerate((0.55, 0.2)):
        rock = mix("#74788f", palette.far, share)
        rock = mix(rock, palette.shade, palette.strength)
        for n in range(4 - depth):
            x = land.width * (n + rng.uniform(0.2, 0.8)) / (4 - depth)
            high, wide = land.horizon * rng.uniform(0.45, 0.78) * (1 - 0.2 * depth), rng.uniform(220, 340)
            foot, top = land.horizon + 60, land.horizon - high + 60
            land.back.append(
                f'<path d="M{x - wide:.0f} {foot:.0f}L{x:.0f} {top:.0f}L{x + wide:.0f} {foot:.0f}Z" fill="{rock}"/>'
            )
            land.back.append(
                f'<path d="M{x:.0f} {top:.0f}L{x + wide:.0f} {foot:.0f}H{x + wide * 0.25:.0f}Z" fill="#20243a" opacity="0.12"/>'
            )
            a = 0.3
            land.back.append(
                f'<path d="M{x:.0f} {top:.0f}L{x - wide * a:.0f} {top + high * a:.0f}l{wide * 0.14:.0f} -18 {wide * 0.12:.0f} 30 {wide * 0.13:.0f} -28 {wide * 0.21:.0f} 16Z" fill="{mix("#ffffff", palette.far, share * 0.5)}"/>'
            )
    land.back += [
        hills(land, land.horizon + span * 0.2, span * 0.2, mix(palette.ground, palette.far, 0.3)),
        hills(land, land.horizon + span * 0.4, span * 0.2, palette.ground),
    ]
    trees(land, land.horizon + span * 0.2, 9, 90)
    land.back.append(hills(land, land.height - span * 0.05, span * 0.2, palette.near, 1.2))
    tufts(land, 10)


def desert(land: Land) -> None:
    palette, span = land.palette, land.height - land.horizon
    x = land.width * land.rng.uniform(0.55, 0.8)
    if land.scene.words & {"pyramid", "sphinx", "egypt"}:
        stone = mix("#d9a95b", palette.far, 0.25)
        for dx, wide in ((-260, 190), (0, 290)):
            top = land.horizon + 50 - wide
            land.back.append(
                f'<path d="M{x + dx - wide:.0f} {land.horizon + 50:.0f}L{x + dx:.0f} {top:.0f}L{x + dx + wide:.0f} {land.horizon + 50:.0f}Z" fill="{stone}"/><path d="M{x + dx:.0f} {top:.0f}L{x + dx + wide:.0f} {land.horizon + 50:.0f}H{x + dx + wide * 0.3:.0f}Z" fill="#7a4f1d" opacity="0.2"/>'
            )
    land.back += [hills(land, land.horizon + 30, span * 0.3, mix(palette.ground, palette.far, 0.35), 1.2), hills(land, land.horizon + span * 0.3, span * 0.3, mix(palette.ground, "#ffffff", 0.1), 1.0),
                  hills(land, land.horizon + span * 0.7, span * 0.3, mix(palette.ground, palette.near, 0.5), 0.9)]  # fmt: skip
    for at in (0.07, 0.93):
        land.planted.append(("cactus", land.width * at, land.horizon + span * land.rng.uniform(0.4, 0.6), 210))


def space(land: Land) -> None:
    palette, rng = land.palette, land.rng
    colours = ("#0b1030", "#1c1b4f", "#41306f")
    land.back[:1] = [f"<defs>{gradient('space', colours)}</defs>{rect(0, 0, land.width, land.height, 'url(#space)')}"]
    big = rng.choice(("#e59a5a", "#6fb6d9", "#d98bb0"))
    x, y, r = land.width * rng.choice((0.2, 0.78)), land.horizon * 0.4, 110
    land.back.append(
        circle(x, y, r, big)
        + f'<path d="M{x - r * 0.3:.0f} {y - r * 0.95:.0f}A{r} {r} 0 0 1 {x + r * 0.5:.0f} {y + r * 0.86:.0f}A{r * 1.2:.0f} {r * 1.2:.0f} 0 0 0 {x - r * 0.3:.0f} {y - r * 0.95:.0f}Z" fill="#000" opacity="0.14"/>'
    )
    land.back.append(
        f'<ellipse cx="{x}" cy="{y:.0f}" rx="{r * 1.6:.0f}" ry="{r * 0.3:.0f}" fill="none" stroke="#f6e3b4" stroke-width="10" opacity="0.8" transform="rotate(-16 {x} {y:.0f})"/>'
    )
    line = [
        (land.width * n / 12, land.horizon + (land.height - land.horizon) * 0.3 - 70 * (1 - (n / 6 - 1) ** 2))
        for n in range(13)
    ]
    land.back.append(smooth(line, land, palette.ground))
    for _ in range(9):
        cx, cy, cr = rng.uniform(0, land.width), rng.uniform(land.horizon + 90, land.height - 20), rng.uniform(18, 52)
        land.back.append(
            f'<ellipse cx="{cx:.0f}" cy="{cy:.0f}" rx="{cr:.0f}" ry="{cr * 0.36:.0f}" fill="{mix(palette.near, palette.ground, 0.3)}"/><ellipse cx="{cx:.0f}" cy="{cy + cr * 0.08:.0f}" rx="{cr * 0.84:.0f}" ry="{cr * 0.26:.0f}" fill="{palette.near}"/>'
        )


def air(land: Land) -> None:
    span, palette = land.height - land.horizon, land.palette
    land.horizon += span * 0.5
    span *= 0.5
    land.back += [
        hills(land, land.horizon + 20, span * 0.4, mix(palette.far, palette.ground, 0.4)),
        hills(land, land.horizon + span * 0.5, span * 0.3, palette.ground),
    ]
    trees(land, land.horizon + span * 0.5, 8, 46)
    for _ in range(3):
        land.back.append(
            cloud(
                land.rng.uniform(0, land.width),
                land.horizon * land.rng.uniform(0.5, 0.9),
                land.rng.uniform(60, 120),
                palette.cloud,
                0.85,
            )
        )
    land.ground = (land.horizon + span * 0.55, land.horizon + span * 0.9)


PAINTED: dict[str, Callable[[Land], None]] = {
    "meadow": meadow,
    "garden": garden,
    "farm": farm,
    "forest": forest,
    "sea": sea,
    "beach": beach,
    "water": water,
    "city": city,
    "village": village,
    "castle": castle,
    "mountain": mountain,
    "desert": desert,
    "space": space,
    "sky": air,
    "underwater": underwater,
    "cave": cave,
    "room": room,
}
