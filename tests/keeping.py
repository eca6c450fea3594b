"""A life in which something of every kind is kept of two people, each text with a word of its own in it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from server.activities import GoalType
from server.activity_documents import Wording
from server.activity_turns import ActivityTurns
from server.asking import Asking
from server.conversations import Meeting
from server.keeping import Keeping
from server.letter_choices import LetterChoices
from server.letter_format import Kind
from server.new_activities import NewActivities
from server.notes import Notes
from server.preparing import Preparing
from server.rules.access import Pane
from server.rules.day import day_of
from server.stand_ins import Days, StandIns
from server.storage.update_log import Append
from tests.organisation import ANNUAL, ASTRID, HELENA, JONAS, MAJA, Organisation, text

MEETING = Meeting(datetime(2026, 11, 27, 9, 0, tzinfo=UTC), "Europe/Stockholm", "kanarierummet")
COMMENT = "kanariekommentar"


@dataclass(frozen=True, slots=True)
class Life:
    """Ids of what was made."""

    signed: str
    """Closed, opened again and closed again: two records, one of each version."""
    going_on: str
    """With private drafts of both, one of which was deleted again, and a guest."""
    declined: str
    activity: str
    note: str


def words(*names: str) -> tuple[bytes, ...]:
    """Canaries as they stand in a file."""
    return tuple(f"kanarie{name}".encode() for name in names)


SIGNED = words("egen", "chef", "gemensam", "signatur", "ater")
GOING_ON = words("utkast", "raderad", "hemlig", "rummet")
DECLINED = words("avbojd", "forslag")
ACTIVITY = words("mal", "beskrivning", "kommentar")
NOTE = words("lapp")
OTHERS = words("onskan", "semester")


async def everything(here: Organisation) -> Life:
    """Play it, with every canary that is named above."""
    signed = await _signed(here)
    going_on = await _going_on(here)
    declined = await here.conversations.create(JONAS.actor, "maja", ANNUAL, None)
    await here.declining.decline(MAJA.actor, declined, "kanarieavbojd", "kanarieforslag")
    erased = await here.conversations.create(JONAS.actor, "maja", ANNUAL, None)
    await Keeping(here.database, here.clock).erase_conversation(HELENA.actor, erased)
    mine = Wording("kanariemal", description="kanariebeskrivning", owner="jonas", due_on=date(2027, 1, 1))
    activities = NewActivities(here.database, here.clock)
    activity = await activities.add(JONAS.actor, "maja", GoalType.WORK, mine)
    turns = ActivityTurns(here.database, here.clock)
    await turns.comment(JONAS.actor, activity, COMMENT)
    notes = Notes(here.database, here.clock)
    note = await notes.add(MAJA.actor, about_conversation=going_on)
    await _write_note(here, note, "kanarielapp")
    await Preparing(here.database, here.clock).tick(MAJA.actor, going_on, ["e1"])
    await Asking(here.database, here.clock).ask(MAJA.actor, "kanarieonskan", "")
    await LetterChoices(here.database).choose(MAJA.actor, {Kind.PREPARE})
    today = day_of(here.clock())
    await StandIns(here.database, here.clock).name(
        JONAS.actor, "jonas", "astrid", Days(today, today), "kanariesemester"
    )
    await StandIns(here.database, here.clock).name(ASTRID.actor, "astrid", "maja", Days(today, today), "")
    return Life(signed, going_on, declined, activity, note)


async def _signed(here: Organisation) -> str:
    id_ = await here.conversation(MEETING)
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": text("kanarieegen")})
    await here.write("jonas", id_, Pane.MANAGER, {"a1": text("kanariechef")})
    await here.write("maja", id_, Pane.JOINT, {"a6": text("kanariegemensam"), "a8": text("Klart.")})
    await here.share(MAJA.actor, id_, Pane.EMPLOYEE)
    await here.share(JONAS.actor, id_, Pane.MANAGER)
    sha256 = await here.freezing.freeze(MAJA.actor, id_)
    await here.sign(MAJA.actor, id_, sha256, "kanariesignatur")
    await here.sign(JONAS.actor, id_, sha256)
    await here.reopening.reopen(JONAS.actor, id_, "kanarieater")
    sha256 = await here.freezing.freeze(MAJA.actor, id_)
    await here.sign(MAJA.actor, id_, sha256)
    await here.sign(JONAS.actor, id_, sha256)
    return id_


async def _going_on(here: Organisation) -> str:
    id_ = await here.conversations.create(JONAS.actor, "maja", ANNUAL, MEETING, notify=True, invite=True)
    await here.write("maja", id_, Pane.EMPLOYEE, {"a1": text("kanarieraderad")})
    await here.take_back("maja", id_, Pane.EMPLOYEE)
    await here.write("maja", id_, Pane.EMPLOYEE, {"a4": text("kanarieutkast")})
    await here.write("jonas", id_, Pane.MANAGER, {"a1": text("kanariehemlig")})
    await here.invitations.invite(MAJA.actor, id_, "astrid")
    await here.invitations.accept(ASTRID.actor, id_)
    other = await here.conversations.create(ASTRID.actor, "jonas", ANNUAL, None)
    for guest in ("maja", "helena"):
        await here.invitations.invite(JONAS.actor, other, guest)
    await here.invitations.accept(MAJA.actor, other)
    return id_


async def _write_note(here: Organisation, note: str, words: str) -> None:
    session = await here.visit("maja")
    opening = await here.documents.open(session.id, f"notes/maja/{note}")
    document = await here.load(opening)
    document.merge(document.fill({"text": text(words)}, 4711), "maja")
    await here.database.log.append(
        Append(opening.document, document.take_change() or b"", (opening.author,), (), ((4711, "maja"),))
    )
    document.close()
