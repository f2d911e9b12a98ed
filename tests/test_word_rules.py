"""The word rules one by one: yes and no, aliases, names, containment, negation, order, paraphrase, stems, tables."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from negbank.guards.aliases import decide_alias, ids_of
from negbank.guards.containment import decide_containment, decide_listed
from negbank.guards.core import core, core_tokens
from negbank.guards.decision import Decision
from negbank.guards.glance import comparable, glance
from negbank.guards.names import decide_name, person
from negbank.guards.negation import compare, decide_negation, statement
from negbank.guards.opposites import are_close, are_opposite, are_synonyms, phrases, without_prefix
from negbank.guards.paraphrase import paraphrase
from negbank.guards.tables import read_names, read_table
from negbank.guards.words import stem, tokens_of
from negbank.guards.yes_no import Reply, clause_sign, decide_yes_no, is_polar, reply

TABLES = Path(__file__).parent.parent / "negbank/guards/tables"


def verdict(decision: Decision | None) -> str | None:
    return None if decision is None else decision.verdict


@pytest.mark.parametrize(
    ("question", "polar"),
    [
        ("Is the sky blue?", True),
        ("In France, is it legal to drive?", True),
        ("True or false: ice floats.", True),
        ("La Terre est-elle ronde ?", True),
        ("¿Es Madrid la capital?", True),
        ("Is the sky blue or green?", False),
        ("What is blue?", False),
        ("Combien coûte-t-il ?", False),
    ],
)
def test_is_polar(question: str, polar: bool) -> None:
    assert is_polar(question) is polar


@pytest.mark.parametrize(
    ("text", "polar", "said"),
    [
        ("Yes.", False, Reply(1, True)),
        ("No, they are not", True, Reply(-1, True)),
        ("It certainly does", True, Reply(1, True)),
        ("The statement is not true", True, Reply(-1, True)),
        ("Yes, but only at night", True, Reply(1, False, hedged=True)),
        ("Maybe", True, Reply(0, True)),
        ("No change", True, None),
        ("True, False", False, None),
        ("right", False, None),
        ("нет", True, Reply(-1, True)),
    ],
)  # fmt: skip
def test_reply(text: str, polar: bool, said: Reply | None) -> None:
    assert reply(text, polar) == said


def test_a_clause_answers_a_polar_question() -> None:
    assert clause_sign("Are spiders insects?", "Spiders are not insects.") == -1
    assert clause_sign("Is it true that spiders spin?", "Spiders spin.") == 1
    assert clause_sign("Can penguins fly?", "They cannot fly.") == -1
    assert clause_sign("Is a mouse bigger than a cat?", "A cat is bigger than a mouse.") == -1
    assert clause_sign("Are spiders insects?", "Spiders are arachnids.") is None


def test_two_explained_replies_are_left_open() -> None:
    assert decide_yes_no("Is it so?", "Yes, because of rain", "Yes, because of snow") is None
    assert decide_yes_no("Is it so?", "Yes, because of rain", "No, because of rain") == Decision("different", "yes-no")


@pytest.mark.parametrize(
    ("question", "answer", "candidate", "expected"),
    [
        ("Which country?", "Germany", "Deutschland", "same"),
        ("Which country?", "Germany", "DEU", "same"),
        ("Which country?", "Austria", "Australia", "different"),
        ("What nationality was she?", "Dutch", "the Netherlands", "same"),
        ("Which language do they speak?", "Dutch", "the Netherlands", None),
        ("Which gas?", "carbon dioxide", "CO₂", "same"),
        ("Which gas?", "carbon dioxide", "carbon monoxide", "different"),
        ("What is the symbol of iron?", "Fe", "iron", "different"),
        ("Which state?", "Texas", "TX", "same"),
        ("Which month?", "March", "marzo", "same"),
        ("Which author?", "Mark Twain", "Samuel Clemens", "same"),
    ],
)
def test_aliases(question: str, answer: str, candidate: str, expected: str | None) -> None:
    assert verdict(decide_alias(question, answer, candidate)) == expected


def test_codes_keep_their_case() -> None:
    assert "element:Co" in ids_of("Co") and "compound:CO" in ids_of("CO")
    assert "element:Co" not in ids_of("CO")


@pytest.mark.parametrize(
    ("question", "answer", "candidate", "expected"),
    [
        ("Who wrote it?", "J. K. Rowling", "Rowling, J. K.", "same"),
        ("Who wrote it?", "J. K. Rowling", "Joanne Kathleen Rowling", "same"),
        ("Who was it?", "Bill Gates", "William Gates", "same"),
        ("Who was it?", "Bill Gates", "Robert Gates", "different"),
        ("Who was it?", "Theodore Roosevelt", "Franklin Roosevelt", "different"),
        ("Who was it?", "Henry Tudor VII", "Henry Tudor VIII", "different"),
        ("Who was the brother of John Kennedy?", "Robert Kennedy", "Kennedy", "ambiguous"),
        ("Who was it?", "Martin Luther King Jr.", "Martin Luther", None),
        ("Which body?", "World Trade Organization", "WTO", "same"),
        ("Which river is it?", "River Thames", "the Thames", "same"),
        ("Which city is it?", "New York", "York", None),
    ],
)
def test_names(question: str, answer: str, candidate: str, expected: str | None) -> None:
    assert verdict(decide_name(question, answer, candidate)) == expected


def test_a_sentence_is_no_name() -> None:
    assert person("The cat sat on it") is None
    assert person("12 Monkeys") is None


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("I think the answer is Canberra.", "Canberra"),
        ("**Canberra**", "Canberra"),
        ("It's Canberra, of course.", "Canberra"),
        ("C'est Paris.", "Paris"),
        ("Es ist Wien.", "Wien"),
        ("是北京。", "北京"),
        ("(B) Canberra", "Canberra"),
        ("A cat", "A cat"),
    ],
)
def test_core(text: str, inner: str) -> None:
    assert core(text) == inner


def test_articles_fall_away() -> None:
    assert core_tokens("the Great Wall") == ("great", "wall")
    assert core_tokens("a") == ("a",)


CAPITAL = "What is the capital of Australia?"


@pytest.mark.parametrize(
    ("question", "answer", "candidate", "expected"),
    [
        (CAPITAL, "Canberra", "Canberra, Australia", "same"),
        (CAPITAL, "Canberra", "Canberra, not Sydney", "same"),
        (CAPITAL, "Canberra", "anything but Canberra", "different"),
        (CAPITAL, "Canberra", "Canberra is not the capital", "different"),
        (CAPITAL, "Canberra", "Canberra or Sydney", "ambiguous"),
        (CAPITAL, "Canberra", "Canberra and Sydney", "different"),
        (CAPITAL, "Canberra", "Canberra, Sydney and Perth", None),
        ("Who is it?", "president", "vice president", "different"),
        ("Which acid?", "acid", "uric acid", None),
        ("Which nationality?", "American", "Chinese-American", None),
        ("Which two?", "oxygen and carbon", "carbon and oxygen", "same"),
        ("Put these in order.", "cell, tissue, organ", "tissue, cell, organ", "different"),
        ("Statement 1: ... Statement 2: ...", "True, False", "False, True", "different"),
        ("Which cities?", "Hong Kong, Bangkok and London", "Hong Kong", None),
    ],
)
def test_containment(question: str, answer: str, candidate: str, expected: str | None) -> None:
    assert verdict(decide_containment(question, answer, candidate)) == expected


def test_a_list_of_right_answers_is_right() -> None:
    assert decide_listed(("Larry Page", "Sergey Brin"), "Brin, Larry Page") is None
    assert decide_listed(("Larry Page", "Sergey Brin"), "Sergey Brin, Larry Page") == Decision("same", "containment")


@pytest.mark.parametrize(
    ("answer", "candidate", "expected"),
    [
        ("It is possible.", "It is not impossible.", "same"),
        ("It is possible.", "It is impossible.", "different"),
        ("The snake eats the frog.", "The frog eats the snake.", "different"),
        ("The snake eats the frog.", "The frog is eaten by the snake.", "same"),
        ("The boy gave the book to the girl.", "The boy gave the girl the book.", "same"),
        ("A tower is taller than a church.", "A church is shorter than a tower.", "same"),
        ("A tower is taller than a church.", "A tower is shorter than a church.", "different"),
        ("liquid to gas", "gas to liquid", "different"),
        ("liquid to gas", "gas to solid", None),
        ("indefinite shape, definite volume", "definite shape, indefinite volume", "different"),
        ("before sunset", "after sunset", "different"),
        ("It is cold.", "It is not hot.", "ambiguous"),
        ("with oxygen", "without oxygen", "different"),
        ("without oxygen", "in the absence of oxygen", "same"),
        ("It decreases", "it gets smaller", "same"),
        ("It does not change", "it stays the same", "same"),
        ("DNA to RNA to protein", "DNA to protein to RNA", "different"),
    ],
)
def test_negation(answer: str, candidate: str, expected: str | None) -> None:
    found = compare(answer, candidate)
    assert (None if found is None else found.verdict) == expected


def test_two_negations_of_one_word_cancel_out() -> None:
    assert statement("not impossible").content == ("possibl",)
    assert statement("It is not safe").content == ("¬safe",)
    assert decide_negation("Is it?", "safe", "not unsafe") == Decision("same", "negation")


@pytest.mark.parametrize(
    ("question", "answer", "candidate", "expected"),
    [
        ("Why did the ship sink?", "It hit an iceberg.", "The ship struck an iceberg.", "same"),
        ("Why did the ship sink?", "It hit an iceberg.", "It avoided an iceberg.", "different"),
        ("What happens to the rod?", "It gets longer", "it increases in length", "same"),
        ("What happens to the rod?", "It gets longer", "It gets shorter", "different"),
        ("What moves how?", "The planets revolve around the Sun.", "The planets rotate around the Sun.", "different"),
        ("What orbits where?", "orbits around the nucleus", "orbits in the nucleus", None),
        ("What will it help to decide?", "Where to plant", "When to plant", None),
        ("How many?", "It weighs 5 kg.", "It weighs 6 kg.", None),
    ],
)
def test_paraphrase(question: str, answer: str, candidate: str, expected: str | None) -> None:
    assert verdict(paraphrase(question, answer, candidate)) == expected


@pytest.mark.parametrize(
    "forms",
    ["move moves moved moving", "run runs running ran", "study studies studied studying", "leaf leaves",
     "child children", "create creates created creating", "hope hoping hoped", "hop hopping hopped", "slow slowly"],
)  # fmt: skip
def test_forms_of_a_word_share_a_stem(forms: str) -> None:
    assert len({stem(word) for word in forms.split()}) == 1


@pytest.mark.parametrize("words", ["plan plane", "rat rate", "car care", "organ organism", "universe university"])
def test_different_words_keep_their_stems(words: str) -> None:
    assert len({stem(word) for word in words.split()}) == 2


def test_tokens() -> None:
    assert tokens_of("It isn't São Paulo's") == ["it", "is", "not", "sao", "paulo"]
    assert tokens_of("Rr or RR") == ["Rr", "or", "RR"]
    assert tokens_of("I only") == ["I", "only"] and tokens_of("I like bus A") == ["i", "like", "bus", "A"]


def test_opposites_and_synonyms() -> None:
    assert are_opposite("hot", "cold") and are_opposite("hotter", "colder") and not are_opposite("hot", "warm")
    assert are_close("hit", "strike") and are_close("evaporation", stem("evaporating"))
    assert not are_close("solution", "solut") and not are_synonyms("energy", "power")
    assert without_prefix("impossibl") == ("possibl", 1) and without_prefix("under") == ("under", 0)
    assert without_prefix(stem("unsafe")) == ("safe", 1)


def test_a_look_first() -> None:
    assert comparable(glance("It decreases"), glance("it gets smaller"))
    assert not comparable(glance("the leaf absorbs water"), glance("the root stores sugar"))


@pytest.mark.parametrize("path", sorted(TABLES.glob("*.tsv")), ids=lambda path: path.stem)
def test_tables_say_what_they_are_and_have_even_rows(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ") and ("own writing" in lines[0] or "licence" in lines[0] or "Apache" in lines[0])
    rows = read_table(path.stem)
    assert rows and len({len(row) for row in rows}) <= 2
    assert f"{path.stem}" in (Path(__file__).parent.parent / "docs/guards-tables.md").read_text()


def test_no_name_stands_twice_in_a_row_of_names() -> None:
    for table in ("terms", "places", "people"):
        for names in read_names(table):
            assert len(names) == len(set(names)) > 1


def test_phrases_do_not_begin_with_nothing() -> None:
    assert all(said and plain for said, plain in phrases().items())


@pytest.mark.wheel
def test_the_wheel_holds_the_tables(tmp_path: Path) -> None:
    import subprocess
    import sys

    root = Path(__file__).parent.parent
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)], cwd=root, check=True
    )
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    assert {f"negbank/guards/tables/{path.name}" for path in TABLES.glob("*.tsv")} <= held
