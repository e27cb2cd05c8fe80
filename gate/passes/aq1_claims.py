"""Keys and limits of an AQ1 pass, for its makers and its verifier."""

from gate.core.pass_prefixes import AQ1

PREFIX = AQ1

# Claims of a CWT (RFC 8392; cnf: RFC 8747) and our own two, from the range for private use.
ISS, AUD, EXP, NBF, IAT, CTI, CNF = 1, 3, 4, 5, 6, 7, 8
STATUS, IDX = -70001, -70002

# cnf = {1: COSE_Key}, COSE_Key = {1: OKP, -1: Ed25519, -2: x} (RFC 9053, 7.2).
COSE_KEY, KTY, CRV, X = 1, 1, -1, -2
OKP, CRV_ED25519 = 1, 6

ISSUER_MAX = 32  # characters
TOKEN_ID_MIN, TOKEN_ID_MAX = 8, 16  # bytes
IDX_END = 2**32
TIME_END = 2**64  # Unix seconds: what a CBOR integer holds
KEY_BYTES = 32
