"""What an operator types: an organisation founded from nothing, and one sentence for each misuse."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml
from typer.testing import CliRunner

from server import letters, people, policy
from server.accounts import Accounts
from server.cli import whole_cli
from server.commands.ground import Ground, now
from server.conversations import Conversations
from server.people import Person
from server.policy import Policy
from server.rules.access import Actor
from server.rules.errors import PasswordGuessable, SignInRefused
from server.sessions import Sessions
from server.settings import Settings
from server.storage.database import Database
from server.storage.opening import open_database
from tests.organisation import ANNUAL, annual_template

T = TypeVar("T")
MISUSE = 2
ROOT = Path(__file__).parents[1]
MAJA, JONAS = "maja@vatten.example", "jonas@vatten.example"
CHOSEN = "a long enough password"


def words(text: str) -> dict[str, str]:
    return {"sv": text, "nb": text, "en": text}


def entry(id_: str, manager: str | None, **keys: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "name": f"{id_.capitalize()} Bergman",
        "email": f"{id_}@vatten.example",
        "unit": "drift",
        "title": words("Tekniker"),
        "manager": manager,
        "locale": "sv",
        "employment": {"form": "fast", "began_on": "2020-02-01"},
    } | keys


# Whoever stands above somebody comes after them: the order in a file is the writer's own.
FILE: dict[str, Any] = {
    "organisation": {"name": "Vatten"},
    "units": [
        {"id": "drift", "name": words("Drift"), "parent": "ledning", "goals": [words("Rent vatten")]},
        {"id": "ledning", "name": words("Ledning")},
    ],
    "people": [entry("maja", "jonas"), entry("jonas", None, roles=["employee", "manager"])],
}


class Operator:
    """Somebody at the machine on which the database lies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {"SAMSYN_DATA": str(folder / "data"), "SAMSYN_ORIGIN": "https://samtal.example"}

    def says(self, *arguments: str, typed: str = "") -> str:
        """What a command that succeeds prints."""
        result = CliRunner().invoke(whole_cli(), arguments, env=self.environment, input=typed)
        assert result.exit_code == 0, result.output
        return result.stdout

    def is_told(self, *arguments: str, typed: str = "") -> list[str]:
        """The sentences of a command that refuses."""
        result = CliRunner().invoke(whole_cli(), arguments, env=self.environment, input=typed)
        assert (result.exit_code, result.stdout.strip()) == (MISUSE, ""), result.output
        assert isinstance(result.exception, SystemExit)
        return re.sub(r"(New password of [^:]*|The same again): ?", "", result.stderr).strip().splitlines()

    def file(self, content: object, name: str = "file.yaml") -> str:
        path = self.folder / name
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        return str(path)

    def founds(self) -> None:
        """The organisation and its template."""
        self.says("organisation", self.file(FILE))
        self.says("template", "add", self.file({"template": annual_template()}))

    @property
    def url(self) -> str:
        return Settings(data=self.folder / "data").database_url

    def finds(self, work: Callable[[Database], Awaitable[T]]) -> T:
        """What is in the database."""

        async def opened() -> T:
            database = await open_database(self.url, now)
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(opened())

    def person(self, id_: str) -> Person:
        return self.finds(lambda database: database.read(lambda connection: people.get(connection, id_)))

    def lets_in(self, email: str, password: str) -> bool:
        """Whether this signs somebody in."""

        async def sign_in(database: Database) -> bool:
            try:
                await Accounts(database, now).sign_in(email, password, "192.0.2.1")
            except SignInRefused:
                return False
            return True

        return self.finds(sign_in)

    def converses(self, **changes: str) -> tuple[str, ...]:
        """The arguments that make Maja's conversation."""
        options = {
            "employee": MAJA,
            "template": ANNUAL[0],
            "at": "2026-12-01 10:00",
            "place": "Rum 2",
            **changes,
        }
        return (
            "conversation",
            *(part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", value)),
        )


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path)


