"""What a password may be, and what a stranger would try first."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.access.common_passwords import CommonPasswords
from data.kosovo.places import place_words
from domain.access.passwords import LONGEST, SHORTEST, WeakPassword, check_password, seen_length
from domain.access.variety import is_repeated, period, without_runs
from settings import ROOT

COMMON = CommonPasswords()
GOOD = (
    "correct horse battery staple",
    "six wet umbrellas by the door",
    "my uncle mends slow clocks",
    "the kettle sings at dawn",
    "purple giraffe under ice",
    "lanterns float past the mill",
    "a bridge at four o'clock",
    "bread, salt and a blue cup",
    "nobody counts the swallows",
    "rain on a tin roof again",
    "she painted the fence twice",
    "eleven spoons in a drawer",
    "trzy zielone rowery",
    "cztery krzywe parasole",
    "babcia piecze szarlotkę",
    "jeż śpi pod starym płotem",
    "kot na gorącym dachu",
    "w lesie rosną grzyby",
    "zażółć gęślą jaźń",
    "pada deszcz, a my idziemy",
    "stara łódka na jeziorze",
    "dziesięć kluczy bez zamka",
    "patrol gubi mapę w lesie",
    "mleko i miód o poranku",
    "macja fle mbi divan",
    "pesë zogj mbi çati",
    "gjyshi im mbjell domate",
    "shiu bie mbi mal sot",
    "dy libra të vjetër",
    "nëna gatuan byrek nesër",
    "ura e gurit mbi lumë",
    "dritarja e hapur natën",
    "tri zelene ograde",
    "moja baka voli jabuke",
    "pas spava ispod stola",
    "kiša pada po krovu",
    "stari sat kuca polako",
    "deset crvenih lampi",
    "u šumi rastu pečurke",
    "sutra idemo na reku",
    "пять зелёных лодок",
    "четири старе столице",
    "моја бака воли јабуке",
    "tři malé modré lodě",
    "vier krumme Regenschirme",
    "die Katze schläft im Korb",
    "quattro gatti sul tetto",
    "la nonna cuoce il pane",
    "cinq bateaux verts",
    "le chat dort sous la table",
    "yeşil kapılı eski ev",
    "dört küçük mavi tekne",
    "police horses eat my apples",
    "kosovo and four other words of mine",
    "camp fires burn low tonight",
    "Kp7#vQ2m!xZ9",
    "7391048266150",
    "wR8-tnQ4-zeY6-hup",
    "四つの緑の自転車と二艘の舟",
    "m4ple+r1ver+b0at+tr0ut",
)
NAME = "anna.kowalska"


def _rule(password: str, name: str = NAME) -> str:
    with pytest.raises(WeakPassword) as refused:
        check_password(password, name, COMMON)
    assert refused.value.field == "password"
    assert refused.value.extra["rule"] == refused.value.rule
    assert len(password) < 4 or password not in refused.value.detail
    return refused.value.rule


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "trzy zielone rowery",
        "zażółć gęślą jaźń",
        "Kp7#vQ2m!xZ9",
        "7391048266150",
        "the bridge over the river at four",
        "kosovo and four other words of mine",
        "пять зелёных лодок",
        "四つの緑の自転車と二艘の舟",
        "  spaces count, too  ",
        "a" + "bridge at four" * 1 + "x" * 2 + " and a long way home" * 40,
    ],
)
def test_what_nobody_would_try_is_taken_whatever_it_is_made_of(password: str) -> None:
    check_password(password, NAME, COMMON)


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("", "too_short"),
        ("elevenchars", "too_short"),
        ("a\u0301" * 11, "too_short"),
        ("x1y2z3w4v5" * 103, "too_long"),
        ("aaaaaaaaaaaa", "repeated"),
        ("            ", "repeated"),
        ("abcabcabcabcab", "repeated"),
        ("fpu-test-fpu-test", "repeated"),
        ("żółwżółwżółw", "repeated"),
        ("aabbaabbccaab", "too_few"),
        ("20261201000000", "too_few"),
        ("123456789012", "common"),
        ("Password2026", "common"),
        ("P@ssw0rd2026!", "common"),
        ("1qaz2wsx3edc", "common"),
        ("!!dragon123456", "common"),
        ("987654321098765", "sequence"),
        ("mnopqrstuvwxyzab", "sequence"),
        ("asdfghjkl-zxcvbnm", "sequence"),
        ("EulexKosovo2026!", "known_word"),
        ("k0s0v0-2026-12", "known_word"),
        ("Gračanica 12345", "known_word"),
        ("policja-mitrovica", "known_word"),
        ("fjalekalimi123", "known_word"),
        ("Fjalëkalimi!2026", "known_word"),
        ("Shqiperia2026", "known_word"),
        ("CampVillaggio1", "known_word"),
        ("Lozinka-Beograd", "known_word"),
        ("2026imilakelajf", "known_word"),
        ("Acivortim2026", "known_word"),
        ("akslawok.anna", "own_name"),
        ("akslawok2026!", "own_name"),
        ("anna.kowalska12", "own_name"),
        ("Anna-2026-12-01", "own_name"),
        ("line one\nline two", "unreadable"),
        ("four \ud800 green boats", "unreadable"),
    ],
)
def test_what_a_stranger_would_try_is_refused_by_the_rule_it_breaks(
    password: str, rule: str
) -> None:
    assert _rule(password) == rule


def test_what_is_both_says_the_words_and_not_the_part_of_the_name() -> None:
    assert _rule("EulexFPU2026!", "u-fpu-duty") == "known_word"
    assert _rule("u-fpu-duty2026", "u-fpu-duty") == "own_name"


@pytest.mark.parametrize("password", ["Orion1-Orion2!", "lyra.2026-12-1", "1-NOIRO-20261"])
def test_the_unit_s_own_words_are_no_password(password: str) -> None:
    words = ("ORION-1", "ORION-2", "LYRA-3")
    check_password(password, NAME, COMMON)
    with pytest.raises(WeakPassword) as refused:
        check_password(password, NAME, COMMON, words)
    assert refused.value.rule == "known_word"


@pytest.mark.parametrize("password", GOOD)
def test_a_good_passphrase_is_taken_beside_every_word_of_the_place(password: str) -> None:
    words = place_words() | {"ORION-1", "LYRA-3", "Exercise North", "phone-7", "live"}
    for name in (NAME, "u-fpu-duty", "wall"):
        check_password(password, name, COMMON, words)


@pytest.mark.parametrize("name", ["patrol-lyra-1", "wall", "o.nowak_2"])
def test_the_own_name_with_a_date_or_signs_is_no_password(name: str) -> None:
    for around in ("{}2026-12-01", "!!{}!!!!!!", "{}{}{}", "20261201{}"):
        padded = around.replace("{}", name)
        password = padded if len(padded) >= SHORTEST else padded + "987654"[:SHORTEST]
        if seen_length(password) >= SHORTEST:
            _rule(password, name)


def test_the_shipped_list_has_what_the_standard_wants() -> None:
    listed = [one for one in _lines() if len(one) >= SHORTEST]
    assert len(listed) >= 3000
    assert all(one in COMMON for one in listed[:50])
    assert [one for one in listed[::40] if not _is_refused(one)] == []


def _lines() -> list[str]:
    raw = (ROOT / "data" / "access" / "common-passwords.txt.gz").read_bytes()
    return gzip.decompress(raw).decode().splitlines()


def _is_refused(password: str) -> bool:
    try:
        check_password(password.upper(), NAME, COMMON)
    except WeakPassword:
        return True
    return False


@given(st.text(max_size=LONGEST + 40), st.text(max_size=40))
def test_any_text_is_taken_or_refused_by_a_rule(password: str, name: str) -> None:
    if seen_length(password) >= SHORTEST and len(password) <= LONGEST:
        try:
            check_password(password, name, COMMON)
        except WeakPassword:
            return
    else:
        assert _rule(password, name) in ("too_short", "too_long", "unreadable")


@given(st.text(min_size=1, max_size=20), st.integers(2, 6))
def test_a_repetition_is_found_however_it_is_cut(text: str, times: int) -> None:
    whole = text * times
    assert period(whole) <= len(text)
    assert is_repeated(whole)
    cut = whole[: len(text) * times - len(text) // 2]
    assert is_repeated(cut) or len(cut) < 2 * len(text)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1))
def test_runs_leave_something_and_never_more(text: str) -> None:
    assert 1 <= len(without_runs(text)) <= len(text)
