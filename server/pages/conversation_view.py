"""A conversation as one person sees it: panes and steps, ready to be drawn.

Pure: it reads nothing and decides nothing about rights, which come in as ``allowed`` says them. What a
person may not read is not in here, so that no template can show it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from crdt.content import Content
from server.conversations import Conversation
from server.documents import COLOURS
from server.pages.names import whose
from server.pages.parts_view import Shown
from server.pages.rendering import View
from server.people import Person
from server.rules.access import GOES_ON, Action, Pane, PaneFacts, State, allowed

PANE_ACTIONS = (
    Action.READ_PANE,
    Action.WRITE_PANE,
    Action.SHARE_PANE,
    Action.WITHDRAW_SHARE,
    Action.OPEN_PANE,
    Action.PREVIEW_PANE,
)


@dataclass(frozen=True, slots=True)
class PaneSeen:
    """One pane for the person who looks. ``title``, ``short`` and ``status`` are sentences to show."""

    pane: Pane
    owner: Person | None
    title: str
    short: str
    label: str
    status: str
    icon: str
    sealed: str
    """What stands where the answers would be, for whoever may not read them."""
    is_mine: bool
    is_ours: bool
    """The viewer's own, or the joint one of the two of whom the viewer is one."""
    is_shared: bool
    readable: bool
    writable: bool
    can_share: bool
    can_withdraw: bool
    can_open: bool
    can_preview: bool

    @property
    def hand(self) -> str:
        """Its colour."""
        return COLOURS[self.pane]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way, and whether it is behind or the present one."""

    word: str
    is_done: bool
    is_now: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """A conversation, and who looks at it."""

    viewer: Person
    conversation: Conversation
    contents: Mapping[Pane, Content]
    """Only of panes that the viewer may read."""
    shown: Shown = field(default_factory=dict)
    """What questions show without asking for it."""

    @property
    def other(self) -> Person:
        """The other party."""
        return self.conversation.other(self.viewer.id)

    @property
    def mine(self) -> Pane | None:
        """The viewer's own pane; None for a guest, who has none."""
        owners = {
            self.conversation.employee.id: Pane.EMPLOYEE,
            self.conversation.responsible.id: Pane.MANAGER,
        }
        return owners.get(self.viewer.id)

    @property
    def is_single(self) -> bool:
        """Whether every question stands once, whoever fills it in, instead of once in each pane's column."""
        return self.conversation.template.layout != "three_pane"

    @property
    def parties(self) -> tuple[Person, Person]:
        """Both, the employee first."""
        return self.conversation.employee, self.conversation.responsible


def panes(seen: Seen, view: View) -> dict[Pane, PaneSeen]:
    """The three panes in reading order; those in which the template asks nothing are left out."""
    return {
        pane: _pane(seen, view, pane) for pane in Pane if any(seen.conversation.template.elements_in(pane))
    }


def steps(seen: Seen, view: View) -> tuple[Step, ...]:
    """Where the conversation stands, from the viewer's own pane and from what both can see.

    None for one that was not held.
    """
    say = view.catalogue.say
    if seen.conversation.state in (State.DECLINED, State.CANCELLED):
        return ()
    words = [say("Prepare"), say("Talk")]
    shares = seen.conversation.template.shares
    if shares:
        words.insert(1, say("Share"))
    words.append(say("Sign") if seen.conversation.template.sign.enabled else say("Complete"))
    match seen.conversation.state:
        case State.OPEN:
            now = _open_step(seen) if shares else 0
        case State.FROZEN:
            now = len(words) - 1
        case _:
            now = len(words)
    return tuple(Step(word, index < now, index == now) for index, word in enumerate(words))


def _open_step(seen: Seen) -> int:
    """0 prepare, 1 share, 2 talk."""
    template, stored = seen.conversation.template, seen.conversation.panes
    gated = [pane for pane in stored if pane is not Pane.JOINT and any(template.elements_in(pane))]
    if all(stored[pane].facts.shared for pane in gated):
        return 2
    if seen.mine is None:
        return 1 if any(stored[pane].facts.shared for pane in gated) else 0
    mine = seen.contents.get(seen.mine, {})
    is_begun = any(element.is_filled(mine) for element in template.elements_in(seen.mine))
    return 1 if stored[seen.mine].facts.shared or is_begun else 0


