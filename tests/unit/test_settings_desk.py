"""[desk] and [[desk.user]]: who may sign in, and where the pages may be reached."""

from pathlib import Path

import pytest

from gate.core.staff_role import StaffRole
from gate.errors import ConfigError
from gate.settings.problems import covered
from tests.unit.configurations import LEAST, load

HASH = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$ZH4cHkmEvcpQ6LpWIKUOQHtyXUkdqtH4TMSZPEiiCSE"


def user(name: str = "guard-07", role: str = "guard", pin: str = HASH) -> str:
    return f'[[desk.user]]\nname = "{name}"\nrole = "{role}"\npin = "{pin}"\n'


def test_there_are_no_pages_by_default(tmp_path: Path) -> None:
    desk = load(tmp_path, LEAST).desk

    assert desk.listen is None
    assert desk.user == ()


def test_users_are_tables_with_a_role_each(tmp_path: Path) -> None:
    text = LEAST + '[desk]\nlisten = "[::1]:8443"\n' + user() + user("chief", "supervisor") + user("1", "technician")
    desk = load(tmp_path, text).desk

    assert (desk.host, desk.port, desk.is_encrypted) == ("::1", 8443, False)
    assert [(one.name, one.role) for one in desk.user] == [
        ("guard-07", StaffRole.GUARD),
        ("chief", StaffRole.SUPERVISOR),
        ("1", StaffRole.TECHNICIAN),
    ]


def test_files_are_beside_the_configuration(tmp_path: Path) -> None:
    desk = load(tmp_path, LEAST + '[desk]\ncert = "a.crt"\nkey = "/b.key"\nstate_dir = "here"\n').desk

    assert (desk.cert, desk.key, desk.state_dir) == (tmp_path / "a.crt", Path("/b.key"), tmp_path / "here")


def test_an_address_that_others_reach_is_encrypted(tmp_path: Path) -> None:
    desk = load(tmp_path, LEAST + '[desk]\nlisten = "192.168.7.2:8443"\ntls = "self"\nhosts = ["gate-7.local"]\n').desk

    assert desk.is_encrypted


@pytest.mark.parametrize(
    ("desk", "fault", "advice"),
    [
        ('listen = "192.168.7.2:8443"', "desk.listen: .*in the clear", 'Add tls = "self"'),
        ('listen = "0.0.0.0:8443"', "desk.listen: .*in the clear", "127.0.0.1"),
        ('listen = "8443"', "desk.listen: .*not address:port", "127.0.0.1:8443"),
        ('listen = "gate.local:8443"', "desk.listen: .*not address:port", "own address"),
        ('tls = "none"', "desk.tls", 'is not "self"'),
        ('cert = "a"', "desk.key: key is missing", "tls"),
        ('key = "a"', "desk.cert: cert is missing", "tls"),
        ('cert = "a"\nkey = "b"\ntls = "self"', "desk.tls: there are two certificates", "Keep"),
        ('hosts = ["https://gate"]', "desk.hosts: .*no name of a host", "without a port"),
        ('idle = "1s"', "desk.idle", "5s"),
        (user(pin="123456"), r"desk.user\[0\].pin: .*a PIN itself is not written here", "gate desk pin"),
        (user(pin=HASH.replace("65536", "9999999")), r"desk.user\[0\].pin: .*too much memory", "gate desk pin"),
        (user(role="boss"), r"desk.user\[0\].role", '"supervisor"'),
        (user() + user("GUARD-07"), "desk.user: .*two users", "name of their own"),
    ],
)
def test_a_fault_has_its_place_and_what_to_do(tmp_path: Path, desk: str, fault: str, advice: str) -> None:
    with pytest.raises(ConfigError, match=fault) as refused:
        load(tmp_path, f"{LEAST}[desk]\n{desk}\n")

    assert advice in str(refused.value)
    assert "123456" not in str(refused.value)


def test_no_command_shows_the_hash_of_a_pin() -> None:
    assert covered(f'pin = "{HASH}"') == 'pin = "$argon2id$***"'
