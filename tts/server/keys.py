"""API keys: who a request comes from. A file holds a line `USER SHA-256-OF-THE-KEY` for each key, and no key.

Keys are 256 random bits, which nobody can guess from their hash, so a plain hash without salt is enough.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

from tts.files import whole

LOCAL = "local"  # the user where there are no keys
USER = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")  # it names a folder, too
LINE = re.compile(rf"({USER.pattern}) ([0-9a-f]{{64}})")
PREFIX = "sk-triforce-"


class Keys:
    """The users and the hashes of their keys."""

    def __init__(self, known: Sequence[tuple[str, str]]):
        self.known = known

    @classmethod
    def read(cls, path: Path) -> "Keys":
        """Raises ValueError that names the file and the line if it is no file of keys."""
        known = []
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if line.strip() and not line.startswith("#"):
                found = LINE.fullmatch(line.strip())
                if not found:
                    raise ValueError(f"{path}, line {number}: a line is USER, a space and 64 hexadecimal digits")
                known.append((found[1], found[2]))
        if not known:
            raise ValueError(f"{path} holds no key: make one with python -m tts.server key")
        return cls(known)

    def user(self, key: str) -> str | None:
        """Whose key it is. All are compared, whole, so the time that it takes says nothing about them."""
        presented, found = digest(key), None
        for user, known in self.known:
            if hmac.compare_digest(presented, known):
                found = user
        return found


def digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def add(path: Path, user: str) -> str:
    """Add a new key for a user to the file, and give the key, which is stored nowhere."""
    if not USER.fullmatch(user):
        raise ValueError(f"{user!r} is no user: use up to 32 small letters, digits and hyphens")
    known = path.read_text("utf-8") if path.exists() else "# USER SHA-256-OF-THE-KEY\n"
    key = PREFIX + secrets.token_urlsafe(32)
    with whole(path) as file:
        file.write(f"{known.rstrip()}\n{user} {digest(key)}\n".encode())
    path.chmod(0o600)
    return key
