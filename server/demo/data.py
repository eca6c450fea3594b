"""The files of the sample organisation, read and checked whole before anything is played."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from server.activities import ActivityState, GoalType
from server.rules.access import Pane, Role
from server.template.words import Words

FOLDER = Path(__file__).parent

DOMAIN = "nordljus.example"
"""Of the addresses of everybody in a demo; ``.example`` is nobody's."""
CROWD = "p"
"""How the ids of a large organisation's people and units begin; digits follow."""

# The one in C, where PyYAML came with it.
LOADER: type[yaml.CSafeLoader | yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Strict(BaseModel):
    """Days are counted from the day of loading; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class EmploymentData(Strict):
    form: str
    start_offset: int
    end_offset: int | None = None


class UnitData(Strict):
    id: str
    name: Words
    parent: str | None
    goals: list[Words]


class PersonData(Strict):
    id: str
    name: str
    email: Annotated[str, Field(pattern=r"^[a-z]+@[a-z]+\.example$")]
    unit: str
    title: Words
    manager: str | None
    previous_manager: str | None = None
    """Who it was until shortly after the conversations with that manager were made."""
    locale: Literal["sv", "nb", "en"]
    employment: EmploymentData
    roles: list[Role]


class NameData(Strict):
    name: str


class PeriodData(Strict):
    name: str
    start_offset: int
    end_offset: int


class RulesData(Strict):
    policy: dict[str, Any]
    """As ``server.policy.Policy``, without the period, whose days are counted."""
    period: PeriodData


class StandInData(Strict):
    manager: str
    person: str
    named_day: int
    start_offset: int
    end_offset: int
    reason: str


class OrganisationData(Strict):
    organisation: NameData
    rules: RulesData
    stand_ins: list[StandInData]
    units: list[UnitData]
    """Parents first."""
    people: list[PersonData]
    """The system administrator first, then managers before those whom they lead."""

    @property
    def newest(self) -> PersonData:
        """Whoever was employed last. Nobody has had a conversation with them yet."""
        return max(self.people, key=lambda person: person.employment.start_offset)


class MeetingData(Strict):
    day: int
    time: Annotated[str, Field(pattern=r"^\d\d:\d\d$")]
    time_zone: str
    place: str


class FirstMeetingData(MeetingData):
    """As it was agreed on when the conversation was made, and who was told of it how."""

    email_notice: bool = False
    """Both are told of it by e-mail (F49)."""
    calendar_invite: bool = False
    """Both get it in their calendars (F50)."""


class WriteStep(Strict):
    day: int
    who: str
    pane: Pane
    answers: dict[str, Any]
    """Element -> a text, a step of a scale, or the rows of a table."""


class ShareStep(Strict):
    day: int
    who: str
    shares: Pane


class OpenStep(Strict):
    day: int
    who: str
    opens: Pane


class SignStep(Strict):
    """Sign, after freezing if nobody has signed yet. The comment may be empty."""

    day: int
    who: str
    signs: str


class CompleteStep(Strict):
    day: int
    who: str
    completes: Literal[True]


class DeclineStep(Strict):
    """The reason, and what is proposed instead."""

    day: int
    who: str
    declines: str
    proposes: str


class MoveStep(Strict):
    """Another day, time or place."""

    day: int
    who: str
    moves: MeetingData


Step = WriteStep | ShareStep | OpenStep | SignStep | CompleteStep | DeclineStep | MoveStep


class ConversationData(Strict):
    id: str
    """By which tests and scenes know it. In the product its id is random."""
    employee: str
    responsible: str
    template: Annotated[str, Field(pattern=r"^[a-z-]+@\d+$")]
    created_day: int
    meeting: FirstMeetingData | None = None
    steps: list[Step] = []

    @property
    def is_ended(self) -> bool:
        """Whether it was signed or completed, and not opened again."""
        return bool(self.steps) and isinstance(self.steps[-1], SignStep | CompleteStep)


class ActivityData(Strict):
    """Agreed on outside any conversation."""

    employee: str
    by: str
    day: int
    goal_type: GoalType
    title: str
    description: str = ""
    develop: str = ""
    how: str = ""
    owner: str | None = None
    due: int | None = None
    follow_up: int | None = None


class ActivityWriting(Strict):
    """What somebody wrote in an activity later on, into fields that were empty."""

    employee: str
    by: str
    day: int
    title: str
    answers: dict[str, str]
    """Field of its document -> a text."""


class CommentData(Strict):
    """What somebody said about an activity."""

    employee: str
    by: str
    day: int
    title: str
    says: str


class ArchiveData(Strict):
    """When what an older system had was brought in, and by whom: ``archive.csv``."""

    by: str
    day: int


class EndingData(Strict):
    """How an activity ended that was active until then."""

    employee: str
    by: str
    day: int
    title: str
    state: Literal[ActivityState.COMPLETED, ActivityState.CANCELLED]
    reason: str = ""
    """Why it was cancelled."""


class ConversationsData(Strict):
    conversations: list[ConversationData]
    activities: list[ActivityData]
    activity_writings: list[ActivityWriting]
    comments: list[CommentData]
    endings: list[EndingData]
    archive: ArchiveData


def crowd_address(id_: str) -> str:
    """The address of somebody of a large organisation, by the id. No address for any other id."""
    return f"{id_}@{DOMAIN}" if re.fullmatch(rf"{CROWD}\d{{5,}}", id_) else ""


def organisation() -> OrganisationData:
    """Units and people."""
    return OrganisationData.model_validate(_yaml("organisation.yaml"))


def conversations() -> ConversationsData:
    """Conversations, other activities, and how activities ended."""
    return ConversationsData.model_validate(_yaml("conversations.yaml"))


class CrowdData(Strict):
    """Of whom a large organisation is made."""

    first_names: list[str]
    last_names: list[str]
    titles: list[Words]
    leader: Words
    department: Words
    team: Words
    under: list[str]
    said: Words
    """Of an activity, while it goes on."""
    given_up: Words
    """Why an activity was cancelled."""


def crowd() -> CrowdData:
    """Names, titles and units of a large organisation."""
    return CrowdData.model_validate(_yaml("crowd.yaml"))


def archive() -> bytes:
    """What an older system had of activities, as a file of it."""
    return (FOLDER / "archive.csv").read_bytes()


def templates() -> list[dict[str, Any]]:
    """Bodies of the templates, in the order in which they are added."""
    return [_yaml(path.name)["template"] for path in sorted(FOLDER.glob("template_*.yaml"))]


def _yaml(name: str) -> Any:
    return yaml.load((FOLDER / name).read_text(encoding="utf-8"), LOADER)  # noqa: S506 (both are safe)
