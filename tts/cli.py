"""What the command lines share: an error is one line on standard error, and the exit code tells what happened.

Nothing here takes time to import, so that a mistyped command line is answered at once.
"""

import argparse
import errno
import os
import sys
from collections.abc import Callable, Mapping
from typing import NoReturn

FAILED, MISUSED, INTERRUPTED = 1, 2, 130  # exit codes
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # no space, no quota, over the largest size allowed
UNREAD = 141  # the exit code by which shells know a program whose reader has gone: 128 + SIGPIPE


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


def reason(error: Exception) -> str:
    """What an error says to people. A file comes with its name, and not with the number of an error."""
    if isinstance(error, OSError) and error.errno in FULL:
        return f"no space left to write {error.filename or 'the output'}: free some, and run again"
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.strerror}: {error.filename}"
    return str(error)


def run_as_program(main: Callable[[], int | None]) -> NoReturn:
    """Run a command line and exit with its code. If nobody reads what it prints any more, it ends without a word."""
    try:
        try:
            sys.exit(main())
        finally:
            print(end="", flush=True)  # or Python meets the broken pipe after the last line of the program
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for number in (1, 2):  # what Python still holds back goes there
            os.dup2(nowhere, number)
        sys.exit(UNREAD)


def exit_code(program: str, command: Callable[[], None], *, interrupted: str = "interrupted") -> int:
    """Run a command: 0 done, 1 failed, misuse included, 130 interrupted. `run_as_program` takes a BrokenPipeError."""
    try:
        command()
    except BrokenPipeError:
        raise
    except KeyboardInterrupt:
        return complain(f"{program}: {interrupted}", INTERRUPTED)
    except (ValueError, OSError) as error:
        return complain(f"{program}: error: {reason(error)}", FAILED)
    return 0


def grouped_exit_code(
    program: str,
    command: Callable[[], int],
    *,
    group: str,
    groups: Mapping[str, str],
    interrupted: str = "interrupted",
) -> int:
    """Run a command whose packages are in a group: its own exit code, 1 failed, 2 misused, 130 interrupted.

    A package that is missing is told with its group: that of its module in `groups`, or else `group`; without one it
    belongs to the whole installation.
    """
    try:
        return command()
    except BrokenPipeError:
        raise
    except KeyboardInterrupt:
        return complain(f"{program}: {interrupted}", INTERRUPTED)
    except UsageError as error:
        return complain(f"{program}: error: {error}", MISUSED)
    except ModuleNotFoundError as error:
        needed = groups.get(error.name or "", group)
        remedy = f"uv run --group {needed}" if needed else "uv run"
        told = f"{error.name} is missing: run it with `{remedy}`" if error.name else error
        return complain(f"{program}: error: {told}", FAILED)
    except (ValueError, OSError) as error:
        return complain(f"{program}: error: {reason(error)}", FAILED)
