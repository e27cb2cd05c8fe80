"""A camera's worker knows passes by the prefixes that the verifier knows."""

import pytest

from gate.core.model import Refused
from gate.core.pass_prefixes import AQ1, PASS_PREFIXES
from gate.core.reason import Reason
from gate.core.trust import NO_ISSUERS, parse_trust
from gate.passes.verifier import Verifier, is_pass
from tests.unit.certificates.trust import trust


@pytest.mark.parametrize("prefix", PASS_PREFIXES)
def test_each_prefix_has_its_format(prefix: str) -> None:
    assert is_pass(prefix)
    assert _refusal(Verifier(parse_trust(trust()), venue=None), prefix) is Reason.MALFORMED


@pytest.mark.parametrize("prefix", PASS_PREFIXES)
def test_a_gate_without_keys_for_certificates_does_not_know_them(prefix: str) -> None:
    expected = Reason.MALFORMED if prefix == AQ1 else Reason.UNREADABLE
    assert _refusal(Verifier(NO_ISSUERS, venue=None), prefix) is expected


def _refusal(verifier: Verifier, text: str) -> Reason:
    with pytest.raises(Refused) as refused:
        verifier.verify(text, 0)
    return refused.value.reason