def test_from_an_empty_folder_to_a_conversation_of_two_people_who_can_sign_in(operator: Operator) -> None:
    assert "Added 2 units and 2 people, changed 0 and 0" in operator.says("organisation", operator.file(FILE))
    # Nobody else of the machine looks into the folder that was made for it.
    assert (operator.folder / "data").stat().st_mode & 0o777 == 0o700
    operator.says("template", "add", operator.file({"template": annual_template()}))
    password = operator.says("password", "--generate", MAJA.upper()).strip()
    operator.says("password", JONAS, typed=f"{CHOSEN}\n{CHOSEN}\n")
    assert operator.lets_in(MAJA, password)
    assert operator.lets_in(JONAS, CHOSEN)
    address = operator.says(*operator.converses()).strip()
    found = re.fullmatch(r"https://samtal\.example/conversations/([0-9a-f]{32})", address)
    assert found is not None
    for id_ in ("maja", "jonas"):
        actor = operator.person(id_).actor
        seen = operator.finds(
            lambda database, actor=actor: Conversations(database, now).see(actor, found[1])  # type: ignore[misc]
        )
        assert (seen.employee.id, seen.responsible.id) == ("maja", "jonas")
        assert seen.meeting is not None
        assert (seen.meeting.at, seen.meeting.place) == (datetime(2026, 12, 1, 9, tzinfo=UTC), "Rum 2")


MAILS = {"SAMSYN_SMTP_URL": "smtp://mail.example", "SAMSYN_MAIL_FROM": "samsyn@nordljus.example"}


@pytest.mark.parametrize(
    ("options", "sequences"),
    [
        ((), []),
        (("--e-mail",), [None, None]),
        (("--calendar",), [0, 0]),
        (("--e-mail", "--calendar"), [0, 0]),
    ],
)
def test_both_are_told_of_a_conversation_as_it_was_chosen(
    operator: Operator, options: tuple[str, ...], sequences: list[int | None]
) -> None:
    operator.founds()
    operator.environment |= MAILS
    operator.says(*operator.converses(), *options)
    waiting = [
        letter.about.sequence
        for who in ("maja", "jonas")
        for letter in operator.finds(
            lambda database, who=who: database.read(lambda c: letters.to(c, Actor(who)))  # type: ignore[misc]
        )
    ]
    assert waiting == sequences


@pytest.mark.parametrize("option", ["--e-mail", "--calendar"])
def test_nobody_is_told_where_there_is_no_mail_server(operator: Operator, option: str) -> None:
    operator.founds()
    (line,) = operator.is_told(*operator.converses(), option)
    assert line.startswith("There is no mail server: set SAMSYN_SMTP_URL")


def test_in_an_organisation_that_begins_nobody_is_overdue_for_what_was_before(operator: Operator) -> None:
    said = operator.says("organisation", operator.file(FILE))
    since = operator.finds(lambda database: database.read(policy.get)).required_since
    assert f"is counted from today, {since}" in said
    own = yaml.safe_load(operator.says("policy")) | {"required_since": None}
    operator.says("policy", operator.file(own))
    assert "is counted" not in operator.says("organisation", operator.file(FILE))
    assert operator.finds(lambda database: database.read(policy.get)) == Policy()


def test_the_same_file_again_changes_nothing_and_a_changed_one_only_what_differs(operator: Operator) -> None:
    operator.founds()
    operator.says("password", MAJA, typed=f"{CHOSEN}\n{CHOSEN}\n")
    assert "Added 0 units and 0 people, changed 0 and 0" in operator.says("organisation", operator.file(FILE))
    changed = {"people": [entry("maja", None, name="Maja Öberg", locale="nb")]}
    said = operator.says("organisation", operator.file(changed))
    assert "Added 0 units and 0 people, changed 0 and 1" in said
    assert "1 active people have no password" in said
    maja = operator.person("maja")
    # The language is hers to choose, once she is there.
    assert (maja.name, maja.manager_id, maja.locale) == ("Maja Öberg", None, "sv")
    assert operator.person("jonas").name == "Jonas Bergman"
    assert operator.lets_in(MAJA, CHOSEN)


