"""Sentences in Chinese and English from catalogues; every word a person reads passes here.

A catalogue is a folder of TOML files, one folder a language; keys are joined by dots.
"""

import string
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from matching.reasons import Fact, Reason
from service.use_cases.chance import CHANCE_BANDS, chance_band
from service.web.forms import CLOCK_TIMES, LISTS, PLACES, form, quoted

LANGUAGES: Mapping[str, str] = {"zh": "zh_CN", "en": "en"}
"""Language of the switch → catalogue folder and Babel locale."""

HTML_LANG: Mapping[str, str] = {"zh": "zh-CN", "en": "en"}
"""Language of the switch → value of the ``lang`` attribute."""


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return key → sentence of a language; KeyError for a language that has no catalogue."""
    folder = files("service.web") / "locale" / LANGUAGES[language]
    out: dict[str, str] = {}
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        _flatten(tomllib.loads(file.read_text("utf-8")), "", out)
    return out


def _flatten(tree: Mapping[str, object], prefix: str, out: dict[str, str]) -> None:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            _flatten(value, f"{prefix}{key}.", out)
        else:
            out[prefix + key] = str(value)


@cache
def _locale_of(language: str) -> Locale:
    return Locale.parse(LANGUAGES[language])


@cache
def placeholders(sentence: str) -> frozenset[str]:
    """Return the names of the facts a sentence quotes."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(sentence) if name)


@dataclass(frozen=True, slots=True)
class Wording:
    """One language's words and number forms; ``place`` turns a region code into a name."""

    language: str
    place: Callable[[str], str] = str

    def __call__(self, key: str, **facts: Fact | date) -> str:
        """Return the sentence of a key with its facts in their written form; KeyError when the catalogue lacks it."""
        return self._fill(catalogue(self.language)[key], facts)

    def has(self, key: str) -> bool:
        """Whether the catalogue has the key."""
        return key in catalogue(self.language)

    def label(self, family: str, code: object) -> str:
        """Return the label of a code; the code itself where the list is open and the office added its own."""
        if code is None or code == "":
            return self("page.unknown")
        return catalogue(self.language).get(f"label.{family}.{code}", str(code))

    def reason(self, reason: Reason) -> str:
        """Return the sentence of a reason, in the form its facts and its weight ask for."""
        words = catalogue(self.language)
        for key in (f"reason.{reason.code}.{form(reason)}", f"reason.{reason.code}"):
            if key in words:
                facts = {name: self._written(family, value) for name, (family, value) in quoted(reason).items()}
                return words[key].format_map(
                    {name: facts.get(name, self("page.unknown")) for name in placeholders(words[key])}
                )
        return self("page.reason_without_sentence", code=reason.code)

    def money(self, fen: int | float | None) -> str:
        """Return an amount of fen as yuan."""
        if fen is None:
            return self("page.unknown")
        return str(
            format_currency(round(fen) / 100, "CNY", format="¤#,##0.##", locale=self._locale, currency_digits=False)
        )

    def day(self, day: date | None) -> str:
        """Return a date in the language's middle-length form."""
        return self("page.unknown") if day is None else str(format_date(day, "medium", locale=self._locale))

    def number(self, value: float | None) -> str:
        """Return a number with at most one decimal."""
        return self("page.unknown") if value is None else str(format_decimal(round(value, 1), locale=self._locale))

    def chance(self, p_placed: float) -> str:
        """Return the band of a chance with its range."""
        band = chance_band(p_placed)
        low, high = next((round(100 * lo), round(100 * hi)) for name, lo, hi in CHANCE_BANDS if name == band)
        return self(f"page.chance.{band}", low=low, high=high)

    @property
    def html_lang(self) -> str:
        """Value of the ``lang`` attribute."""
        return HTML_LANG[self.language]

    @property
    def _locale(self) -> Locale:
        return _locale_of(self.language)

    def _fill(self, sentence: str, facts: Mapping[str, Fact | date]) -> str:
        if "{" not in sentence:
            return sentence
        return sentence.format_map({name: self.fact(name, facts.get(name)) for name in placeholders(sentence)})

    def fact(self, name: str, value: Fact | date) -> str:
        """Return a fact in its written form; the name says what it is (``wage_fen``, ``due_on``, ``dimensions``)."""
        return self._written(LISTS.get(name, name), value)

    def _written(self, family: str, value: Fact | date) -> str:
        if value is None or (isinstance(value, float) and value != value):
            return self("page.unknown")
        if isinstance(value, bool):
            return self("page.yes" if value else "page.no")
        if isinstance(value, date):
            return self.day(value)
        if isinstance(value, (int, float)):
            return self._amount(family, value)
        return (
            self("page.list_join").join(self._word(family, part) for part in value.split(";"))
            if value
            else self("page.none")
        )

    def _amount(self, family: str, value: float) -> str:
        if family == "education_rank":
            return self.label(family, int(value))
        if family in CLOCK_TIMES:
            return f"{int(value) // 60:02d}:{int(value) % 60:02d}"
        return self.money(value) if family.endswith("_fen") else self.number(value)

    def _word(self, family: str, code: str) -> str:
        if family in PLACES:
            return self.place(code)
        head, at, level = code.partition("@")
        return self.label(family, head) + (f" {level}" if at else "")
