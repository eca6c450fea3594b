"""The format in which a form administrator writes a template: what a conversation asks, and how.

A template is data: ``read`` turns the mapping that a YAML file or the database holds into a ``Template``,
or raises ``TemplateInvalid`` with every error at once, each with its path and a sentence. Unknown keys are
errors, so that a misspelt setting can never be mistaken for a default.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from crdt.schema import DocumentSchema
from server.faults import Fault
from server.rules.access import Pane
from server.template.elements import Element
from server.template.faults import fault
from server.template.misfits import DEVELOPMENT_PLANNED, misfits
from server.template.plan import ActionPlan
from server.template.words import (
    Identifier,
    NotEmpty,
    Once,
    Party,
    PersonId,
    Sentence,
    Strict,
    WordLists,
    Words,
)

Kind = Literal["annual", "follow_up", "salary"]

PANES_OF_LAYOUT = (Pane.EMPLOYEE, Pane.MANAGER, Pane.JOINT)

Rule = Literal["plan_has_at_least_one_goal", "development_plan_present_or_marked_not_needed"]
"""What the plan must have before the conversation can be finished (F106–F108)."""


class Share(Strict):
    """Whether each party keeps a pane to themselves until they share it (F16, F22)."""

    enabled: bool
    reveal: Literal["each", "together"] = "each"
    """``each``: a shared pane can be opened at once; ``together``: only when both have shared."""
    unit: Literal["whole_pane", "whole_record"] = "whole_pane"
    """Both say the same: a share opens all that its owner has written."""
    rule: Literal["all_notes_reach_employee_after_conversation"] | None = None
    """Shown to both. Finishing keeps it: by then both panes are shared."""
    note: Sentence | None = None
    """For whoever maintains the template: shown nowhere."""
    revocable_until: Literal["other_party_has_opened"] = "other_party_has_opened"


class Sign(Strict):
    """Whether and by whom the finished conversation is signed (F24–F26)."""

    enabled: bool = False
    requires: tuple[Literal["employee_shared", "manager_shared", "notes_delivered_to_employee"], ...] = ()
    """What must be shared before. The notes are delivered when the manager's pane is shared."""
    signers: Annotated[tuple[Party, ...], NotEmpty, Once] = ("employee", "manager")
    meaning: Literal["seen", "agreed", "seen_and_done"] = "seen"
    allow_comment_with_signature: bool = True


class AvailableTo(Strict):
    """For whom the template can be chosen (F44). Nothing given: for everybody."""

    units: tuple[Identifier, ...] = ()
    employment_forms: tuple[Sentence, ...] = ()
    """As the employer words them: ``tillsvidare``, ``fast``."""
    persons: tuple[PersonId, ...] = ()
    """For these in any case; and if neither units nor forms are given, for nobody else."""

    def includes(self, person: str, units: Collection[str], employment_form: str) -> bool:
        """Whether it can be chosen for somebody: of one of the units and of one of the forms, where given.

        ``units`` are the person's own unit and all above it: what is for a unit is for those below it.
        """
        if person in self.persons:
            return True
        if not self.units and not self.employment_forms:
            return not self.persons
        forms = {form.casefold() for form in self.employment_forms}
        return (not self.units or any(unit in self.units for unit in units)) and (
            not forms or employment_form.casefold() in forms
        )


class Guidance(Strict):
    """A sentence to each party above the questions."""

    employee: Words
    manager: Words


