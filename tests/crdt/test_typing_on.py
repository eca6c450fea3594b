"""People type on, erase, and drop whole paragraphs: a document that holds key presses back from pycrdt, is
set aside, folded and loaded, says what one does that merges each by the long way."""

import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from pycrdt import Doc, XmlElement, XmlFragment, XmlText

import crdt.document
from crdt.document import Document
from crdt.typed import Begun, Caret, Typed, read_typed
from server.rules.limits import UPDATE
from tests.crdt.documents import SCHEMA

STEPS = 250
BOUNDS = replace(UPDATE, typed_changes_max=3, step_comparisons_max=400)
"""Of the one that holds back: never for long."""


class Browser:
    """``sent``: what is on its way to the node, in order. ``heard``: the same, from it."""

    def __init__(self, client: int, person: str, snapshot: bytes) -> None:
        self.person = person
        self.doc: Doc[Any] = Doc(client_id=client)
        self.doc.apply_update(snapshot)
        self.sent: list[bytes] = []
        self.heard: list[bytes] = []
        self.caret: Caret | None = None
        self.at = 0, 0
        """The text that it types in, and where."""

    @property
    def paragraphs(self) -> Any:
        return self.doc.get("a1", type=XmlFragment).children

    def text(self, number: int) -> XmlText:
        texts = [
            text for paragraph in self.paragraphs for text in paragraph.children if isinstance(text, XmlText)
        ]
        return texts[number % len(texts)] if texts else self._begin()

    def _begin(self) -> XmlText:
        paragraph = self.paragraphs.append(XmlElement("paragraph"))
        return paragraph.children.append(XmlText("a"))  # type: ignore[no-any-return]

    def enter(self) -> None:
        self.paragraphs.append(XmlElement("paragraph"))

    def begin(self, number: int) -> None:
        """Type the first character of a paragraph that has none."""
        empty = [paragraph for paragraph in self.paragraphs if not len(paragraph.children)]
        if empty:
            empty[number % len(empty)].children.append(XmlText("b"))

    def change(self, write: Callable[[], object]) -> None:
        subscription = self.doc.observe(lambda event: self.sent.append(event.update))
        with self.doc.transaction():
            write()
        self.doc.unobserve(subscription)

    def type_on(self, characters: str) -> None:
        for character in characters:
            self.change(partial(self._type, character))

    def _type(self, character: str) -> None:
        number, place = self.at
        text = self.text(number)
        text.insert(min(place, len(text)), character)
        self.at = number, place + 1

    def erase(self, number: int, dice: random.Random) -> None:
        text = self.text(number)
        start = dice.randrange(len(text) + 1)
        del text[start : min(len(text), start + 3)]

    def drop(self, number: int) -> None:
        if len(self.paragraphs) > 1:
            del self.paragraphs[number % len(self.paragraphs)]


class Life:
    """Three browsers of two people, a document that takes the short way, and one that never does."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        made = Document.made(SCHEMA, UPDATE)
        self.folded, self.rows, self.clients = made.snapshot(), list[bytes](), dict[int, str]()
        made.close()
        self.long = self._stored()
        self.reader = self._stored()
        self.short = self._stored()
        people = ((1_001, "kari"), (1_002, "kari"), (1_003, "ola"))
        self.browsers = [Browser(client, person, self.folded) for client, person in people]
        self.presses = self.begun = 0

    def _stored(self) -> Document:
        return Document.stored(SCHEMA, BOUNDS, self.folded, self.rows, self.clients)

    def step(self) -> None:
        dice = self.dice
        browser, number = dice.choice(self.browsers), dice.randrange(10)
        actions: dict[Callable[[], object], int] = {
            lambda: browser.type_on("x" * dice.randint(1, 4)): 45,
            lambda: setattr(browser, "at", (number, dice.randrange(20))): 5,
            lambda: browser.change(lambda: browser.erase(number, dice)): 6,
            lambda: browser.change(browser._begin): 2,
            lambda: browser.change(browser.enter): 4,
            lambda: browser.change(lambda: browser.begin(number)): 8,
            lambda: browser.change(lambda: browser.drop(number)): 2,
            lambda: self.merge(browser, number): 14,
            self.commit: 14,
            lambda: self.hear(browser): 3,
            lambda: self.short.set_aside(2**20): 3,
            self.fold: 1,
            self.reload: 1,
            self.compare: 3,
        }
        (action,) = dice.choices(list(actions), list(actions.values()))
        action()

    def merge(self, browser: Browser, most: int) -> None:
        """Let some of what a browser sent arrive."""
        for update in browser.sent[:most]:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(crdt.document, "read_typed", never)
                said = self.long.merge(update, browser.person)
            caret = self.short.merge_typed(update, browser.person, browser.caret)
            if caret is None:
                merged = self.short.merge(update, browser.person)
                assert merged.changed == said.changed
                self.clients.update(dict.fromkeys(merged.new_clients, browser.person))
            else:
                self.presses += 1
                self.begun += isinstance(read_typed(update), Begun)
                browser.caret = caret
                assert said == (frozenset((caret.place.field,)), (), True)
        del browser.sent[:most]

    def commit(self) -> None:
        change = self.short.take_typed() or self.short.take_change()
        self.long.take_change()
        if change is not None:
            self.rows.append(change)
            self.reader.merge_stored(change)
            self.reader.take_change()
            for browser in self.browsers:
                browser.heard.append(change)

    def hear(self, browser: Browser) -> None:
        for change in browser.heard:
            browser.doc.apply_update(change)
        browser.heard.clear()

    def fold(self) -> None:
        self.commit()
        self.folded, self.rows = self.short.snapshot(), []

    def reload(self) -> None:
        """Carets live on, and what they stand in does not."""
        self.commit()
        self.short.close()
        self.short = self._stored()

    def compare(self) -> None:
        assert self.short.content() == self.long.content()
        assert self.short.state_vector() == self.long.state_vector()

    def end(self) -> None:
        for browser in self.browsers:
            self.merge(browser, len(browser.sent))
        self.commit()
        self.compare()
        for document in (self.reader, stored := self._stored()):
            assert document.content() == self.long.content()
            assert document.contains(self.long.snapshot())
        for document in (self.short, self.long, self.reader, stored):
            document.close()


def never(_: bytes) -> Typed | Begun | None:
    """No key press is recognised."""


@pytest.mark.no_cover  # Nothing is covered here alone, and counting lines takes most of its time.
@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_while_people_type_on_comes_to_what_the_long_way_gives(seed: int) -> None:
    life = Life(seed)
    for _ in range(STEPS):
        life.step()
    life.end()
    assert life.presses > STEPS // 10
    assert life.begun > 1
