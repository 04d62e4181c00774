"""Values bound to their keys, so that no other value is taken for one."""

import hashlib
import hmac

TAG_BYTES = 32
PUBLIC = b"paraisite"  # without a secret a seal still binds a value to its key


class Seal:
    """Seals of values under keys, by HMAC-SHA256.

    With a secret, only who knows it can make a value that is accepted. Without one, values that
    were copied to another key, cut or damaged are still refused.
    """

    def __init__(self, secret: str | None = None) -> None:
        self._secret = secret.encode() if secret else PUBLIC

    def close(self, key: str, value: bytes) -> bytes:
        """Return the value with its seal before it."""
        return self._tag(key, value) + value

    def open(self, key: str, sealed: bytes) -> bytes | None:
        """Return the value, or None if it was not sealed under this key."""
        tag, value = sealed[:TAG_BYTES], sealed[TAG_BYTES:]
        return value if hmac.compare_digest(tag, self._tag(key, value)) else None

    def _tag(self, key: str, value: bytes) -> bytes:
        name = key.encode()
        text = len(name).to_bytes(4, "big") + name + value
        return hmac.digest(self._secret, text, hashlib.sha256)