class PaneRule(Strict):
    """What a template may repeat about a pane. It must say what holds in every conversation."""

    id: Pane
    position: int
    filled_by: tuple[Party, ...]
    read_before_share: tuple[Party, ...]
    read_after_share: tuple[Party, ...]
    live_coediting: bool = True

    @field_validator("filled_by", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _says_what_holds(self) -> Self:
        both = {"employee", "manager"}
        own = both if self.id is Pane.JOINT else {self.id.value}
        if set(self.filled_by) != own or set(self.read_before_share) != own:
            raise ValueError("a pane is written, and read before it is shared, by its owner only")
        if set(self.read_after_share) != both:
            raise ValueError("a shared pane is read by both parties")
        if self.position != PANES_OF_LAYOUT.index(self.id) + 1:
            raise ValueError("the order of the panes is employee, manager, joint")
        return self


class Prefill(Strict):
    """What an earlier conversation of the same two people brings along, read-only."""

    model_config = ConfigDict(populate_by_name=True)

    source: Literal["previous_conversation"] = Field(alias="from")
    what: tuple[Literal["joint", "activities"], ...]
    editable: Literal[False] = False


class Section(Strict):
    """Elements under one heading. ``carries_to`` is where the parties take what they arrive at (F136)."""

    is_plan: ClassVar[bool] = False

    id: Identifier
    title: Words
    help: Words | None = None
    carries_to: Literal["notes", "plan_goals", "plan_development", "plan_challenge"] | None = None
    note_rule: Words | None = None
    """What is worth writing down here (F143)."""
    prefill: Prefill | None = None
    elements: tuple[Annotated[Element, Field(discriminator="type")], ...]


class PlanSection(Section):
    """The action plan, as the last chapter."""

    is_plan: ClassVar[bool] = True


class ExcludedTopic(Strict):
    """A subject that belongs elsewhere, and the hint that says where (F96, F155)."""

    id: Identifier
    hint: Words


class Prepare(Strict):
    """What goes out with the invitation, and whether the employee confirms having read it (F116–F119)."""

    send_routine_with_invitation: bool = False
    send_action_plan_template: bool = False
    employee_must_read: bool = False


class NotifyDefaults(Strict):
    """What is chosen beforehand when somebody makes a conversation (F49, F50)."""

    email: bool = True
    calendar_invite: bool = True


class MayReference(Strict):
    """What of earlier conversations may be shown beside this one (F156)."""

    kinds: Annotated[tuple[Kind, ...], NotEmpty]
    what: Annotated[tuple[Literal["joint", "activities"], ...], NotEmpty]
    only_if: Literal["both_shared"] = "both_shared"
    never: tuple[Literal["drafts", "sensitive_elements"], ...] = ("drafts", "sensitive_elements")


class CombinedWithAnnual(Strict):
    """Whether pay is talked of in the annual conversation (F159)."""

    default: bool = False
    per_organisation: bool = True
    """Whether an organisation may decide it for itself."""


class Template(Strict):
    """One version of a template. A conversation keeps the version that it was made with."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
    version: Annotated[int, Field(ge=1)]
    kind: Kind
    source_seed: Sentence | None = None
    """Where its questions come from, for whoever maintains it: shown nowhere."""
    name: Words
    description: Words | None = None
    layout: Literal["three_pane", "single", "single_notes_plus_plan"]
    share: Share | None = None
    sign: Sign = Sign()
    completes: Party = "manager"
    save: Literal["automatic"] = "automatic"
    available_to: AvailableTo = AvailableTo()
    panes: tuple[PaneRule, ...] = ()
    guidance: Guidance | None = None
    mandatory_mark: Annotated[str, StringConstraints(min_length=1, max_length=3)] = "*"
    """What marks a question that must be answered, beside the words that say so (F60)."""
    mandatory_conversation: bool = False
    """Whether everybody must have one, so that it can be overdue (F115)."""
    preview_before_create: bool = False
    prepare: Prepare = Prepare()
    notify_defaults: NotifyDefaults = NotifyDefaults()
    follow_up_in: tuple[Literal["performance_conversation_pay", "next_annual_conversation"], ...] = ()
    """Where its goals are looked at again (F118)."""
    may_reference: MayReference | None = None
    combined_with_annual: CombinedWithAnnual | None = None
    sections: Annotated[tuple[Section, ...], NotEmpty]
    action_plan: ActionPlan | None = None
    development_kinds: WordLists | None = None
    """Choices for what kind of development is meant (F109)."""
    requires_before_complete: Annotated[tuple[Rule, ...], Once] = ()
    excluded_topics: tuple[ExcludedTopic, ...] = ()

    @cached_property
    def schemas(self) -> Mapping[Pane, DocumentSchema]:
        """What the document of each pane holds: of all conversations with this template the same object."""
        return {
            pane: DocumentSchema(tuple(field for each in self.elements_in(pane) for field in each.fields()))
            for pane in Pane
        }

    @property
    def shares(self) -> bool:
        """Each party's pane is private until shared: the default in three panes, not in one."""
        return self.share.enabled if self.share else self.layout == "three_pane"

    @property
    def reveals_together(self) -> bool:
        """Both panes open when the second is shared, not each on its own."""
        return self.share is not None and self.share.reveal == "together"

    @cached_property
    def chapters(self) -> tuple[Section, ...]:
        """The sections, and the action plan as the last one if there is any."""
        if self.action_plan is None:
            return self.sections
        plan = self.action_plan
        elements = plan.elements(
            self.development_kinds,
            may_lack_development=DEVELOPMENT_PLANNED in self.requires_before_complete,
        )
        made = PlanSection.model_construct(
            id=plan.id, title=plan.title, help=plan.help, elements=tuple(elements)
        )
        return (*self.sections, made)

    @property
    def elements(self) -> Iterator[Element]:
        """Every element, the plan's too, in the order in which it is shown."""
        return (element for chapter in self.chapters for element in chapter.elements)

    @cached_property
    def lived_in(self) -> frozenset[Pane]:
        """The panes in which there is any element."""
        return frozenset(pane for pane in Pane if any(self.elements_in(pane)))

    def elements_in(self, pane: Pane) -> Iterator[Element]:
        """The elements that live in ``pane``, in order."""
        return (element for element in self.elements if pane in element.lives_in)


class TemplateInvalid(Exception):
    """The template breaks the format. ``errors`` has all of them."""

    def __init__(self, errors: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(map(str, errors)))
        self.errors = errors


def read(body: Mapping[str, Any]) -> Template:
    """Make a template of the mapping below the file's key ``template``. Raises TemplateInvalid."""
    errors = list(misfits(body))
    try:
        template = Template.model_validate(body)
    except ValidationError as invalid:
        errors += [fault(Template, error) for error in invalid.errors()]
    if errors:
        raise TemplateInvalid(tuple(errors))
    return template
