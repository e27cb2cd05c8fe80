"""The page that a phone opens: a bound pass, signed at every renewal, behind a secret path."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import cv2  # noqa: F401 - it changes the environment when it is loaded
import pytest

from drivers.decoders.file_decoder import FileDecoder
from gate.core.model import Claims, Listing, Refused, Status
from gate.core.reason import Reason
from gate.core.trust import parse_trust
from gate.demo.codes import Codes
from gate.demo.phone import PhonePage
from gate.errors import UsageError
from gate.passes.verifier import Verifier

NOW = 1_800_000_000


@pytest.fixture(scope="module")
def codes(tmp_path_factory: pytest.TempPathFactory) -> Codes:
    folder = tmp_path_factory.mktemp("demo")
    made = Codes(folder / "authority", (), NOW, {7: Listing.GREEN, 8: Listing.RED})
    made.publish(folder / "public")
    return made


@pytest.fixture
def phone(codes: Codes) -> Iterator[PhonePage]:
    wallets = {"green": codes.phone(7, Status.GREEN), "red": codes.phone(8, Status.RED)}
    times = iter(range(NOW + 60, NOW + 1000, 5))
    with PhonePage("127.0.0.1", wallets, lambda: next(times)) as page:
        yield page


def get(address: str) -> tuple[str, bytes]:
    with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - an address of our own
        return answer.headers["Content-Type"], answer.read()


def shown(phone: PhonePage, name: str, folder: Path) -> str:
    kind, picture = get(f"{phone.address}{name}.png?1")
    assert kind == "image/png"
    (folder / "shown.png").write_bytes(picture)
    (text,) = FileDecoder().read_file(folder / "shown.png").texts
    return text


def test_its_codes_are_bound_and_renewed(phone: PhonePage, codes: Codes, tmp_path: Path) -> None:
    (trust,) = (codes.root.parent.parent / "public" / "targets").glob("*trust.json")
    verifier = Verifier(parse_trust(trust.read_bytes()), venue="demo-station", binding_required=True)

    def verify(name: str, at: int) -> Claims:
        return verifier.verify(shown(phone, name, tmp_path), at)

    green = verify("green", NOW + 60)
    assert (green.idx, green.status, green.presented_at) == (7, Status.GREEN, NOW + 60)
    assert verify("green", NOW + 65).presented_at == NOW + 65
    assert verify("red", NOW + 70).status is Status.RED
    with pytest.raises(Refused) as old:
        verify("green-old", NOW + 75)
    assert old.value.reason is Reason.PRESENTATION_STALE


@pytest.mark.parametrize(
    "path", ["", "green.png", "../green.png", "SECRETpurple.png", "SECRETgreen-new.png", "SECRETgreen"]
)
def test_nothing_else_is_served(phone: PhonePage, path: str) -> None:
    secret = phone.address.rsplit("/", 2)[1]
    root = phone.address.removesuffix(f"{secret}/")
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(root + path.replace("SECRET", f"{secret}/"))
    assert refused.value.code == 404
    refused.value.close()


def test_the_page_and_its_address_as_a_code(phone: PhonePage) -> None:
    kind, page = get(phone.address)
    assert kind == "text/html; charset=utf-8"
    assert b"<button" in page
    assert phone.is_local
    assert phone.drawn().startswith("<svg")


def test_an_address_that_is_not_of_this_computer_is_refused() -> None:
    with pytest.raises(UsageError, match=r"192\.0\.2\.77 cannot be had"):
        PhonePage("192.0.2.77", {}, lambda: NOW)
