"""What the command lines share: an error is one line on standard error, and the exit code tells what happened.

Nothing here takes time to import, so that a mistyped command line is answered at once.
"""

import argparse
import sys
from collections.abc import Callable

FAILED, MISUSED, INTERRUPTED = 1, 2, 130  # exit codes


class UsageError(ValueError):
    """The command line itself is wrong."""


class Parser(argparse.ArgumentParser):
    """One line per error, not the whole usage."""

    def error(self, message: str) -> None:
        raise UsageError(f"{message}; see {self.prog} --help")


def printable(message: object) -> str:
    """One line that no terminal trips over, whatever is in the names it quotes."""
    line = " ".join(str(message).split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in line)


def complain(line: object, code: int) -> int:
    """Say in one line what went wrong and how to mend it; gives the exit code back."""
    print(printable(line), file=sys.stderr)
    return code


def exit_code(program: str, command: Callable[[], None], *, interrupted: str = "interrupted") -> int:
    """Run a command: 0 done, 1 failed, misuse included, 130 interrupted."""
    try:
        command()
    except KeyboardInterrupt:
        return complain(f"{program}: {interrupted}", INTERRUPTED)
    except (ValueError, OSError) as error:
        return complain(f"{program}: error: {error}", FAILED)
    return 0
