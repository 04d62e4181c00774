"""Which of two media types a client would rather have (RFC 9110, 12.5.1)."""

from typing import NamedTuple

from python_multipart.multipart import parse_options_header


class Preference(NamedTuple):
    """How much a client wants a media type; of two wanted alike, the one it names counts more."""

    quality: float  # 0: not at all
    precision: int  # 2 where it is named, 1 for text/*, 0 for */*


UNASKED = Preference(0.0, 0)


def prefers_html(accept: str) -> bool:
    """Return whether a header Accept asks for HTML rather than JSON."""
    html = _preference(accept, "text/html")
    return html.quality > 0 and html > _preference(accept, "application/json")


def _preference(accept: str, media_type: str) -> Preference:
    """Return what the most precise range that holds the media type says of it."""
    ranges = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
    qualities = dict(_quality(entry) for entry in accept.split(","))
    for precision, name in zip((2, 1, 0), ranges, strict=True):
        if name in qualities:
            return Preference(qualities[name], precision)
    return UNASKED


def _quality(entry: str) -> tuple[str, float]:
    """Return a range in lower case and its quality: 1 if not given, 0 if it is no number."""
    name, options = parse_options_header(entry.strip())
    try:
        quality = float(options.get(b"q", b"1"))
    except ValueError:
        quality = 0.0
    return name.decode("latin-1").lower(), quality