def _pane(seen: Seen, view: View, pane: Pane) -> PaneSeen:
    facts = seen.conversation.panes[pane].facts
    owner = _owner(seen, pane)
    is_mine = owner is not None and owner.id == seen.viewer.id
    can = {action: allowed(seen.viewer.actor, action, facts) for action in PANE_ACTIONS}
    title, short, label = _titles(view, owner, is_mine)
    status, icon = _status(view, seen, facts, is_mine, can[Action.READ_PANE])
    return PaneSeen(
        pane=pane,
        owner=owner,
        title=title,
        short=short,
        label=label,
        status=status,
        icon=icon,
        sealed=_sealed(seen, view, facts, owner, can[Action.OPEN_PANE]),
        is_mine=is_mine,
        is_ours=is_mine or (owner is None and seen.mine is not None),
        is_shared=facts.shared,
        readable=can[Action.READ_PANE],
        writable=can[Action.WRITE_PANE],
        can_share=can[Action.SHARE_PANE],
        can_withdraw=can[Action.WITHDRAW_SHARE],
        can_open=can[Action.OPEN_PANE] and not facts.opened,
        can_preview=can[Action.PREVIEW_PANE],
    )


def _goes_on(seen: Seen) -> bool:
    return seen.conversation.state in GOES_ON


def _sealed(seen: Seen, view: View, facts: PaneFacts, owner: Person | None, can_open: bool) -> str:
    say = view.catalogue.say
    if facts.withheld:
        employee, responsible = (each.first_name for each in seen.parties)
        if seen.viewer.id == seen.conversation.employee.id:
            return say("Shown when you have said what goes over to %(name)s", name=responsible)
        return say("Shown when %(name)s has said what goes over", name=employee)
    if owner is None:
        return ""
    if can_open:
        return say("Shared: show the answers to read")
    if facts.shared or _goes_on(seen):
        return say("%(name)s has not shared yet", name=owner.first_name)
    return say("%(name)s did not share this", name=owner.first_name)


def _owner(seen: Seen, pane: Pane) -> Person | None:
    employee, responsible = seen.parties
    return {Pane.EMPLOYEE: employee, Pane.MANAGER: responsible}.get(pane)


def _titles(view: View, owner: Person | None, is_mine: bool) -> tuple[str, str, str]:
    """Title for the head, short one for the tab, label for the cell."""
    say = view.catalogue.say
    if owner is None:
        return say("Joint conclusion"), say("Joint"), say("Together")
    if is_mine:
        return say("My pane"), say("Mine"), owner.first_name
    genitive = whose(owner.first_name, view.locale)
    return say("%(whose)s pane", whose=genitive), genitive, owner.first_name


def _status(view: View, seen: Seen, facts: PaneFacts, is_mine: bool, readable: bool) -> tuple[str, str]:
    say, other = view.catalogue.say, seen.other.first_name
    is_guest = seen.mine is None
    if facts.withheld:
        return (say("Only you see this") if is_mine else say("Waits for an answer")), "lock"
    if facts.pane is Pane.JOINT:
        if seen.conversation.state is not State.OPEN:
            return (say("They wrote together") if is_guest else say("You wrote together")), "lock"
        return (say("They write together") if is_guest else say("You write together")), "pen-line"
    if not facts.conversation.shares:
        return (say("Everybody here reads this") if is_guest else say("Both of you read this")), "eye"
    if is_mine:
        if facts.waiting:
            return say("Opens when %(name)s has shared too", name=other), "lock"
        if facts.shared:
            return say("Shared with %(name)s", name=other), "eye"
        return say("Only you see this"), "lock"
    if not facts.shared:
        return (say("Not shared yet") if _goes_on(seen) else say("Was not shared")), "lock"
    if facts.waiting:
        return (
            say("Opens when both have shared") if is_guest else say("Opens when you have shared too")
        ), "lock"
    return (say("Shared with you"), "eye") if readable else (say("Shared, not opened yet"), "lock-open")
