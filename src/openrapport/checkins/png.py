"""A drawing as it comes from a browser: only a small, whole PNG is taken, and only what draws it is kept.

The pixels are not decoded here. Chunks are walked and their sums checked; texts, dates and whatever else a program may
have put beside the picture, or behind it, are left out.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_BYTES = 150_000
LONGEST_SIDE = 1_200
KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}  # by kind of colour
FRAME = 12  # length, name and sum of a chunk


class NotADrawing(ValueError):
    """These bytes are no PNG that we keep."""


@dataclass(frozen=True)
class Png:
    """A PNG that was looked at: made by `read_png` only."""

    content: bytes
    width: int
    height: int


def read_png(data: bytes) -> Png:
    if len(data) > MOST_BYTES:
        raise NotADrawing("too large")
    if not data.startswith(SIGNATURE):
        raise NotADrawing("no PNG")
    chunks = [(name, body) for name, body in _chunks(data) if name in KEPT]
    names = [name for name, _ in chunks]
    if not names or names[0] != b"IHDR" or names.count(b"IHDR") != 1 or names[-1] != b"IEND" or b"IDAT" not in names:
        raise NotADrawing("not whole")
    if chunks[-1][1]:
        raise NotADrawing("something in the end mark")
    width, height = _size(chunks[0][1])
    return Png(SIGNATURE + b"".join(_chunk(name, body) for name, body in chunks), width, height)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and body of each, up to the end mark: what stands behind it is no part of the picture."""
    place, name = len(SIGNATURE), b""
    while name != b"IEND":
        if place + FRAME > len(data):
            raise NotADrawing("cut off")
        length, name = struct.unpack_from(">I4s", data, place)
        body = data[place + 8 : place + 8 + length]
        end = data[place + 8 + length : place + FRAME + length]
        if len(end) != 4 or zlib.crc32(name + body) != int.from_bytes(end, "big"):
            raise NotADrawing("damaged")
        yield name, body
        place += FRAME + length


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), name) + body + struct.pack(">I", zlib.crc32(name + body))


def _size(header: bytes) -> tuple[int, int]:
    if len(header) != 13:
        raise NotADrawing("no header")
    width, height, depth, colour, compression, filters, interlace = struct.unpack(">IIBBBBB", header)
    known = depth in DEPTHS.get(colour, ()) and compression == filters == 0 and interlace in (0, 1)
    if not known or not 1 <= width <= LONGEST_SIDE or not 1 <= height <= LONGEST_SIDE:
        raise NotADrawing("a size or kind we do not keep")
    return width, height