def test_a_unit_that_changes_keeps_its_people(operator: Operator) -> None:
    operator.founds()
    moved = {"units": [{"id": "drift", "name": words("Drift och lab"), "goals": [words("Färre stopp")]}]}
    assert "changed 1 and 0" in operator.says("organisation", operator.file(moved))
    goals = operator.finds(lambda database: database.read(lambda c: people.unit_goals(c, "drift")))
    assert (goals, operator.person("maja").unit) == ([words("Färre stopp")], "drift")


def test_whoever_has_left_is_let_in_no_more(operator: Operator) -> None:
    operator.founds()
    operator.says("password", MAJA, typed=f"{CHOSEN}\n{CHOSEN}\n")
    operator.says("organisation", operator.file({"people": [entry("maja", "jonas", active=False)]}))
    assert not operator.lets_in(MAJA, CHOSEN)
    (line,) = operator.is_told("password", "--generate", MAJA)
    assert line.startswith(f"Nobody active has the address {MAJA} in ")


def test_the_rules_of_the_organisation_are_printed_as_a_file_that_sets_them_again(operator: Operator) -> None:
    printed = operator.says("policy")
    assert yaml.safe_load(printed) == Policy().model_dump(mode="json")
    own = {"small_group": 7, "period": {"name": "Hösten", "begins_on": "2026-09-01", "ends_on": "2026-12-20"}}
    assert "These are the rules now, in " in operator.says("policy", operator.file(own))
    changed = operator.says("policy")
    assert "name: Hösten" in changed
    operator.says("policy", operator.file(yaml.safe_load(printed)))
    assert operator.says("policy") == printed
    operator.says("policy", operator.file(yaml.safe_load(changed)))
    assert operator.finds(lambda database: database.read(policy.get)) == Policy.model_validate(own)


def test_everything_wrong_with_the_rules_is_said_at_once_and_nothing_is_changed(operator: Operator) -> None:
    wrong = {"small_group": 1, "notice_days": [7], "retention": {"signed_years": "two"}, "colour": "green"}
    said = dict(line.split(": ", 1) for line in operator.is_told("policy", operator.file(wrong)))
    assert set(said) == {"small_group", "notice_days[1]", "retention.signed_years", "colour"}
    assert said["colour"] == "There is no such key here."
    assert operator.finds(lambda database: database.read(policy.get)) == Policy()


def test_everything_wrong_with_an_organisation_is_said_at_once_and_nothing_of_it_is_done(
    operator: Operator,
) -> None:
    operator.founds()
    wrong = deepcopy(FILE)
    wrong["colour"] = "green"
    wrong["units"] += [
        {"id": "lab", "name": {"sv": "Lab"}, "parent": "labb"},
        {"id": "ledning", "name": words("x"), "parent": "drift"},
    ]
    wrong["people"] += [
        entry("leo", "leo", email="leo"),
        entry("ida", "nobody", unit="labb", email=" MAJA@vatten.example"),
        entry("bo", "jonas", locale="fi", roles=["boss"]),
        entry("ada", "jonas", employment={"form": "fast", "began_on": "2020-02-01", "ends_on": "2019-01-01"}),
        entry("eva", "jonas", password="hunter2"),
    ]
    said = dict(line.split(": ", 1) for line in operator.is_told("organisation", operator.file(wrong)))
    assert set(said) == {
        "colour",
        "units[0].parent",
        "units[2].name.nb",
        "units[2].name.en",
        "units[2].parent",
        "units[3].id",
        "units[3].parent",
        "people[2].email",
        "people[2].manager",
        "people[3].email",
        "people[3].manager",
        "people[3].unit",
        "people[4].locale",
        "people[4].roles[0]",
        "people[5].employment",
        "people[6].password",
    }
    assert said["people[3].manager"] == "There is no nobody, neither in the file nor in the database."
    assert said["people[3].email"] == "maja has this address already."
    assert said["people[2].manager"] == "leo would stand above itself."
    assert said["people[5].employment"] == "The employment ends before it began."
    assert said["people[6].password"] == "There is no such key here."
    assert all(sentence.endswith(".") for sentence in said.values())
    everybody = operator.finds(lambda database: database.read(people.everybody))
    assert [one.id for one in everybody] == ["jonas", "maja"]


