"""Of what a browser sends as a drawing, only a small and whole PNG is taken, and only what draws it is kept."""

import pytest

from openrapport.checkins.png import MOST_BYTES, NotADrawing, Png, read_png
from tests.drawings import END, SIGNATURE, chunk, header, pixels, png


def test_a_drawing_is_kept_as_it_is():
    assert read_png(png(8, 6)) == Png(png(8, 6), 8, 6)


def test_what_a_program_put_beside_the_picture_or_behind_it_is_left_out():
    beside = chunk(b"tEXt", b"Author\0Kit") + chunk(b"eXIf", b"place") + chunk(b"tIME", b"1234567")
    data = SIGNATURE + header() + beside + pixels() + beside + END + b"<script>behind</script>"
    assert read_png(data).content == png()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + png(),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        SIGNATURE,
        png()[:-1],
        png()[:40],
        png().replace(b"IDAT", b"IDAt"),
        png()[:-30] + b"\0" + png()[-29:],
        SIGNATURE + header() + END,
        SIGNATURE + pixels() + END,
        SIGNATURE + pixels() + header() + END,
        SIGNATURE + header() + header() + pixels() + END,
        SIGNATURE + header(0, 6) + pixels() + END,
        SIGNATURE + header(20_000, 20_000) + pixels() + END,
        SIGNATURE + header(depth=3) + pixels() + END,
        SIGNATURE + header(colour=5) + pixels() + END,
        SIGNATURE + chunk(b"IHDR", b"short") + pixels() + END,
        SIGNATURE + b"\xff\xff\xff\xffIHDR",
        SIGNATURE + header() + chunk(b"IDAT", bytes(MOST_BYTES)) + END,
        SIGNATURE + header() + pixels() + chunk(b"IEND", b"<script>inside</script>"),
    ],
)
def test_anything_else_is_refused(data: bytes):
    with pytest.raises(NotADrawing):
        read_png(data)
