"""Logos: what is taken, what is refused, and that nothing but pixels is kept."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage

from tenants.settings import logos


@pytest.fixture(autouse=True)
def _words(app):
    with app.test_request_context():
        yield


def picture(kind: str, size: tuple[int, int] = (900, 600), mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, (200, 30, 30) if mode == "RGB" else None).save(out, kind, **options)
    return out.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """A few bytes whose header announces a huge picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_becomes_a_small_png(kind: str) -> None:
    with Image.open(io.BytesIO(logos.encode(picture(kind)))) as found:
        assert (found.format, found.size) == ("PNG", (512, 341))


def test_what_is_see_through_stays_so() -> None:
    with Image.open(io.BytesIO(logos.encode(picture("PNG", mode="RGBA")))) as found:
        assert found.mode == "RGBA"


def test_a_camera_held_upright_and_its_secrets() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = "secret place"
    content = logos.encode(picture("JPEG", (400, 200), exif=exif.tobytes()))
    assert b"secret place" not in content
    with Image.open(io.BytesIO(content)) as found:
        assert found.size == (200, 400)
        assert not found.getexif()


@pytest.mark.parametrize(("width", "height"), [(10_000, 5_000), (20_001, 1_000), (60_000, 60_000)])
def test_too_many_pixels_are_refused_by_the_header(width: int, height: int) -> None:
    with pytest.raises(logos.TooLarge, match="20 megapixels"):
        logos.encode(png_that_claims(width, height))


@pytest.mark.parametrize(
    "data",
    [
        b"hello",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
        picture("PNG")[:200],
        picture("JPEG")[:300],
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(logos.NoPicture, match="SVG does not work"):
        logos.encode(data)


def test_files_of_no_bytes_and_of_too_many() -> None:
    with pytest.raises(logos.NoPicture):
        logos.read(None)
    with pytest.raises(logos.NoPicture):
        logos.read(FileStorage(io.BytesIO(b"")))
    with pytest.raises(logos.TooLarge, match="5 MB"):
        logos.read(FileStorage(io.BytesIO(b"x" * (logos.MAX_BYTES + 1))))
