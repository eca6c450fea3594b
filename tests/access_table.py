"""Reads ``access_table.txt``: every cell of role x action x state x transport, as people read it there."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

from server.rules.access import (
    OPERATOR,
    Action,
    ActivityFacts,
    Actor,
    ConversationFacts,
    GuestFacts,
    InvitationFacts,
    NoteFacts,
    OrganisationFacts,
    Pane,
    PaneFacts,
    PartFacts,
    PersonFacts,
    Role,
    State,
    Target,
)

TABLE = Path(__file__).with_name("access_table.txt")
SIGNED_IN, ANYBODY, NOBODY = "everybody who is signed in", "anybody at all", "nobody"

EMPLOYEE, RESPONSIBLE, SIGNED_OUT, OPERATES = "emp", "res", "out", "oper"
ABOVE, STAND_IN, PREDECESSOR = "above", "stand", "prev"
GUESTS = {
    "asked": GuestFacts("asked", EMPLOYEE, agreed=True, accepted=False),
    "guest": GuestFacts("guest", EMPLOYEE, agreed=True, accepted=True),
    "writes": GuestFacts("writes", EMPLOYEE, agreed=True, accepted=True, writes=True),
    "unagr": GuestFacts("unagr", RESPONSIBLE, agreed=False, accepted=False),
    "agreed": GuestFacts("agreed", RESPONSIBLE, agreed=True, accepted=False),
    "rguest": GuestFacts("rguest", RESPONSIBLE, agreed=True, accepted=True),
}
ROLES = {
    RESPONSIBLE: Role.MANAGER,
    "hr": Role.HR,
    "forms": Role.FORM_ADMINISTRATOR,
    "system": Role.SYSTEM_ADMINISTRATOR,
    ABOVE: Role.MANAGER,
    PREDECESSOR: Role.MANAGER,
    "union": Role.UNION_REPRESENTATIVE,
    "guest": Role.UNION_REPRESENTATIVE,
}

STATES = {
    **{state.value: (state,) for state in State},
    "going on": (State.OPEN, State.FROZEN),
    "over": (State.CLOSED, State.DECLINED, State.CANCELLED),
    "any state": tuple(State),
}
SHARINGS = ("not shared", "shared", "waiting", "opened", "share off")
SIGNINGS = ("both sign", "employee signs", "nobody signs")
MUST_BE_HELD = "must be held"
PARTS = ("never shared", "undecided", "went over", "stayed", "removed")
"""Of what a handover left behind: what the employee had received of it, and has answered."""
_ACTIONS = {action.value: action for action in Action}
GUEST_ACTIONS = (
    Action.SEE_INVITATION,
    Action.AGREE_TO_GUEST,
    Action.ACCEPT_INVITATION,
    Action.END_GUEST,
    Action.LET_GUEST_WRITE,
)
PART_ACTIONS = (Action.ANSWER_HANDOVER, Action.READ_FORMER, Action.REMOVE_FORMER)
WITHHELD_ACTIONS = (Action.READ_PANE, Action.WRITE_PANE)


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything but the person that a cell is about. What does not matter is as for an ordinary case."""

    state: State
    sharing: str = "not shared"
    signing: str = "both sign"
    guest: str = ""
    is_replaced: bool = False
    must_be_held: bool = False
    part: str = PARTS[0]
    is_withheld: bool = False

    @property
    def conversation(self) -> ConversationFacts:
        """The conversation of emp with res, in this situation."""
        signers = {
            "both sign": {EMPLOYEE, RESPONSIBLE},
            "employee signs": {EMPLOYEE},
            "nobody signs": set[str](),
        }
        return ConversationFacts(
            EMPLOYEE,
            RESPONSIBLE,
            self.state,
            shares=self.sharing != "share off",
            signers=frozenset(signers[self.signing]),
            completer=RESPONSIBLE,
            may_be_declined=not self.must_be_held,
            guests=tuple(GUESTS.values()),
            stand_ins=frozenset({STAND_IN}),
        )

    def pane(self, pane: Pane) -> PaneFacts:
        """One of its panes; of a gated one, as far shared as the situation says."""
        owners = {Pane.EMPLOYEE: EMPLOYEE, Pane.MANAGER: RESPONSIBLE}
        is_gated = pane in owners
        return PaneFacts(
            self.conversation,
            pane,
            owners.get(pane),
            shared=is_gated and self.sharing in ("shared", "waiting", "opened"),
            opened=is_gated and self.sharing == "opened",
            waiting=is_gated and self.sharing == "waiting",
            current=not self.is_replaced,
            withheld=self.is_withheld,
        )

    def former(self, pane: Pane) -> PartFacts:
        """One of its panes as it stood when prev handed it over."""
        return PartFacts(
            self.conversation,
            pane,
            PREDECESSOR,
            received=self.part != "never shared",
            goes_over={"went over": True, "stayed": False, "removed": False}.get(self.part),
            removed=self.part == "removed",
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One line: the situations that it names, and who may."""

    situations: tuple[Situation, ...]
    people: frozenset[str]


@dataclass(frozen=True, slots=True)
class Section:
    """One action, of one pane where it is about a pane; or one of SIGNED_IN, ANYBODY, NOBODY."""

    title: str
    pane: Pane | None
    transports: tuple[str, ...]
    """``GET /sessions``, or ``socket SyncUpdate``."""
    rows: tuple[Row, ...]

    @property
    def action(self) -> Action | None:
        """None for what needs no right, or is refused whoever asks."""
        return _ACTIONS.get(self.title)

    @property
    def is_of_part(self) -> bool:
        """About what a handover left behind."""
        return self.action in PART_ACTIONS

    @property
    def is_gated(self) -> bool:
        """About a pane that somebody owns, and shares."""
        return self.pane not in (None, Pane.JOINT) and not self.is_of_part

    @property
    def _matters(self) -> tuple[str, ...]:
        """What of a situation decides here."""
        kinds = {
            "sharing": self.is_gated,
            "signing": self.action in (Action.FREEZE, Action.COMPLETE, Action.SIGN, Action.REOPEN),
            "guest": self.action in GUEST_ACTIONS,
            "is_replaced": self.is_gated,
            "is_withheld": self.action in WITHHELD_ACTIONS,
            "part": self.is_of_part,
            "must_be_held": self.action is Action.DECLINE,
            "state": True,
        }
        return tuple(kind for kind, matters in kinds.items() if matters)

    def target(self, situation: Situation) -> Target:
        """What the action is done to."""
        if self.pane is not None and self.is_of_part:
            return situation.former(self.pane)
        if self.pane is not None:
            return situation.pane(self.pane)
        match self.action:
            case action if action in GUEST_ACTIONS:
                return InvitationFacts(situation.conversation, GUESTS[situation.guest])
            case (
                Action.CREATE_CONVERSATION
                | Action.ASK_FOR_CONVERSATION
                | Action.ADD_ACTIVITY
                | Action.SEE_ACTIVITIES
                | Action.SEE_EMPLOYEE
                | Action.SEE_STAFF
            ):
                return PersonFacts(EMPLOYEE, RESPONSIBLE, stand_ins=frozenset({STAND_IN}), above=ABOVE)
            case Action.WRITE_ACTIVITY | Action.END_ACTIVITY:
                return ActivityFacts(PersonFacts(EMPLOYEE, RESPONSIBLE, stand_ins=frozenset({STAND_IN})))
            case Action.KEEP_NOTE:
                return NoteFacts(EMPLOYEE)
            case Action.NAME_STAND_IN | Action.SEE_COUNTS:
                return PersonFacts(RESPONSIBLE, ABOVE, leads=True)
            case (
                Action.ADD_PERSON
                | Action.SET_PASSWORD
                | Action.ADD_TEMPLATE
                | Action.SEE_DECLINED
                | Action.SEE_COVERAGE
                | Action.SET_POLICY
                | Action.EXPORT_OWN
                | Action.ERASE
                | Action.VERIFY_AUDIT
                | Action.IMPORT_ARCHIVE
            ):
                return OrganisationFacts()
            case _:
                return situation.conversation

    def may(self, person: str, situation: Situation) -> bool:
        """The cell. Raises LookupError for a situation that no row, or more than one, is about."""
        matters = self._matters
        found = [
            row
            for row in self.rows
            if any(
                all(getattr(named, kind) == getattr(situation, kind) for kind in matters)
                for named in row.situations
            )
        ]
        if len(found) != 1:
            raise LookupError(f"{len(found)} rows of {self.title} are about {situation}")
        return person in found[0].people


def actor(person: str) -> Actor:
    """One of the people of the columns, as the access rules see them."""
    if person == OPERATES:
        return OPERATOR
    roles = {Role.EMPLOYEE} | ({ROLES[person]} if person in ROLES else set())
    return Actor(person, frozenset(roles))


@cache
def read() -> tuple[tuple[str, ...], tuple[Section, ...]]:
    """The people of the columns, and the sections in order."""
    _, *parts = TABLE.read_text("utf-8").split("\n== ")
    people: tuple[str, ...] = ()
    sections = []
    for part in parts:
        title, *lines = [line for line in part.splitlines() if line.strip()]
        heading = next(at for at, line in enumerate(lines) if "|" in line)
        columns = tuple(_cells(lines[heading]))
        if people and columns != people:
            raise ValueError(f"other columns under {title}")
        people = columns
        name, _, pane = title.partition(" of ")
        sections.append(
            Section(
                name,
                Pane(pane) if pane else None,
                tuple(way for line in lines[:heading] for way in _ways(line.strip())),
                tuple(_row(line, people) for line in lines[heading + 1 :]),
            )
        )
    return people, tuple(sections)


@cache
def section(action: Action, pane: Pane | None = None) -> Section:
    """The section about an action."""
    return next(one for one in read()[1] if (one.action, one.pane) == (action, pane))


@cache
def asked_for(way: str) -> tuple[Section, ...]:
    """What is asked for by an address or a message; nothing for one that the table does not know."""
    return tuple(one for one in read()[1] if way in one.transports)


@cache
def ways() -> frozenset[str]:
    """Every address and message that the table knows."""
    return frozenset(way for one in read()[1] for way in one.transports)


def _cells(line: str) -> list[str]:
    return [word for word in line.split() if word != "|"]


def _ways(line: str) -> Iterator[str]:
    """``socket Ping, Pong`` is two ways; an address is one."""
    kind, _, named = line.partition(" ")
    for one in named.split(", "):
        yield f"{kind} {one}"


def _row(line: str, people: tuple[str, ...]) -> Row:
    words = _cells(line)
    marks = words[-len(people) :]
    if set(marks) - {"x", "."}:
        raise ValueError(f"a cell is neither x nor a dot: {line}")
    named = " ".join(words[: -len(people)])
    allowed = frozenset(person for person, mark in zip(people, marks, strict=True) if mark == "x")
    return Row(tuple(_situations(named)), allowed)


def _situations(named: str) -> Iterator[Situation]:
    """``going on, shared/opened``: one after the other, all that this says."""
    first, *others = named.split(", ")
    states = [state for word in first.split("/") for state in STATES[word]]
    choices: dict[str, list[str]] = {"sharing": ["not shared"], "signing": ["both sign"], "guest": [""]}
    is_replaced, is_withheld = "replaced" in others, "withheld" in others
    parts = [PARTS[0]]
    held = (False, True) if f"{MUST_BE_HELD} or not" in others else (MUST_BE_HELD in others,)
    for words in others:
        if words == "however shared":
            choices["sharing"] = list(SHARINGS)
        elif words == "however answered":
            parts = list(PARTS)
        elif words.split("/")[0] in PARTS:
            parts = words.split("/")
        elif words == "whoever signs":
            choices["signing"] = list(SIGNINGS)
        elif words == "of anybody":
            choices["guest"] = list(GUESTS)
        elif words.startswith("of "):
            choices["guest"] = words.removeprefix("of ").split("/")
        elif words not in ("replaced", "withheld") and not words.startswith(MUST_BE_HELD):
            each = words.split("/")
            choices["sharing" if each[0] in SHARINGS else "signing"] = each
    for state, (sharing, signing, guest) in product(states, product(*choices.values())):
        if sharing not in SHARINGS or signing not in SIGNINGS or guest not in {"", *GUESTS}:
            raise ValueError(f"not a situation: {named}")
        yield from (
            Situation(state, sharing, signing, guest, is_replaced, each, part, is_withheld)
            for each, part in product(held, parts)
        )
