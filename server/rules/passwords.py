"""Which passwords anybody would try first: known words, names, runs on the keyboard, and what they make.

No list of passwords is asked, of this machine or another: what makes the known ones common is looked for. Of
each part that a guesser tries as a whole, however long it is, one character counts; what is left must be as
long as no guesser goes through (``limits.PASSWORD_UNKNOWN_CHARACTERS_MIN``).
"""

import re
import unicodedata
from collections.abc import Collection, Iterator

from server.rules.limits import PASSWORD_CHARACTERS_MAX, PASSWORD_UNKNOWN_CHARACTERS_MIN

ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv",
)
"""What fingers and heads run along, in both directions."""
RUN_CHARACTERS_MIN = 3
YEAR = re.compile(r"(19|20)\d\d")
LEET = str.maketrans("013457@$!€", "oieastasie")
"""How letters are disguised."""
WORDS = frozenset(
    """
    admin administrator alskar anders andrew angel anna april arbete arsenal ashley august augusti
    autumn banan banana barcelona barn baseball basketball batman bedrift bergen blomma blomst brann
    changeme charlie chef chelsea chocolate choklad coffee company computer cookie daniel danmark dator
    december default desember djurgarden dragon elsker emma erik facebook fall familie familj februar
    februari february finland flower football foretag fotball fotboll fredag freedom friday george
    ginger golf google goteborg guest hammarby handball handboll happy hejsan hello hemlig hemligt
    hemmelig hockey host hund hunter iloveyou inlogg internet januar januari january jennifer jesus jobb
    johan jordan juli july june juni kaffe kalle katt killer kontor lars leder letmein lisa liverpool
    login logon lordag losenord love lucky mai maj malmo mamma manager manchester mandag march maria
    mars master may medarbeidersamtale medarbetarsamtal michael microsoft monday money monkey music
    musik norge norway november october office oktober onsdag orange oslo pappa passcode passord
    passphrase password passwort pelle pengar penger pepper peter pizza pokemon princess prinsessa
    prinsesse purple ranger root rosenborg samsyn samtal samtale saturday secret september server shadow
    sjef sjokolade soccer sommar sommer sondag spring starwars stavanger stockholm summer sunday
    sunshine superman sverige sweden swedish system temp tennis test thomas thursday tirsdag tisdag
    torsdag trondheim trustno tuesday united uppsala user vaar valerenga valkommen var velkommen vinter
    wednesday welcome whatever windows winter
    """.split()  # noqa: SIM905 (two hundred words, to be read and added to)
)
"""Of the passwords that turn up most, and of those that people make up here; as ``_plain`` writes them."""
PART_CHARACTERS_MIN = 3
"""A shorter word is found in too many others."""


def is_guessable(password: str, about: Collection[str]) -> bool:
    """Whether a guesser who knows the person would soon have tried it.

    ``about`` is what others know of the person: the name, the address. Never fails, whatever it is given.
    """
    plain = _plain(password)[:PASSWORD_CHARACTERS_MAX]
    known = {
        word
        for each in about
        for word in re.split(r"[\W_]+", _plain(each))
        if len(word) >= PART_CHARACTERS_MIN
    }
    words = sorted(WORDS | known, key=len, reverse=True)
    # As it is written, and with its disguise off: what counts is what the cleverer guesser finds.
    unknown = min(len(_unknown(each, words)) for each in (plain, plain.translate(LEET)))
    return unknown < PASSWORD_UNKNOWN_CHARACTERS_MIN


def _unknown(password: str, words: list[str]) -> str:
    """The password with one character for each part that is tried as a whole."""
    for word in words:
        password = password.replace(word, "\0")
    password = YEAR.sub("\0", password)
    password = "".join(_without_runs(password))
    # What comes again and again is one part, and so is each character of it after the first.
    password = re.sub(r"(.{2,}?)\1+", r"\1", password, flags=re.DOTALL)
    return re.sub(r"(.)\1+", r"\1", password, flags=re.DOTALL)


def _without_runs(password: str) -> Iterator[str]:
    at = 0
    while at < len(password):
        end = at + 1
        while end < len(password) and _is_run(password[at : end + 1]):
            end += 1
        is_one = end - at >= RUN_CHARACTERS_MIN
        yield "\0" if is_one else password[at:end]
        at = end


def _is_run(characters: str) -> bool:
    return any(characters in row or characters[::-1] in row for row in ROWS)


def _plain(text: str) -> str:
    """In small letters without accents, as people type who try."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("ø", "o").replace("æ", "a"))
    return "".join(each for each in decomposed if not unicodedata.combining(each))
