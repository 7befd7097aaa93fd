"""What lies behind and around the figures: sky, weather and the ground of each place, as SVG.

Lengths are units of the picture, whose shorter side has `UNIT`; y grows downwards, as in SVG.
"""

import math
from dataclasses import dataclass, field
from random import Random

from tts.shows.painting.palette import Palette, mix
from tts.shows.painting.scene import Scene

UNIT = 1000.0


@dataclass
class Land:
    """A landscape: layers from the back to the front, and where figures can stand, swim and fly."""

    width: float
    height: float
    horizon: float
    scene: Scene
    palette: Palette
    rng: Random
    back: list[str] = field(default_factory=list)
    front: list[str] = field(default_factory=list)
    planted: list[tuple[str, float, float, float]] = field(default_factory=list)  # icon, x, y of its foot, height
    water: tuple[float, float] | None = None  # from y to y, in front of the horizon
    table: tuple[float, float, float] | None = None  # from x to x, and the y on which small things stand
    ground: tuple[float, float] = (0.0, 0.0)  # where feet stand, from far to near


def gradient(name: str, colours: tuple[str, ...]) -> str:
    stops = "".join(f'<stop offset="{n / (len(colours) - 1):.2f}" stop-color="{c}"/>' for n, c in enumerate(colours))
    return f'<linearGradient id="{name}" x1="0" y1="0" x2="0" y2="1">{stops}</linearGradient>'


def rect(x: float, y: float, width: float, height: float, fill: str, more: str = "") -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}" {more}/>'


def circle(x: float, y: float, radius: float, fill: str, more: str = "") -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{fill}" {more}/>'


def hills(land: Land, y: float, rise: float, fill: str, waves: float = 2.0) -> str:
    """A rolling line over the whole width, filled to the lower edge."""
    phases = [(land.rng.uniform(0, 6.3), land.rng.uniform(0.7, 1.3) * waves * (n + 1), 1 / (n + 1)) for n in range(3)]
    steps = 48
    points = []
    for step in range(steps + 1):
        share = step / steps
        high = sum(weight * math.sin(phase + share * times * 3.1) for phase, times, weight in phases) / 1.83
        points.append((share * land.width, y - rise * (0.5 + 0.5 * high)))
    return smooth(points, land, fill)


def smooth(points: list[tuple[float, float]], land: Land, fill: str) -> str:
    path = f"M0 {land.height:.0f}L{points[0][0]:.1f} {points[0][1]:.1f}"
    for (ax, ay), (bx, by) in zip(points, points[1:], strict=False):
        path += f"C{(ax + bx) / 2:.1f} {ay:.1f} {(ax + bx) / 2:.1f} {by:.1f} {bx:.1f} {by:.1f}"
    return f'<path d="{path}L{land.width:.0f} {land.height:.0f}Z" fill="{fill}"/>'


def cloud(x: float, y: float, size: float, fill: str, opacity: float = 0.9) -> str:
    puffs = ((-0.62, 0.02, 0.30), (-0.25, -0.16, 0.40), (0.2, -0.24, 0.46), (0.62, 0.0, 0.32))
    round_ = "".join(circle(x + dx * size, y + dy * size, radius * size, fill) for dx, dy, radius in puffs)
    base = rect(x - 0.9 * size, y - 0.02 * size, 1.8 * size, 0.33 * size, fill, f'rx="{0.165 * size:.1f}"')
    return f'<g opacity="{opacity}">{round_}{base}</g>'


def sky(land: Land) -> None:
    """The sky with what shines in it."""
    scene, palette, rng = land.scene, land.palette, land.rng
    land.back.append(f"<defs>{gradient('sky', palette.sky)}</defs>{rect(0, 0, land.width, land.height, 'url(#sky)')}")
    covered = scene.weather in ("rain", "storm", "fog", "snow")
    x, y = land.width * rng.choice((0.16, 0.82, 0.76)), land.horizon * 0.3
    if scene.time == "night" or scene.place == "space":
        for _ in range(18 if covered else 70):
            star = circle(
                rng.uniform(0, land.width), rng.uniform(0, land.horizon * 0.95), rng.uniform(1.2, 3.4), "#fff6d6"
            )
            land.back.append(f'<g opacity="{rng.uniform(0.4, 1):.2f}">{star}</g>')
    if scene.place == "space":
        return
    if scene.time == "night":
        glow(land, x, y, 190, "#fff3c0", 0.35)
        bite = f'<path d="M{x + 10:.0f} {y - 62:.0f}a62 62 0 1 0 52 88a50 50 0 1 1 -52 -88Z" fill="#ffe9a3"/>'
        land.back.append(bite if not covered else f'<g opacity="0.6">{bite}</g>')
    elif not covered:
        low = scene.time in ("dawn", "dusk")
        y = land.horizon * 0.84 if low else y
        glow(land, x, y, 330 if low else 230, "#fff0b0", 0.75)
        land.back.append(circle(x, y, 74 if low else 62, "#ffd95c" if not low else "#ffb84d"))


