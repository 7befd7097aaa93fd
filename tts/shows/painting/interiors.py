"""The places without a sky: rooms, caves and the bottom of the sea."""

from tts.shows.painting.landscape import Land, circle, cloud, gradient, hills, rect
from tts.shows.painting.palette import mix


def underwater(land: Land) -> None:
    rng = land.rng
    dark = land.palette.dark
    colours = ("#1d5f8f", "#123f6b", "#0c2a4d") if dark else ("#7fd3e6", "#3aa0c9", "#1f6d9f")
    land.back.append(f"<defs>{gradient('deep', colours)}</defs>{rect(0, 0, land.width, land.height, 'url(#deep)')}")
    for _ in range(5):
        x, wide = rng.uniform(0, land.width), rng.uniform(40, 110)
        land.back.append(
            f'<path d="M{x:.0f} 0H{x + wide:.0f}L{x + wide * 2.6 - 200:.0f} {land.height:.0f}H{x - 330:.0f}Z" fill="#fff" opacity="0.07"/>'
        )
    land.horizon = land.height * 0.72
    span = land.height - land.horizon
    sand = "#8fa7b0" if dark else "#e8d6a2"
    land.back += [
        hills(land, land.horizon, span * 0.6, mix(sand, colours[1], 0.6)),
        hills(land, land.horizon + span * 0.5, span * 0.4, mix(sand, colours[1], 0.2)),
    ]
    for _ in range(9):
        x, y, high = rng.uniform(0, land.width), land.horizon + span * rng.uniform(0.3, 0.9), rng.uniform(90, 190)
        land.back.append(
            f'<path d="M{x:.0f} {y:.0f}q-22 -{high * 0.3:.0f} 0 -{high * 0.5:.0f}t0 -{high * 0.5:.0f}" fill="none" stroke="{rng.choice(("#3f8f5c", "#2f7f6c", "#5fa04a"))}" stroke-width="13" stroke-linecap="round"/>'
        )
    for x in (0.1, 0.88):
        land.planted.append(("coral", land.width * x, land.horizon + span * 0.75, 150))
    for _ in range(26):
        land.front.append(
            circle(
                rng.uniform(0, land.width),
                rng.uniform(0, land.height),
                rng.uniform(4, 13),
                "none",
                'stroke="#fff" stroke-width="2.5" opacity="0.55"',
            )
        )
    land.water = (land.height * 0.12, land.height * 0.9)
    land.ground = (land.horizon + span * 0.4, land.horizon + span * 0.8)


def cave(land: Land) -> None:
    land.back.append(rect(0, 0, land.width, land.height, "#2f2a2a"))
    x, y = land.width * land.rng.uniform(0.4, 0.6), land.horizon
    light = land.palette.sky[2]
    for radius, share in ((460, 0.75), (370, 0.5), (290, 0.2)):
        land.back.append(
            f'<ellipse cx="{x:.0f}" cy="{y - 60:.0f}" rx="{radius * 1.2:.0f}" ry="{radius:.0f}" fill="{mix(light, "#2f2a2a", share + 0.1)}"/>'
        )
    span = land.height - land.horizon
    land.back.append(hills(land, land.horizon + span * 0.25, span * 0.15, mix("#6e6258", "#2f2a2a", 0.25)))
    land.back.append(hills(land, land.horizon + span * 0.6, span * 0.16, "#5d5249"))
    for n in range(int(land.width / 90) + 1):
        high = land.rng.uniform(40, 170)
        land.back.append(f'<path d="M{n * 90 - 20} 0h120l-{land.rng.uniform(40, 80):.0f} {high:.0f}Z" fill="#241f20"/>')


