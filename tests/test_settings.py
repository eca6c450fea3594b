"""Settings: every error at once, in sentences, and no surprise by a misspelt name."""

from pathlib import Path

import pytest

from server import settings
from server.settings import Settings, SettingsInvalid


def errors(**environment: str) -> tuple[str, ...]:
    with pytest.raises(SettingsInvalid) as refused:
        settings.read({f"SAMSYN_{name.upper()}": value for name, value in environment.items()})
    return refused.value.errors


def test_without_any_setting_only_this_machine_is_served_and_there_is_no_demo() -> None:
    chosen = settings.read({"PATH": "/bin"})
    assert (chosen.host, chosen.demo, chosen.secure) == ("127.0.0.1", False, False)
    assert chosen.address == "http://127.0.0.1:8000"
    assert chosen.database_url.startswith("sqlite:////")


def test_every_wrong_setting_is_named_at_once() -> None:
    found = errors(port="0", prot="80", origin="samsyn.example", database="mysql://x", log_level="loud")
    assert [sentence.split()[0] for sentence in found] == [
        "SAMSYN_DATABASE",
        "SAMSYN_PORT",
        "SAMSYN_ORIGIN",
        "SAMSYN_LOG_LEVEL",
        "SAMSYN_PROT",
    ]
    assert found[0] == "SAMSYN_DATABASE must begin with sqlite:/// or postgresql://."
    assert found[4].startswith("SAMSYN_PROT is not a setting. The settings are SAMSYN_DATA, ")


def test_a_wrong_value_is_not_repeated_for_it_may_be_a_secret() -> None:
    assert "hunter2" not in " ".join(errors(database="mysql://samsyn:hunter2@db", demo_password="abc"))


@pytest.mark.parametrize(
    "origin", ["https://samsyn.example/app", "ftp://x", "https://user@x", "https://x?a=b"]
)
def test_a_public_address_has_no_path_and_no_user(origin: str) -> None:
    assert len(errors(origin=origin)) == 1


def test_a_demo_is_not_opened_to_other_machines_by_mistake() -> None:
    assert "SAMSYN_HOST lets other machines reach a demo" in errors(demo="1", host="0.0.0.0")[0]
    assert settings.read({"SAMSYN_DEMO": "1", "SAMSYN_HOST": "0.0.0.0", "SAMSYN_ORIGIN": "http://x:1"}).demo


def test_https_makes_the_cookie_a_host_cookie() -> None:
    chosen = settings.read({"SAMSYN_ORIGIN": "https://Samsyn.example/"})
    assert (chosen.secure, chosen.address) == (True, "https://samsyn.example")


def test_the_database_file_lies_in_the_data_folder(tmp_path: Path) -> None:
    assert Settings(data=tmp_path).database_url == f"sqlite:///{tmp_path}/samsyn.sqlite3"
    assert Settings(database="postgresql://db/samsyn").database_url == "postgresql://db/samsyn"


def test_names_of_the_tests_own_and_empty_ones_are_passed_over() -> None:
    assert settings.read({"SAMSYN_TEST_CHROMIUM": "x", "SAMSYN_PORT": " "}).port == 8000


def test_a_key_for_sealing_comes_with_its_certificate() -> None:
    assert "belong together" in errors(seal_key="key.pem")[0]
    assert settings.read({"SAMSYN_SEAL_KEY": "k", "SAMSYN_SEAL_CERTIFICATE": "c"}).seal_key == Path("k")


@pytest.mark.parametrize(
    ("url", "is_wrong"),
    [
        ("smtps://samsyn:p%40ss@mail.example.org", False),
        ("smtp+starttls://mail.example.org:2587", False),
        ("smtp://127.0.0.1:1025", False),
        ("smtp://samsyn:secret@127.0.0.1", False),
        ("smtp://samsyn:secret@mail.example.org", True),
        ("smtps://samsyn@mail.example.org", True),
        ("smtps://mail.example.org:70000", True),
        ("smtps://mail.example.org/inbox", True),
        ("smtps://", True),
        ("https://mail.example.org", True),
        ("mail.example.org", True),
    ],
)
def test_a_mail_server_is_an_address_that_shows_no_password_to_others(url: str, is_wrong: bool) -> None:
    environment = {"SAMSYN_SMTP_URL": url, "SAMSYN_MAIL_FROM": "samsyn@example.org"}
    if not is_wrong:
        assert settings.read(environment).mail_server
        return
    with pytest.raises(SettingsInvalid) as refused:
        settings.read(environment)
    [sentence] = refused.value.errors
    assert sentence.startswith("SAMSYN_SMTP_URL ")
    assert "secret" not in sentence


def test_a_mail_server_is_read_with_its_usual_port_and_its_password_as_it_was_meant() -> None:
    chosen = settings.read(
        {"SAMSYN_SMTP_URL": "smtps://samsyn:p%40ss@mail.example.org", "SAMSYN_MAIL_FROM": "s@example.org"}
    )
    assert chosen.mail_server is not None
    assert (chosen.mail_server.port, chosen.mail_server.password) == (465, "p@ss")
    assert "p@ss" not in repr(chosen.mail_server)


@pytest.mark.parametrize(
    "sender", ["samsyn", "Samsyn <samsyn>", "a@b\r\nBcc: c@d", "@example.org", "ö@example.org"]
)
def test_letters_come_from_an_address(sender: str) -> None:
    assert errors(smtp_url="smtp://localhost", mail_from=sender)[0].startswith("SAMSYN_MAIL_FROM must be")


def test_a_mail_server_comes_with_a_sender() -> None:
    assert "belong together" in errors(smtp_url="smtp://localhost")[0]
    assert "belong together" in errors(mail_from="samsyn@example.org")[0]
    assert settings.read({}).mail_server is None