def test_nobody_can_be_put_above_themselves_over_somebody_whom_only_the_database_has(
    operator: Operator,
) -> None:
    operator.founds()
    (line,) = operator.is_told("organisation", operator.file({"people": [entry("jonas", "maja")]}))
    assert line == "people[0].manager: jonas would stand above itself."


@pytest.mark.parametrize("content", [None, 3, "people", [], {"people": 3}, {"people": [3]}, {3: 4}])
def test_a_file_that_is_something_else_is_refused_in_sentences(operator: Operator, content: object) -> None:
    for command in (("organisation",), ("template", "add"), ("template", "check")):
        assert all(line.endswith(".") for line in operator.is_told(*command, operator.file(content)))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"people: [", "is not YAML at line 1, column 10: "),
        (b"began_on: 2020-13-45", "is not YAML: month must be in 1..12"),
        (b"name: \xe5", "is not YAML: it is not text in UTF-8."),
        (b"[" * 10_000, "is not YAML: "),
        (b"a: &a\n  b: *a\n  <<: *b", "is not YAML at line 3, column 7: "),
        (None, "cannot be read: No such file or directory."),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    operator: Operator, content: bytes | None, sentence: str
) -> None:
    path = operator.folder / "some.yaml"
    if content is not None:
        path.write_bytes(content)
    for command in (("organisation",), ("template", "add"), ("template", "check")):
        (line,) = operator.is_told(*command, str(path))
        assert line.startswith(f"{path} {sentence}")


ARCHIVE = "Employee,Type of goal,What is to be done,State\n"


def test_an_older_system_s_activities_are_brought_in_once(operator: Operator) -> None:
    operator.founds()
    path = operator.folder / "old.csv"
    path.write_text(f"{ARCHIVE}{MAJA},Work goal,Mend the pump,Completed\njonas,Work goal,Rest,Going on\n")
    assert operator.says("archive", str(path)).startswith("Added 2 activities of 2 people, in ")
    assert "Added 0 activities of 0 people, in " in (again := operator.says("archive", str(path)))
    assert again.endswith(" 2 were there already.\n")


def test_everything_wrong_with_them_is_said_by_line_and_none_is_brought_in(operator: Operator) -> None:
    operator.founds()
    path = operator.folder / "old.csv"
    path.write_text(f"{ARCHIVE}{MAJA},Work goal,Mend the pump,Completed\nida,Wish,,Done\n")
    assert operator.is_told("archive", str(path)) == [
        "line 3: In “Type of goal” there is “Wish”, which is none of: Work goal, Development goal.",
        "line 3: In “State” there is “Done”, which is none of: Going on, Completed, Cancelled.",
        "line 3: Nothing stands in “What is to be done”.",
        "line 3: There is nobody here with the address or id “ida”.",
    ]
    path.write_text(f"{ARCHIVE}{MAJA},Work goal,Mend the pump,Completed\n")
    assert operator.says("archive", str(path)).startswith("Added 1 activities of 1 people, in ")
    (line,) = operator.is_told("archive", str(operator.folder / "none.csv"))
    assert line.endswith("none.csv cannot be read: No such file or directory.")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (f"{CHOSEN}\nanother long password\n", "The two passwords are not the same: nothing was changed."),
        ("short\nshort\n", "A password has between 12 and 256 characters: nothing was changed."),
        # One letter to whoever types it, eighteen in the form that is compared.
        ("\ufdfa" * 15 + "\n", "A password has between 12 and 256 characters: nothing was changed."),
        ("password1234\n", f"{str(PasswordGuessable()).removesuffix('.')}: nothing was changed."),
        ("", "No password was typed: nothing was changed."),
        (f"{CHOSEN}\n", "No password was typed: nothing was changed."),
    ],
)
def test_a_password_is_typed_twice_and_long_enough(operator: Operator, typed: str, sentence: str) -> None:
    operator.founds()
    operator.says("password", MAJA, typed=f"{CHOSEN}\n{CHOSEN}\n")
    assert operator.is_told("password", MAJA, typed=typed)[-1] == sentence
    assert operator.lets_in(MAJA, CHOSEN)


