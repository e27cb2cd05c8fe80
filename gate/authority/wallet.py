"""A holder's phone: keeps a key and a credential, and signs a fresh presentation each time it shows the code,
offline.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from nacl.signing import SigningKey
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from gate.authority import files
from gate.core.form_error import first_error
from gate.errors import StoreError, UsageError
from gate.passes.aq1_encode import credential_text, encode_presentation


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    wallet: Literal[1] = 1  # version of this format
    holder_key: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    credential: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2})+$")] | None = None


class Wallet:
    """One holder's key, and the credential bound to it, if any."""

    def __init__(self, key: SigningKey, credential: bytes | None = None) -> None:
        self._key = key
        self._credential = credential

    @classmethod
    def create(cls) -> Self:
        return cls(SigningKey.generate())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a wallet.  Raises UsageError when the file is missing, StoreError when it is no wallet."""
        try:
            form = _Form.model_validate_json(path.read_bytes())
        except OSError as error:
            raise UsageError(
                f"cannot read the wallet {path}: {error.strerror}",
                hint="`gate authority issue --bound --wallet FILE` makes one",
            ) from error
        except ValidationError as error:
            raise StoreError(f"{path} is not a wallet: {first_error(error)}", hint="Issue the pass again") from error
        credential = None if form.credential is None else bytes.fromhex(form.credential)
        return cls(SigningKey(bytes.fromhex(form.holder_key)), credential)

    def save(self, path: Path) -> None:
        """Write the wallet, readable by its owner only.  Raises StoreError."""
        credential = None if self._credential is None else self._credential.hex()
        form = _Form(holder_key=bytes(self._key).hex(), credential=credential)
        files.write(path, form.model_dump_json(indent=1).encode() + b"\n", files.PRIVATE)

    @property
    def holder_public(self) -> bytes:
        """Raw Ed25519 key, 32 bytes, which an issuer binds a credential to."""
        return bytes(self._key.verify_key)

    def hold(self, credential: bytes) -> None:
        """Replace the credential (a tagged COSE_Sign1)."""
        self._credential = credential

    def present(self, at: int, audience: str | None = None) -> str:
        """Return the text of the QR code shown at `at` (Unix s).  It is valid for 30 s before and after, and only at
        the venue `audience` if given.  Raises UsageError for a wallet without credential."""
        if self._credential is None:
            raise UsageError("this wallet holds no credential", hint="Issue one with `gate authority issue --bound`")
        return credential_text(
            encode_presentation(holder_key=self._key, credential=self._credential, presented_at=at, audience=audience)
        )
