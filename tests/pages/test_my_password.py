"""Changing one's own password: with the one that one has, and nothing typed is shown again."""

import pytest

from tests.organisation import PASSWORD
from tests.pages.visiting import Place

NEW = "lila tåg över bron"


async def test_the_page_of_devices_leads_to_it_and_it_says_that_it_is_done(there: Place) -> None:
    async with there.browser("maja") as client:
        assert 'href="/password"' in (await client.get("/sessions")).text
        shown = (await client.get("/password")).text
        assert 'autocomplete="current-password"' in shown
        assert shown.count('autocomplete="new-password"') == 2
        changed = await client.post("/password", data={"old": PASSWORD, "new": NEW, "again": NEW})
        assert (changed.status_code, changed.headers["location"]) == (303, "/password?changed=yes")
        assert "You have a new password" in (await client.get("/password?changed=yes")).text


@pytest.mark.parametrize(
    ("old", "new", "again", "status", "words"),
    [
        ("wrong", NEW, NEW, 403, "not the password that you have now"),
        (PASSWORD, NEW, "lila tåg", 409, "are not the same"),
        (PASSWORD, "kort", "kort", 409, "between 12 and 256 characters"),
        (PASSWORD, "password1234", "password1234", 409, "would soon be guessed"),
    ],
)
async def test_what_is_refused_says_why_and_nothing_that_was_typed_comes_back(
    there: Place, old: str, new: str, again: str, status: int, words: str
) -> None:
    async with there.browser("maja") as client:
        refused = await client.post("/password", data={"old": old, "new": new, "again": again})
    assert refused.status_code == status
    assert words in refused.text
    for typed in (PASSWORD, NEW, "kort", "password1234"):
        assert f'"{typed}"' not in refused.text
