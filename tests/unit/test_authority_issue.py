"""Whatever the authority issues, a gate that holds its published trust list takes."""

import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.authority.authority import Authority
from gate.authority.wallet import Wallet
from gate.core.model import Claims, Listing, Refused, Status
from gate.core.reason import Reason
from gate.core.trust import parse_trust
from gate.errors import PublishError, StoreError, UsageError
from gate.passes.aq1_encode import credential_text
from gate.passes.verifier import Verifier

START = 1_800_000_000
DAY = 86400


@pytest.fixture(scope="module")
def authority() -> Iterator[Authority]:
    """One for the whole module: the property tests only read it."""
    with TemporaryDirectory() as folder:
        made = Authority.create(Path(folder) / "authority", at=START)
        made.add_issuer("ashyq", at=START, names={"kk": "Ашық", "en": "Ashyq"})
        made.add_issuer("aitu", at=START, max_lifetime=DAY // 2)
        yield made


@pytest.fixture
def own(tmp_path: Path) -> Authority:
    made = Authority.create(tmp_path / "authority", at=START)
    made.add_issuer("ashyq", at=START)
    return made


def check(authority: Authority, text: str, at: int, venue: str | None = "here") -> Claims:
    return Verifier(parse_trust(authority.trust_json()), venue=venue).verify(text, at)


def reason(authority: Authority, text: str, at: int) -> Reason:
    with pytest.raises(Refused) as refused:
        check(authority, text, at)
    return refused.value.reason


@settings(max_examples=60)
@given(
    issuer=st.sampled_from(["ashyq", "aitu"]),
    idx=st.integers(0, 2**32 - 1),
    status=st.sampled_from(Status),
    age=st.integers(0, 200 * DAY),
    lifetime=st.integers(1, DAY // 2),
    data=st.data(),
)
def test_what_is_issued_verifies(
    authority: Authority, issuer: str, idx: int, status: Status, age: int, lifetime: int, data: st.DataObject
) -> None:
    issued_at = START + age
    text = credential_text(authority.issue(issuer, idx, status, issued_at, lifetime))
    at = data.draw(st.integers(issued_at, issued_at + lifetime - 1))
    claims = check(authority, text, at)
    assert (claims.issuer, claims.idx, claims.status) == (issuer, idx, status)
    assert (claims.issued_at, claims.expires_at, claims.bound) == (issued_at, issued_at + lifetime, False)
    assert reason(authority, text, issued_at + lifetime) == Reason.EXPIRED


@settings(max_examples=30)
@given(idx=st.integers(0, 2**32 - 1), shift=st.integers(-30, 30), audience=st.sampled_from([None, "here"]))
def test_a_wallet_presents_what_is_bound_to_it(
    authority: Authority, idx: int, shift: int, audience: str | None
) -> None:
    wallet = Wallet.create()
    credential = authority.issue("ashyq", idx, Status.GREEN, START, holder=wallet.holder_public)
    wallet.hold(credential)
    shown = START + 3600
    claims = check(authority, wallet.present(shown, audience), shown + shift)
    assert (claims.idx, claims.presented_at) == (idx, shown)
    assert reason(authority, credential_text(credential), shown) == Reason.BINDING_MISSING


def test_a_wallet_keeps_its_key_and_credential_in_a_private_file(own: Authority, tmp_path: Path) -> None:
    wallet = Wallet.create()
    wallet.hold(own.issue("ashyq", 5, Status.BLUE, START, holder=wallet.holder_public))
    wallet.save(tmp_path / "phone.wallet")
    loaded = Wallet.load(tmp_path / "phone.wallet")
    assert stat.S_IMODE((tmp_path / "phone.wallet").stat().st_mode) == 0o600
    assert loaded.holder_public == wallet.holder_public
    assert loaded.present(START + 1) == wallet.present(START + 1)


def test_a_presentation_goes_stale_and_belongs_to_its_venue_and_key(own: Authority) -> None:
    wallet, thief = Wallet.create(), Wallet.create()
    credential = own.issue("ashyq", 5, Status.GREEN, START, holder=wallet.holder_public)
    wallet.hold(credential)
    thief.hold(credential)
    assert reason(own, wallet.present(START), START + 31) == Reason.PRESENTATION_STALE
    assert reason(own, wallet.present(START, "elsewhere"), START) == Reason.WRONG_VENUE
    assert reason(own, thief.present(START), START) == Reason.BAD_SIGNATURE


def test_an_empty_wallet_and_a_file_that_is_none_say_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no credential"):
        Wallet.create().present(START)
    with pytest.raises(UsageError, match="cannot read the wallet"):
        Wallet.load(tmp_path / "none")
    (tmp_path / "other").write_text('{"wallet": 1, "holder_key": "secret"}')
    with pytest.raises(StoreError, match="is not a wallet") as error:
        Wallet.load(tmp_path / "other")
    assert "secret" not in str(error.value)


def test_private_files_are_the_owners_alone(own: Authority) -> None:
    private = own.path / "private"
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    files = list(private.iterdir())
    assert len(files) == 8  # the subject key, an issuer's signing key, one of each role
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    secrets = [file.read_text().strip() for file in files]
    own.publish(own.public, START)
    published = [file.read_bytes() for file in own.public.rglob("*") if file.is_file()]
    for secret in secrets:
        assert all(secret.encode() not in data and bytes.fromhex(secret) not in data for data in published)


def test_two_tokens_never_share_an_id(own: Authority) -> None:
    texts = [credential_text(own.issue("ashyq", 1, Status.GREEN, START)) for _ in range(50)]
    assert len({check(own, text, START).token_id for text in texts}) == 50


def test_rotation_keeps_the_old_key_good_and_signs_with_the_new_one(own: Authority) -> None:
    old = own.signing_key("ashyq", START)
    before = credential_text(own.issue("ashyq", 1, Status.GREEN, START))
    version = parse_trust(own.trust_json()).version
    kid = own.rotate("ashyq", at=START, starts_in=2 * DAY)
    assert parse_trust(own.trust_json()).version == version + 1
    assert own.signing_key("ashyq", START + DAY) == old
    assert own.signing_key("ashyq", START + 2 * DAY) != old
    after = credential_text(own.issue("ashyq", 1, Status.GREEN, START + 2 * DAY))
    assert check(own, before, START + 60).idx == 1
    assert check(own, after, START + 2 * DAY).idx == 1
    assert bytes.fromhex(kid) in parse_trust(own.trust_json()).keys


def test_a_key_made_in_the_same_second_is_the_one_that_signs(own: Authority) -> None:
    old = own.signing_key("ashyq", START)
    own.rotate("ashyq", at=START)
    assert own.signing_key("ashyq", START) != old


def test_a_revoked_key_vouches_for_nothing_and_signs_no_more(own: Authority) -> None:
    text = credential_text(own.issue("ashyq", 1, Status.GREEN, START))
    kid = next(iter(parse_trust(own.trust_json()).keys)).hex()
    assert own.revoke_key(kid, at=START + 5) == "ashyq"
    assert reason(own, text, START + 10) == Reason.ISSUER_REVOKED
    with pytest.raises(UsageError, match="no key that may sign"):
        own.issue("ashyq", 1, Status.GREEN, START)
    trust = own.trust_json()
    own.revoke_key(kid.upper(), at=START + 9)  # again: nothing changes
    assert own.trust_json() == trust


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda a: a.add_issuer("ashyq", at=START), "exists already"),
        (lambda a: a.add_issuer("two words", at=START), "no issuer's id"),
        (lambda a: a.add_issuer("x" * 33, at=START), "no issuer's id"),
        (lambda a: a.add_issuer("aitu", at=START, names={"Kazakh": "Aitu"}), "no language"),
        (lambda a: a.add_issuer("aitu", at=START, max_lifetime=0), "max_lifetime"),
        (lambda a: a.add_issuer("aitu", at=START, key_valid=-1), "not_after"),
        (lambda a: a.rotate("aitu", at=START), "no issuer 'aitu'"),
        (lambda a: a.revoke_key("00" * 8, at=START), "no issuer has the key"),
        (lambda a: a.issue("aitu", 1, Status.GREEN, START), "no issuer 'aitu'"),
        (lambda a: a.issue("ashyq", 1, Status.GREEN, START - 1), "no key that may sign"),
        (lambda a: a.issue("ashyq", 1, Status.GREEN, START, DAY + 1), "cannot live"),
        (lambda a: a.issue("ashyq", 1, Status.GREEN, START, 0), "cannot live"),
        (lambda a: a.issue("ashyq", 2**32, Status.GREEN, START), "no place"),
        (lambda a: a.issue("ashyq", 1, Status.GREEN, START, holder=b"short"), "holder's key"),
        (lambda a: a.set_status(2**26, Listing.GREEN), "outside"),
        (lambda a: a.set_status(-1, Listing.GREEN), "outside"),
        (lambda a: Authority.create(a.path, at=START), "already"),
        (lambda a: Authority.open(a.path / "private"), "not an authority"),
    ],
)
def test_what_gates_would_refuse_is_refused_here(
    own: Authority, wrong: Callable[[Authority], object], says: str
) -> None:
    before = {path: path.read_bytes() for path in own.path.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match=says):
        wrong(own)
    after = {path: path.read_bytes() for path in own.path.rglob("*") if path.is_file()}
    assert after == before


def test_without_issuers_there_is_no_trust_list(tmp_path: Path) -> None:
    empty = Authority.create(tmp_path / "empty", at=START)
    with pytest.raises(PublishError, match="no issuer"):
        empty.trust_json()


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("authority.json", lambda a: Authority.open(a.path)),
        ("trust.json", lambda a: a.issue("ashyq", 1, Status.GREEN, START)),
        ("status.npy", lambda a: a.set_status(4, Listing.GREEN)),
        ("private/subject.key", lambda a: a.place_of("990101300123")),
        ("people.json", lambda a: a.place_of("990101300123")),
    ],
)
def test_a_damaged_file_is_named(own: Authority, name: str, use: Callable[[Authority], object]) -> None:
    (own.path / name).write_bytes(b"damaged" * 100)
    with pytest.raises(StoreError, match=name.replace(".", r"\.")):
        use(own)


def test_another_key_under_a_kids_name_is_not_used(own: Authority) -> None:
    path = next((own.path / "private").glob("????????????????.key"))
    path.write_text("11" * 32)
    with pytest.raises(StoreError, match="another key"):
        own.issue("ashyq", 1, Status.GREEN, START)
