"""My letters: each sees those to herself, as they leave or as they would have left."""

from dataclasses import replace

from tests.pages.world import NOW, World, browser
from tests.test_calendar import INVITED, changed


async def test_people_read_the_letters_to_themselves() -> None:
    world = World(letters=[replace(INVITED, sent_at=NOW)])
    async with browser(world, "m") as client:
        mine = (await client.get("/mailbox")).text
    async with browser(world, "j") as client:
        theirs = (await client.get("/mailbox")).text
    for words in ("Rum Storsjön", "torsdag 26 november", "/conversations/0123456789abcdef"):
        assert words in mine
        assert words not in theirs


async def test_without_a_mail_server_the_page_says_that_nothing_leaves() -> None:
    sentence = "There is no mail server here"
    for mails in (True, False):
        world = World(letters=[INVITED], mails=mails)
        world.signed_in["m"] = replace(world.signed_in["m"], locale="en")
        async with browser(world, "m") as client:
            page = (await client.get("/mailbox")).text
        assert (sentence in page) is not mails
        assert "not sent" in page


async def test_words_of_a_letter_are_shown_as_words() -> None:
    world = World(letters=[changed(INVITED, place="<script>alert(1)</script>")])
    async with browser(world, "m") as client:
        assert "<script>alert" not in (await client.get("/mailbox")).text
