"""S08: the server dies between a keystroke and its storage. DUR-2: the disk is full. No false "saved"."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Join
from tests.browser.stored import stored_text
from tests.running import RunningServer

RECORD_STATES = """() => {
  const status = document.querySelector('[data-slot=save]');
  window.states = [];
  // What the line said of the text before is painted once a second, until the first new letter.
  new MutationObserver(() => {
    const state = status.dataset.state;
    if (window.states.length || state !== 'saved') window.states.push(state);
  }).observe(status, {attributes: true});
}"""


def test_a_keystroke_that_was_not_stored_is_never_called_saved_and_comes_back(
    join: Join, server: RunningServer
) -> None:
    elias = join("elias")
    elias.open("Jonas")
    elias.write("joint", "b12", "Före. ")
    elias.expect_saved()
    with server.without_storage():
        elias.page.evaluate(RECORD_STATES)
        elias.page.keyboard.type("Emellan. ")
        # Ten seconds without an acknowledgement: the page says that the text is only here.
        expect(elias.status).to_have_attribute("data-state", "device")
        server.kill()
    assert "saved" not in elias.page.evaluate("window.states")
    assert "Emellan" not in stored_text(server.data, "joint", "b12", "elias")
    server.start()
    elias.expect_saved()
    assert stored_text(server.data, "joint", "b12", "elias").count("Emellan. ") == 1


def test_a_full_disk_is_told_and_mends_itself(join: Join, server: RunningServer) -> None:
    elias = join("elias")
    elias.open("Jonas")
    elias.editor("joint", "b12").click()
    with server.without_storage():
        elias.page.evaluate(RECORD_STATES)
        elias.page.keyboard.type("Utan disk. ")
        expect(elias.status).to_have_attribute("data-state", "device")
        assert "saved" not in elias.page.evaluate("window.states")
    elias.expect_saved()
    assert "Utan disk. " in stored_text(server.data, "joint", "b12", "elias")
