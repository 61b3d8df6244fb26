"""Whether a renderer's pictures are those of the cards."""

import json

import zxingcpp
from PIL import Image, ImageChops, ImageStat

# Mean difference of a channel, of 255: another rasteriser's edges are some 0.2 to 2.2.
DIFFERENCE_MAX = 2.7
SIZE = (1200, 630)
# The panel of the code: its mask is free, so it is read and not compared.
CODE_BOX = (976, 436, 1136, 596)


class Wrong(Exception):
    """A picture that is not that of its row."""


def compare(folder, reference, card, payloads):
    """The mean difference of all pictures to those of `reference`, which may be None."""
    rows = [json.loads(line) for line in payloads.read_text().splitlines()]
    pictures = sorted(folder.glob("*.png"))
    if not pictures:
        raise Wrong("there is no picture")
    differences = []
    for path in pictures:
        picture = opened(path)
        if card == "photo":
            read(picture, path.name, rows[int(path.stem) % len(rows)]["qr"]["text"])
        if reference:
            differences.append(difference(picture, opened(reference / path.name), card))
            if differences[-1] > DIFFERENCE_MAX:
                raise Wrong(f"{path.name} differs by {differences[-1]:.2f} of 255")
    return sum(differences) / len(differences) if differences else None


def opened(path):
    picture = Image.open(path)
    if picture.size != SIZE:
        raise Wrong(f"{path.name} has {picture.size}")
    if picture.has_transparency_data and picture.convert("RGBA").getchannel("A").getextrema() != (255, 255):
        raise Wrong(f"{path.name} is not opaque")
    return picture.convert("RGB")


def difference(one, other, card):
    apart = ImageChops.difference(one, other)
    compared = SIZE[0] * SIZE[1]
    if card == "photo":
        left, top, right, bottom = CODE_BOX
        apart.paste((0, 0, 0), CODE_BOX)
        compared -= (right - left) * (bottom - top)
    return sum(ImageStat.Stat(apart).sum) / 3 / compared


def read(picture, name, expected):
    found = [code.text for code in zxingcpp.read_barcodes(picture.crop(CODE_BOX))]
    if found != [expected]:
        raise Wrong(f"the code of {name} reads {found}, not {expected}")