def room(land: Land) -> None:
    scene, palette, rng = land.scene, land.palette, land.rng
    night = palette.dark
    wall = rng.choice(("#f3d9b1", "#cfe3d4", "#d9d3ec", "#f2cfc4", "#cbdff0"))
    wall = mix(wall, "#2b2f55", 0.42 if night else 0.0)
    stripe, floor = mix(wall, "#ffffff", 0.18 if not night else 0.05), mix("#b98555", "#2b2345", 0.45 if night else 0.0)
    land.back.append(rect(0, 0, land.width, land.height, wall))
    land.back += [rect(n * 90, 0, 45, land.height, stripe, 'opacity="0.6"') for n in range(int(land.width / 90) + 1)]
    y = land.horizon + (land.height - land.horizon) * 0.1
    land.back.append(rect(0, y - 26, land.width, 28, mix("#fff8ec", "#2b2f55", 0.35 if night else 0.0)))
    land.back.append(rect(0, y, land.width, land.height - y, floor))
    land.back += [
        rect(0, y + n * n * 9 + 26 * n, land.width, 3, mix(floor, "#3b2414", 0.3), 'opacity="0.6"') for n in range(1, 7)
    ]
    side = rng.choice((0.26, 0.72))
    window(land, land.width * side, y * 0.44, min(300, land.width * 0.28))
    other = land.width * (1 - side)
    if scene.words & {"book", "library", "school", "read", "story", "classroom"}:
        shelf(land, other, y - 20)
    else:
        frame = rect(other - 80, y * 0.3, 160, 120, "#a9743f", 'rx="6"') + rect(
            other - 66, y * 0.3 + 14, 132, 92, mix(palette.sky[1], "#ffffff", 0.2)
        )
        land.back.append(frame + f'<path d="M{other - 66} {y * 0.3 + 106}l50 -52 34 30 24 -20 24 42Z" fill="#7fae5a"/>')
    rug = f'cx="{land.width / 2:.0f}" cy="{land.height - (land.height - y) * 0.36:.0f}"'
    colour = mix(rng.choice(("#d9694f", "#4f86b8", "#8a6bb5", "#5c9e7a")), "#2b2345", 0.35 if night else 0.0)
    land.back.append(
        f'<ellipse {rug} rx="{land.width * 0.4:.0f}" ry="{(land.height - y) * 0.3:.0f}" fill="{colour}"/><ellipse {rug} rx="{land.width * 0.34:.0f}" ry="{(land.height - y) * 0.235:.0f}" fill="none" stroke="#fff4de" stroke-width="6" opacity="0.7"/>'
    )
    land.horizon = y
    land.ground = (y + (land.height - y) * 0.22, y + (land.height - y) * 0.84)
    if scene.words & {"table", "desk", "counter", "breakfast", "dinner", "supper"}:
        table(land, mix("#a86f3f", "#2b2345", 0.4 if night else 0.0))
    land.planted.append(("potted_plant", land.width * (0.05 if side > 0.5 else 0.95), y + 50, 190))


def table(land: Land, wood: str) -> None:
    """A table in the middle, on which small things stand."""
    left, right, foot = land.width * 0.27, land.width * 0.73, land.height * 0.9
    top = land.horizon + (land.height - land.horizon) * 0.28
    for x in (left + 30, right - 52):
        land.back.append(rect(x, top + 40, 22, foot - top - 40, mix(wood, "#3b2414", 0.35)))
    land.back.append(rect(left, top + 34, right - left, 26, mix(wood, "#3b2414", 0.25), 'rx="6"'))
    slant = f"M{left + 46:.0f} {top - 14:.0f}H{right - 46:.0f}L{right:.0f} {top + 36:.0f}H{left:.0f}Z"
    land.back.append(f'<path d="{slant}" fill="{wood}"/>')
    land.table = (left + 40, right - 40, top)


