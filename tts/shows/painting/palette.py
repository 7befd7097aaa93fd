"""Colours of a picture by time of day, weather, mood and place."""

from dataclasses import dataclass, replace

from tts.shows.painting.scene import Scene


def mix(one: str, other: str, share: float) -> str:
    """A colour between two, `share` of it the second."""
    first, second = ([int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in (one, other))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(first, second, strict=True))


@dataclass(frozen=True)
class Palette:
    """What the landscape is painted with."""

    sky: tuple[str, str, str]  # from the top to the horizon
    far: str  # what is seen far away takes on this colour
    ground: str
    near: str  # the ground in front
    water: str
    cloud: str
    shade: str  # lies over all, as light does
    strength: float  # of the shade
    dark: bool


DAY = Palette(
    ("#6bbdec", "#a9dcf5", "#eaf7fb"), "#b5d9dd", "#9ccf6b", "#6fb04d", "#4aa5d8", "#ffffff", "#fff3c4", 0.0, False
)
SKIES = {
    "day": DAY,
    "dawn": replace(
        DAY, sky=("#8fb8e8", "#f6c7b6", "#ffe6b8"), far="#e8bfae", ground="#a9c86f", near="#7fa852", cloud="#fff1e6",
        water="#7fb2d6", shade="#ff9d5c", strength=0.10,
    ),
    "dusk": replace(
        DAY, sky=("#4a4a8f", "#c56a86", "#ffb061"), far="#b06a80", ground="#7f8f55", near="#55703f", cloud="#f3a58c",
        water="#5b6aa3", shade="#6b2d6b", strength=0.14,
    ),
    "night": replace(
        DAY, sky=("#0e1a40", "#1f3468", "#45629c"), far="#2c4478", ground="#3f6a58", near="#274c44", cloud="#5a6f9f",
        water="#24477f", shade="#0b1640", strength=0.20, dark=True,
    ),
}  # fmt: skip
GREY = {"rain": 0.6, "storm": 0.8, "fog": 0.55, "cloud": 0.35, "snow": 0.3}
GROUNDS = {
    "beach": ("#f3dca0", "#e6c67f"),
    "desert": ("#efc777", "#dca550"),
    "city": ("#b9bcc4", "#8d919b"),
    "mountain": ("#a5bf7d", "#7c9a5d"),
    "forest": ("#7fae5a", "#54843f"),
    "cave": ("#6e6258", "#4d443d"),
    "space": ("#b9b4c7", "#8f8aa3"),
    "farm": ("#b6cc66", "#8fb04a"),
}


def palette_of(scene: Scene) -> Palette:
    """The colours of a scene."""
    own = SKIES[scene.time]
    if scene.place in GROUNDS:
        share = 0.62 if own.dark else 0.2 if scene.time != "day" else 0.0
        ground, near = (mix(colour, own.near, share) for colour in GROUNDS[scene.place])
        own = replace(own, ground=ground, near=near)
    if scene.weather == "snow":
        white = "#9db3d6" if own.dark else "#f4f8fc"
        own = replace(own, ground=mix(white, own.far, 0.12), near=white)
    if grey := GREY.get(scene.weather):
        veil = "#2b3350" if own.dark else "#9fb0bd"
        own = replace(
            own,
            sky=tuple(mix(colour, veil, grey * 0.75) for colour in own.sky),
            cloud=mix(own.cloud, "#6d7b8a" if not own.dark else "#3d4868", grey * 0.7),
            water=mix(own.water, veil, grey * 0.5),
            far=mix(own.far, veil, grey * 0.5),
        )
    if scene.mood in ("sad", "dark"):
        blue = "#26305a" if scene.mood == "dark" else "#7f90ab"
        own = replace(
            own,
            sky=tuple(mix(colour, blue, 0.3) for colour in own.sky),
            ground=mix(own.ground, blue, 0.2),
            near=mix(own.near, blue, 0.2),
            shade=blue,
            strength=max(own.strength, 0.12),
        )
    elif scene.mood == "magic":
        own = replace(own, sky=(mix(own.sky[0], "#7a4fb5", 0.35), mix(own.sky[1], "#d48fd0", 0.3), own.sky[2]))
    return own
