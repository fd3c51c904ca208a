"""People planted by tests, and what gives anybody away: what is printed, logged, measured, traced, learned or raised holds none of it."""

import re

NAMES = ["欧阳金丝雀", "司徒探子", "Canary Planted"]
NUMBERS = ["440103198405010024", "440103198002020033", "440103199011110043"]
PHONES = ["13800001111", "13900002222", "18600003333"]
PLANTED = [*NAMES, *NUMBERS, *PHONES]

_NUMBER = re.compile(r"(?<![\w.])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\w)")
_PHONE = re.compile(r"(?<![\w.-])1[3-9]\d{9}(?!\w)")


def personal_in(text):
    """Return what in a text gives somebody away: a planted name, anything in the form of an identity number or a mobile number."""
    return {*(n for n in NAMES if n in text), *_NUMBER.findall(text), *_PHONE.findall(text)}
