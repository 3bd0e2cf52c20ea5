"""The words for a device in a list of sessions, read from what its browser says of itself."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone", "phone"),
    ("iPad", "iPad", "device-tablet"),
    ("Android", "Android", "phone"),
    ("Windows", "Windows", "device-desktop"),
    ("Mac OS X", "macOS", "device-desktop"),
    ("CrOS", "ChromeOS", "device-desktop"),
    ("Linux", "Linux", "device-desktop"),
)


@dataclass(frozen=True)
class Device:
    """A name for people, and a picture of the sprite."""

    name: str
    icon: str


def device(user_agent: str) -> Device:
    browser = next((name for mark, name in BROWSERS if mark in user_agent), None)
    system, icon = next(
        ((name, icon) for mark, name, icon in SYSTEMS if mark in user_agent), (None, "device-desktop")
    )
    if browser and system:
        return Device(_("%(browser)s on %(system)s", browser=browser, system=system), icon)
    return Device(browser or system or _("Unknown device"), icon)