def test_a_typed_password_is_never_shown(operator: Operator) -> None:
    operator.founds()
    arguments = ("password", MAJA)
    result = CliRunner().invoke(
        whole_cli(), arguments, env=operator.environment, input=f"{CHOSEN}\n{CHOSEN}\n"
    )
    assert CHOSEN not in result.output


def test_a_new_password_ends_the_sessions_of_that_person(operator: Operator) -> None:
    operator.founds()
    key = operator.finds(lambda database: Sessions(database, now).begin("maja", ""))
    session = operator.finds(lambda database: Sessions(database, now).find(key)).id
    assert operator.finds(lambda database: Sessions(database, now).holds(session))
    made = operator.says("password", "--generate", MAJA).strip()
    assert not operator.finds(lambda database: Sessions(database, now).holds(session))
    assert re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", made)
    assert operator.says("password", "--generate", MAJA).strip() != made


def test_everything_wrong_with_a_template_is_said_at_once_line_by_line(operator: Operator) -> None:
    path = operator.folder / "wrong.yaml"
    sample = (ROOT / "server/demo/template_annual_three_panes.yaml").read_text(encoding="utf-8")
    wrong = sample.replace("completes: manager", "completes: hr\n  colour: green\n  kind: annual")
    path.write_text(wrong, encoding="utf-8")
    expected = [
        "line 11, completes: This must be 'employee' or 'manager'.",
        "line 12, colour: There is no key colour here. The keys are id, version, kind, ",
        "line 13, kind: kind is given twice here.",
    ]
    for command in ("check", "add"):
        lines = operator.is_told("template", command, str(path))
        assert len(lines) == len(expected)
        assert all(line.startswith(start) for line, start in zip(lines, expected, strict=True))


def test_a_template_is_checked_without_a_database(operator: Operator) -> None:
    for path in sorted((ROOT / "server/demo").glob("template_*.yaml")):
        said = operator.says("template", "check", str(path))
        assert re.fullmatch(r"[a-z-]+, version 1: \d section.*\.\n", said)
    assert not (operator.folder / "data").exists()
    annual = operator.says("template", "check", str(ROOT / "server/demo/template_annual_three_panes.yaml"))
    assert annual == (
        "arssamtal-tre-rutor, version 1: 5 sections, 8 questions; panes: employee, manager, joint; "
        "shared, opened each on its own; signed by employee and manager.\n"
    )


def test_a_template_names_only_units_that_are_there(operator: Operator) -> None:
    operator.founds()
    body = annual_template(version=2, available_to={"units": ["drift", "drfit"]})
    (line,) = operator.is_told("template", "add", operator.file({"template": body}))
    assert line.endswith(", available_to.units[1]: There is no unit drfit.")


def test_the_versions_of_a_template_have_no_gap_and_the_newest_is_used(operator: Operator) -> None:
    operator.founds()
    for version in (1, 3):
        (line,) = operator.is_told(
            "template", "add", operator.file({"template": annual_template(version=version)})
        )
        assert line.endswith(f", version: The next version of {ANNUAL[0]} is 2, and the file says {version}.")
    operator.says(
        "template", "add", operator.file({"template": annual_template(version=2, completes="employee")})
    )
    id_ = operator.says(*operator.converses()).strip().rsplit("/", 1)[1]
    actor = operator.person("maja").actor
    seen = operator.finds(lambda database: Conversations(database, now).see(actor, id_))
    assert seen.template.version == 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"employee": "nobody@vatten.example"}, "Nobody active has the address nobody@vatten.example in "),
        ({"employee": JONAS}, "Jonas Bergman has no manager: "),
        ({"template": "salary"}, "There is no template salary in "),
        ({"template": "narrow"}, "The template narrow is not available to Maja Bergman."),
        ({"at": "tomorrow"}, '--at must be a day and a time as "2026-12-01 10:00", and "tomorrow" is none.'),
        ({"at": "2026-03-29 02:30"}, "--at is 2026-03-29 02:30, which clocks in Europe/Stockholm skip"),
        ({"place": " "}, "--place must have between 1 and 300 characters."),
        ({"place": "x" * 301}, "--place must have between 1 and 300 characters."),
        (
            {"time_zone": "Nowhere/Oslo"},
            "--time-zone must be a name as Europe/Oslo, and Nowhere/Oslo is none.",
        ),
        ({"time_zone": "../etc"}, "--time-zone must be a name as Europe/Oslo, and ../etc is none."),
        ({"time_zone": "Europe"}, "--time-zone must be a name as Europe/Oslo, and Europe is none."),
    ],
)
def test_a_conversation_that_cannot_be_made_is_refused_in_a_sentence(
    operator: Operator, changes: dict[str, str], sentence: str
) -> None:
    operator.founds()
    narrow = annual_template(id="narrow", available_to={"employment_forms": ["timanställd"]})
    operator.says("template", "add", operator.file({"template": narrow}))
    (line,) = operator.is_told(*operator.converses(**changes))
    assert line.startswith(sentence)


