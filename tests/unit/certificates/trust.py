"""The made certificates, and the trust list of their signers."""

import json
from pathlib import Path
from typing import Any

from gate.authority.key_lists import read_key_list
from gate.core.trust import TrustForm

MADE = json.loads((Path(__file__).parent / "made.json").read_bytes())
CASES = {case["id"]: case for case in MADE["cases"]}


def trust(**changes: Any) -> bytes:
    """trust.json with the made lists; `changes`: of every key."""
    issuers = [
        *read_key_list(json.dumps(MADE["dcc"]).encode()).issuers,
        *read_key_list(json.dumps(MADE["jwks"]).encode(), iss=MADE["iss"]).issuers,
    ]
    form = TrustForm(version=1, issuers=tuple(issuers)).model_dump(mode="json", exclude_none=True)
    for issuer in form["issuers"]:
        for key in issuer["keys"]:
            key.update(changes)
    return json.dumps(form).encode()