def glow(land: Land, x: float, y: float, radius: float, colour: str, strength: float) -> None:
    name = f"glow{len(land.back)}"
    stops = f'<stop offset="0" stop-color="{colour}" stop-opacity="{strength}"/><stop offset="1" stop-color="{colour}" stop-opacity="0"/>'
    land.back.append(
        f'<defs><radialGradient id="{name}">{stops}</radialGradient></defs>{circle(x, y, radius, f"url(#{name})")}'
    )


def weather(land: Land) -> None:
    """Clouds behind, and what falls in front."""
    kind, rng, palette = land.scene.weather, land.rng, land.palette
    number = {"clear": 3, "rainbow": 3, "wind": 5, "fog": 3, "snow": 5}.get(kind, 6)
    grey = kind in ("rain", "storm", "cloud")
    clouds = []
    for n in range(number):
        x = land.width * (n + rng.uniform(0.1, 0.9)) / number
        size = rng.uniform(55, 105) * (1.5 if grey else 1)
        clouds.append(cloud(x, land.horizon * rng.uniform(0.1, 0.42), size, palette.cloud, 0.95 if grey else 0.82))
    land.back[1:1] = [] if kind == "clear" and land.scene.time == "night" else clouds
    if kind == "rainbow":
        bows = "".join(
            f'<path d="M{land.width * 0.08:.0f} {land.horizon + 40:.0f}A{land.width * 0.42 - n * 17:.0f} {land.horizon * 0.85 - n * 17:.0f} 0 0 1 '
            f'{land.width * 0.92 - 2 * n * 0:.0f} {land.horizon + 40:.0f}" fill="none" stroke="{colour}" stroke-width="18" transform="translate(0 {n * 17})"/>'
            for n, colour in enumerate(("#ea5a47", "#f4a13b", "#fcea2b", "#7cc24a", "#4aa5d8", "#8a6bbf"))
        )
        land.back.insert(1, f'<g opacity="0.55">{bows}</g>')
    area = land.width * land.height / UNIT**2
    if kind in ("rain", "storm"):
        for _ in range(int(110 * area)):
            x, y, long = rng.uniform(0, land.width), rng.uniform(0, land.height), rng.uniform(22, 46)
            land.front.append(
                f'<path d="M{x:.0f} {y:.0f}l{-long * 0.25:.0f} {long:.0f}" stroke="#dcefff" stroke-width="3" stroke-linecap="round" opacity="{rng.uniform(0.35, 0.75):.2f}"/>'
            )
    if kind == "storm":
        x = land.width * rng.uniform(0.3, 0.7)
        land.back.append(
            f'<path d="M{x:.0f} {land.horizon * 0.3:.0f}l-46 120h38l-30 110 92-140h-42l34-90z" fill="#ffe66b" opacity="0.95"/>'
        )
    if kind == "snow":
        for _ in range(int(130 * area)):
            land.front.append(
                circle(
                    rng.uniform(0, land.width),
                    rng.uniform(0, land.height),
                    rng.uniform(2.5, 7),
                    "#fff",
                    f'opacity="{rng.uniform(0.55, 0.95):.2f}"',
                )
            )
    if kind == "fog":
        stops = "".join(
            f'<stop offset="{at}" stop-color="#eef3f5" stop-opacity="{opacity}"/>'
            for at, opacity in ((0, 0), (0.5, 0.55), (1, 0))
        )
        land.front.append(f'<defs><linearGradient id="fog" x1="0" y1="0" x2="0" y2="1">{stops}</linearGradient></defs>')
        for n in range(4):
            y = land.horizon + (land.height - land.horizon) * (n * 0.26 - 0.4)
            land.front.append(rect(0, y, land.width, 150, "url(#fog)"))
    if kind == "wind":
        for _ in range(5):
            x, y = rng.uniform(0, land.width * 0.8), rng.uniform(land.horizon * 0.2, land.horizon * 1.1)
            land.front.append(
                f'<path d="M{x:.0f} {y:.0f}h130q34 0 34-26t-26-22" fill="none" stroke="#fff" stroke-width="5" stroke-linecap="round" opacity="0.7"/>'
            )


