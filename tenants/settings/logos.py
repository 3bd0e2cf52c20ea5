"""Logos: an uploaded file becomes a small PNG of nothing but pixels, or is refused with advice."""

from __future__ import annotations

import hashlib
import io

from flask_babel import gettext as _
from PIL import Image, ImageOps
from werkzeug.datastructures import FileStorage

from saas.web.refusals import Refusal

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 20_000_000
SIDE = 512

# Pillow's own guard, for pictures within pictures; ours asks the header before anything is decoded.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


class NoPicture(Refusal):
    """Nothing was chosen, or what came is no PNG, JPEG or WebP, or is broken."""


class TooLarge(Refusal):
    """The file holds too many bytes or too many pixels."""


def read(upload: FileStorage | None) -> bytes:
    """The file's bytes; raises TooLarge beyond MAX_BYTES, of which no more than that is read."""
    data = upload.stream.read(MAX_BYTES + 1) if upload is not None else b""
    if not data:
        raise NoPicture(_("Choose a file first: a PNG, JPEG or WebP picture."))
    if len(data) > MAX_BYTES:
        raise TooLarge(_("This file is larger than 5 MB. Please choose a smaller one."))
    return data


def encode(data: bytes) -> bytes:
    """The picture as a PNG of at most SIDE × SIDE, turned as its camera meant it, without metadata."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise _too_many_pixels()
            picture.draft("RGB", (SIDE * 2, SIDE * 2))
            return _png(ImageOps.exif_transpose(picture))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except (OSError, SyntaxError, ValueError, EOFError, IndexError) as error:
        words = _("We can’t read this as a picture. Save the logo as PNG, JPEG or WebP; SVG does not work.")
        raise NoPicture(words) from error


def version_of(content: bytes) -> str:
    """A short name of the content, for addresses that may be kept for a year."""
    return hashlib.sha256(content).hexdigest()[:16]


def _too_many_pixels() -> TooLarge:
    return TooLarge(
        _("This picture has more than 20 megapixels. Please scale it down; 512 by 512 is enough.")
    )


def _png(picture: Image.Image) -> bytes:
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    small = picture.convert(mode)
    small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    Image.frombytes(mode, small.size, small.tobytes()).save(out, "PNG", optimize=True)
    return out.getvalue()
