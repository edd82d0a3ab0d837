"""PNG files for tests, put together by hand."""

import base64
import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), name) + body + struct.pack(">I", zlib.crc32(name + body))


def header(width: int = 8, height: int = 6, *, depth: int = 8, colour: int = 2) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def pixels(width: int = 8, height: int = 6, *, shade: int = 200) -> bytes:
    return chunk(b"IDAT", zlib.compress((b"\0" + bytes([shade]) * 3 * width) * height))


END = chunk(b"IEND", b"")


def png(width: int = 8, height: int = 6, *, shade: int = 200) -> bytes:
    """One even colour: by its shade, another drawing."""
    return SIGNATURE + header(width, height) + pixels(width, height, shade=shade) + END


def as_text(data: bytes) -> str:
    """As a canvas gives it."""
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"