def meadow(land: Land) -> None:
    palette, span = land.palette, land.height - land.horizon
    land.back += [
        hills(land, land.horizon + 10, span * 0.42, mix(palette.far, palette.ground, 0.25)),
        hills(land, land.horizon + span * 0.16, span * 0.3, mix(palette.ground, palette.far, 0.35)),
        hills(land, land.horizon + span * 0.34, span * 0.2, palette.ground),
        hills(land, land.horizon + span * 0.9, span * 0.18, mix(palette.ground, palette.near, 0.55), 1.3),
    ]
    trees(land, land.horizon + span * 0.12, 5, 70)
    tufts(land)


def trees(land: Land, y: float, number: int, size: float, *, edges: bool = False) -> None:
    """Soft trees without outlines, far away."""
    rng, palette = land.rng, land.palette
    for _ in range(number):
        x = (
            rng.uniform(0, land.width)
            if not edges
            else land.width * rng.choice((rng.uniform(-0.02, 0.22), rng.uniform(0.78, 1.02)))
        )
        high, foot = size * rng.uniform(0.8, 1.35), y + rng.uniform(-12, 14)
        green = mix(mix(palette.near, "#2f5f3f", rng.uniform(0.1, 0.5)), palette.far, 0.3)
        if land.scene.weather == "snow":
            green = mix(green, "#e8f0f8", 0.35)
        land.back.append(
            rect(x - high * 0.05, foot - high * 0.3, high * 0.1, high * 0.32, mix("#6a462f", palette.far, 0.3))
        )
        if rng.random() < 0.5:
            land.back += [
                circle(x + dx * high, foot - dy * high, r * high, green)
                for dx, dy, r in ((-0.16, 0.5, 0.24), (0.17, 0.52, 0.24), (0, 0.74, 0.27))
            ]
        else:
            for low, top, wide in ((0.2, 0.7, 0.34), (0.42, 0.9, 0.27), (0.64, 1.1, 0.2)):
                land.back.append(
                    f'<path d="M{x - wide * high:.1f} {foot - low * high:.1f}L{x:.1f} {foot - top * high:.1f}L{x + wide * high:.1f} {foot - low * high:.1f}Z" fill="{green}"/>'
                )


def tufts(land: Land, number: int = 16) -> None:
    """Grass and flowers in front, more of them where the mood is good."""
    rng, palette = land.rng, land.palette
    if land.scene.weather == "snow":
        return
    blade = mix(palette.near, "#1f4a2f", 0.35)
    happy = land.scene.mood in ("happy", "magic") or land.scene.place == "garden"
    for n in range(number):
        x, y = rng.uniform(0, land.width), land.height - abs(rng.gauss(0, 0.10)) * (land.height - land.horizon) - 6
        land.back.append(
            "".join(
                f'<path d="M{x + d * 5:.0f} {y:.0f}q{d * 3} -16 {d * 7} -{26 - abs(d) * 5}" fill="none" stroke="{blade}" stroke-width="4" stroke-linecap="round"/>'
                for d in (-1, 0, 1)
            )
        )
        if happy or n % 4 == 0:
            fx, colour = x + rng.uniform(-26, 26), rng.choice(("#fff", "#ffd24d", "#f08fb0", "#b68ce0", "#ee6a5b"))
            petals = "".join(
                circle(fx + 7 * math.cos(a * 1.257), y - 30 + 7 * math.sin(a * 1.257), 5.5, colour) for a in range(5)
            )
            land.back.append(
                f'<path d="M{fx:.0f} {y:.0f}V{y - 28:.0f}" stroke="{blade}" stroke-width="3"/>{petals}{circle(fx, y - 30, 4.5, "#f7c331")}'
            )