def test_nothing_is_made_in_the_name_of_a_manager_who_has_left(operator: Operator) -> None:
    operator.founds()
    operator.says("organisation", operator.file({"people": [entry("jonas", None, active=False)]}))
    (line,) = operator.is_told(*operator.converses())
    assert line == "The manager of Maja Bergman, Jonas Bergman, is not active."


def test_while_a_server_has_the_file_every_command_says_so_and_does_nothing(operator: Operator) -> None:
    operator.founds()
    organisation = operator.file(FILE, "organisation.yaml")
    template = operator.file({"template": annual_template(version=2)}, "template.yaml")

    async def refused(_: Database) -> list[list[str]]:
        commands = (
            ("organisation", organisation),
            ("template", "add", template),
            ("password", "--generate", MAJA),
            operator.converses(),
        )
        # A command has an event loop of its own, so it runs in a thread.
        return [await asyncio.to_thread(operator.is_told, *command) for command in commands]

    path = operator.folder / "data" / "samsyn.sqlite3"
    assert operator.finds(refused) == 4 * [
        [
            f"The database cannot be opened: another server or command of Samsyn is using {path}. "
            "Stop it, and try again."
        ]
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("organisation",),
        ("password",),
        ("password", MAJA, "--generat"),
        ("conversation", "--employee", MAJA),
        ("organise",),
    ],
)
def test_a_mistyped_command_is_told_what_is_missing(operator: Operator, arguments: tuple[str, ...]) -> None:
    *_, last = operator.is_told(*arguments)
    assert last.startswith("Error: ")


def test_wrong_settings_are_said_before_anything_is_opened(operator: Operator) -> None:
    operator.environment["SAMSYN_PROT"] = "80"
    (line,) = operator.is_told("password", MAJA)
    assert line.startswith("SAMSYN_PROT is not a setting.")
    assert not (operator.folder / "data").exists()


def test_the_example_that_the_help_shows_can_be_used_as_it_stands(operator: Operator) -> None:
    shown = operator.says("organisation", "--help")
    start, end = shown.index("  units:\n"), shown.index("  Roles are")
    example = operator.folder / "example.yaml"
    example.write_text(shown[start:end], encoding="utf-8")
    assert "Added 1 units and 1 people" in operator.says("organisation", str(example))


@pytest.mark.parametrize(
    "command",
    ["organisation", "template add", "template check", "password", "conversation", "archive", "serve"],
)
def test_every_command_and_option_has_a_word_of_help(operator: Operator, command: str) -> None:
    shown = operator.says(*command.split(), "--help")
    assert shown.splitlines()[2].strip().endswith(".")
    for line in shown.splitlines():
        if line.startswith(("  --", "  FILE", "  EMAIL")):
            assert re.search(r"\S {2,}[A-Z]", line.replace("[required]", "")), line


def test_a_database_is_named_without_its_password(operator: Operator) -> None:
    operator.founds()

    async def place(database: Database) -> str:
        return Ground(Settings(database="postgresql://samsyn:hunter2@db/samsyn"), database).place

    assert operator.finds(place) == "postgresql://samsyn:***@db/samsyn"