def window(land: Land, x: float, y: float, wide: float) -> None:
    palette, scene, rng = land.palette, land.scene, land.rng
    high = wide * 0.95
    left, top = x - wide / 2, y - high / 2
    inside = [
        f"<defs>{gradient('pane', palette.sky)}<clipPath id='pane-edge'>{rect(left, top, wide, high, '#000')}</clipPath></defs>",
        rect(left, top, wide, high, "url(#pane)"),
    ]
    if palette.dark:
        inside += [
            circle(rng.uniform(left, left + wide), rng.uniform(top, top + high * 0.7), rng.uniform(1.5, 3), "#fff6d6")
            for _ in range(24)
        ]
        inside.append(circle(left + wide * 0.72, top + high * 0.26, wide * 0.09, "#ffe9a3"))
    elif scene.weather not in ("rain", "storm", "snow"):
        inside.append(circle(left + wide * 0.74, top + high * 0.26, wide * 0.1, "#ffd95c"))
    inside.append(
        f'<ellipse cx="{x:.0f}" cy="{top + high * 1.05:.0f}" rx="{wide * 0.75:.0f}" ry="{high * 0.34:.0f}" fill="{palette.near}"/>'
    )
    inside.append(cloud(left + wide * 0.32, top + high * 0.3, wide * 0.15, palette.cloud))
    if scene.weather in ("rain", "storm"):
        inside += [
            f'<path d="M{rng.uniform(left, left + wide):.0f} {rng.uniform(top, top + high):.0f}l-5 20" stroke="#eaf6ff" stroke-width="3" opacity="0.8"/>'
            for _ in range(34)
        ]
    if scene.weather == "snow":
        inside += [
            circle(rng.uniform(left, left + wide), rng.uniform(top, top + high), rng.uniform(2, 5), "#fff")
            for _ in range(34)
        ]
    land.back.append(f"<g clip-path='url(#pane-edge)'>{''.join(inside)}</g>")
    bar = "#fffaf0"
    land.back.append(
        rect(left, top, wide, high, "none", f'stroke="{bar}" stroke-width="14" rx="4"')
        + rect(x - 5, top, 10, high, bar)
        + rect(left, y - 5, wide, 10, bar)
        + rect(left - 22, top + high, wide + 44, 16, bar, 'rx="5"')
    )
    cloth = mix("#e07a5f", "#2b2345", 0.3 if palette.dark else 0.0)
    for side in (-1, 1):
        edge = x + side * (wide / 2 + 26)
        land.back.append(
            f'<path d="M{edge:.0f} {top - 26:.0f}H{x + side * wide * 0.22:.0f}Q{x + side * wide * 0.3:.0f} {y:.0f} {x + side * wide * 0.46:.0f} {top + high * 0.72:.0f}L{x + side * wide * 0.5:.0f} {top + high + 26:.0f}H{edge:.0f}Z" fill="{cloth}"/>'
        )
    land.back.append(rect(left - 46, top - 36, wide + 92, 14, "#8a5a34", 'rx="7"'))


def shelf(land: Land, x: float, foot: float) -> None:
    wide, high, rng = 250.0, foot * 0.72, land.rng
    wood = mix("#8a5a34", "#2b2345", 0.35 if land.palette.dark else 0.0)
    land.back.append(rect(x - wide / 2, foot - high, wide, high + 40, wood, 'rx="6"'))
    row = high / 4
    for n in range(4):
        top = foot - high + n * row + 12
        land.back.append(rect(x - wide / 2 + 12, top, wide - 24, row - 14, mix(wood, "#000000", 0.35)))
        at = x - wide / 2 + 16
        while at < x + wide / 2 - 40:
            thick, tall = rng.uniform(13, 26), (row - 22) * rng.uniform(0.7, 1.0)
            colour = mix(
                rng.choice(("#d9694f", "#4f86b8", "#e0b04f", "#5c9e7a", "#8a6bb5", "#f0e0c0")),
                "#2b2345",
                0.3 if land.palette.dark else 0.0,
            )
            land.back.append(rect(at, top + row - 14 - tall, thick, tall, colour, 'rx="2"'))
            at += thick + rng.choice((2, 2, 3, 18))
