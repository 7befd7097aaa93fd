"""Who speaks which role: what is given, what stands in the file of the project, and the rest by itself."""

import difflib
import json
import os
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import yaml

from tts import voices
from tts.document import DIRECTION, LEFT_OUT, Document
from tts.files import whole
from tts.narration.script import NARRATOR

HEAD = """\
# Who speaks which role. Change the voice after a role and run the same command again: only this role is spoken anew.
# A voice is {voices}, a voice file, a recording, or a folder of them.
# A role without a voice gets one by itself. Lines that begin with # are not read.
"""
MAX_BYTES = 2**20
MAIN = 0.05  # of all words: a role that says as much gets a voice of its own while there is one
PLAIN_ROLE = re.compile(r"[A-Za-z][\w.' -]*[\w.]|[A-Za-z]")
RESERVED = frozenset("true false null yes no on off y n".split())
MEN = """
    mr sir lord king prince duke earl count baron father brother uncle master monsieur herr rev canon captain
    sergeant butler grandfather son husband man boy adam alan albert alex alexander alfred algernon andrew anthony
    arthur ben benjamin bernard bertie bill bob brian bruce carl charles charlie chris claudius daniel dave david
    dennis don donald douglas duncan ed edgar edmund edward eric ernest francis frank fred frederick gary george
    gerald gilbert gordon graham greg hal hamlet harold harry henry herbert horatio howard hugh ian iago isaac jack
    jacob jake james jason jeff jeremy jerry jim joe john jonathan joseph josh justin keith ken kevin laertes larry
    laurence lee leo leonard lewis louis luke macbeth mark martin matthew michael mike mortimer nathan neil nicholas
    nick noah oliver oscar othello owen patrick paul peter philip phil polonius ralph raymond richard rob robert
    roger romeo ron ronald roy ryan sam samuel scott sean simon stephen steve steven stuart ted terry theodore
    thomas tim timothy toby tom tony victor vincent walter wayne will william
"""
WOMEN = """
    mrs miss ms lady queen princess duchess countess baroness mother sister aunt madame mademoiselle frau nurse
    grandmother daughter wife woman girl dame madam abigail ada agatha agnes alice amanda amelia amy angela ann anna
    anne annie ashley audrey barbara beatrice becky bella bertha beth betty bianca brenda bridget carol caroline
    cassandra catherine cecilia cecily charlotte christina christine claire clara cordelia daisy deborah desdemona
    diana dora dorothy edith eleanor elizabeth ella ellen emily emma esther eva eve evelyn fanny fiona flora
    florence frances gertrude gillian gloria grace gwen gwendolen hannah harriet heather helen helena hermia irene
    iris isabel isabella jane janet jean jennifer jenny jessica jill joan joanna josephine joyce judith judy julia
    julie juliet karen kate katherine kathleen kathy kim laura lavinia leah lily linda lisa lorna louisa louise lucy
    lydia mabel maggie margaret maria marian marie martha mary matilda maud melissa michelle mildred miranda miriam
    molly monica nancy naomi natalie nell nicole nina nora olive olivia ophelia pamela patricia paula pauline peggy
    penelope phoebe polly portia prism rachel rebecca regan rosalind rose rosemary rosie ruth sally sandra sarah
    sharon sheila sophia sophie stella susan suzanne sylvia tess theresa tina titania ursula valerie vera victoria
    viola violet virginia wendy winifred
"""
GENDERS = dict.fromkeys(MEN.split(), "male") | dict.fromkeys(WOMEN.split(), "female")  # of titles and given names


def gender_of(name: str) -> str:
    """Male or female, where a title or a given name tells; empty where none does."""
    words = re.findall(r"[^\W\d_]+", name.casefold())
    return next((GENDERS[word] for word in words if word in GENDERS), "")


def roles_of(document: Document, known: Collection[str] = ()) -> dict[str, int]:
    """How many words every role says, in the order of appearance; the narrator first.

    Raises ValueError that names the place of a [voice NAME] which is no speaker, no voice, and not among `known`.
    """
    words = {NARRATOR: 0}
    parts = [part for chapter in document.chapters for part in chapter.paragraphs]
    speakers = {part.speaker for part in parts if part.speaker}
    names = {NARRATOR, *speakers, *known, *voices.names()}
    checked: set[str] = set()
    for part in parts:
        if part.kind in LEFT_OUT and part.kind != DIRECTION and not any(span.voice for span in part.spans):
            continue
        for span in part.spans:
            role = span.voice or part.speaker or NARRATOR
            if span.voice and role not in names and role not in checked:
                _check_voice(role, part.place, names)
                checked.add(role)
            words[role] = words.get(role, 0) + (len(span.text.split()) if part.kind not in LEFT_OUT else 0)
    for chapter in document.chapters:
        words[NARRATOR] += len(chapter.title.split())
    return words


def _check_voice(name: str, place: str, names: Iterable[str]) -> None:
    if os.path.sep in name and Path(name).exists():
        return
    raise ValueError(f"{place}: no role and no voice is called {name!r}: {_near(name, names)}")


def _near(name: str, names: Iterable[str]) -> str:
    names = sorted(names)
    by_case = {one.casefold(): one for one in names}
    near = difflib.get_close_matches(name.casefold(), by_case, 1)
    listed = ", ".join(names[:12]) + (" ..." if len(names) > 12 else "")
    return (f"did you mean {by_case[near[0]]}? " if near else "") + f"there are {listed}"


def given_cast(entries: Iterable[str]) -> dict[str, str]:
    """What `--cast ROLE=VOICE` gives. Raises ValueError for anything else."""
    given: dict[str, str] = {}
    for entry in entries:
        role, equals, voice = (part.strip() for part in entry.partition("="))
        if not (role and equals and voice):
            raise ValueError(f"{entry!r} casts nobody: write ROLE=VOICE")
        given[role] = voice
    return given


class Cast:
    """The voice of every role, in the order of appearance."""

    def __init__(self, chosen: Mapping[str, str] | None = None, text: str = ""):
        self.chosen = dict(chosen or {})
        self._text = text  # of the file, whose comments stay

    @classmethod
    def load(cls, path: Path) -> "Cast":
        """From a file that a person may have changed; empty if there is none.

        Raises ValueError that names the file and the line if it cannot be read, or if a voice is none.
        """
        if not path.exists():
            return cls()
        data = path.read_bytes()[: MAX_BYTES + 1]
        if len(data) > MAX_BYTES:
            raise ValueError(f"{path} is too large for a cast")
        try:
            text = data.decode("utf-8-sig")
            found = yaml.safe_load(text) or {}
        except UnicodeDecodeError:
            raise ValueError(f"{path} is not UTF-8: save it as plain UTF-8 text") from None
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            place = f", line {mark.line + 1}" if mark else ""
            raise ValueError(f"{path}{place}: it is no list of lines such as Jack: kathleen") from None
        if not isinstance(found, dict):
            raise ValueError(f"{path}: it is no list of lines such as Jack: kathleen")
        chosen = {}
        for role, voice in found.items():
            if isinstance(role, dict | list | tuple) or isinstance(voice, dict | list):
                raise ValueError(f"{path}: {role!r} has no single voice: write it as Jack: kathleen")
            if voice is not None and str(voice).strip():
                chosen[str(role)] = str(voice).strip()
        cast = cls(chosen, text)
        for role, voice in chosen.items():
            try:
                voices.find(voice)
            except ValueError as error:
                raise ValueError(f"{path}, line {cast._line_of(role) + 1}: {role}: {error}") from None
        return cast

    def assign(
        self,
        roles: Mapping[str, int],
        available: Mapping[str, str],
        given: Mapping[str, str],
        *,
        narrator: str,
        path: Path | None = None,
    ) -> None:
        """Give every role a voice: the given one, that of the file, its own name, or one by itself.

        `roles`: the words that each says, see `roles_of`. `available`: the voices to choose from, with their gender.
        `narrator`: the voice of the narrator unless another is given. `path`: the file, for errors. Whoever has a voice
        keeps it. Raises ValueError for a role that the text does not have.
        """
        by_case = {role.casefold(): role for role in roles}
        for role in self.chosen:
            if role not in roles:
                place = f"{path}, line {self._line_of(role) + 1}" if path else "the cast"
                raise ValueError(f"{place}: nobody is called {role!r} in the text: {_near(role, roles)}")
        for role, voice in given.items():
            if role.casefold() not in by_case:
                raise ValueError(f"--cast {role}={voice}: nobody is called {role!r} in the text: {_near(role, roles)}")
            voices.find(voice)
            self.chosen[by_case[role.casefold()]] = voice
        self.chosen.setdefault(NARRATOR, narrator)
        for role in roles:
            if role in available:
                self.chosen.setdefault(role, role)
        total = sum(roles.values()) or 1
        for role in sorted(roles, key=lambda role: (-roles[role], role)):
            if role not in self.chosen:
                self.chosen[role] = self._choose(role, roles, available, MAIN * total)
        self.chosen = {role: self.chosen[role] for role in roles}

    def _choose(self, role: str, roles: Mapping[str, int], available: Mapping[str, str], main: float) -> str:
        """A main role takes a voice that no other main role has, if there is one; all prefer their gender."""
        if not available:
            return self.chosen[NARRATOR]
        gender = gender_of(role)

        def cost(voice: str) -> tuple:
            sharing = [other for other, taken in self.chosen.items() if taken == voice]
            mains = sum(roles[other] >= main for other in sharing)
            wrong = bool(gender) and available[voice] in ("male", "female") and available[voice] != gender
            said = sum(roles[other] for other in sharing)
            if roles[role] >= main:
                return mains, wrong, len(sharing), said, voice
            return wrong, len(sharing), said, voice

        return min(available, key=cost)

    def voice(self, role: str) -> str:
        """The voice of a role; that of the narrator for one that has none."""
        return self.chosen.get(role) or self.chosen[NARRATOR]

    def save(self, path: Path) -> None:
        """Write the file whole. Lines that are right stay as they are, with their comments; new roles come last."""
        lines = self._text.splitlines() or HEAD.format(voices=", ".join(voices.names())).splitlines()
        for role, voice in self.chosen.items():
            entry = f"{_written(role)}: {_written(voice)}"
            place = self._line_of(role)
            if place < 0:
                lines.append(entry)
            elif _entry(lines[place]).get(role) != voice:
                comment = re.search(r"\s+#.*$", lines[place])
                lines[place] = entry + (comment[0] if comment else "")
        text = "\n".join(lines) + "\n"
        if text != self._text:
            with whole(path, shared=True) as file:
                file.write(text.encode())
            self._text = text

    def _line_of(self, role: str) -> int:
        """Index of the line of a role in the file; -1 if it has none."""
        entries = (_entry(line) for line in self._text.splitlines())
        return next((number for number, entry in enumerate(entries) if role in entry), -1)


def cast_of(
    document: Document,
    file: Path,
    entries: Iterable[str],
    *,
    narrator: str,
    language: str = voices.ENGLISH,
    fingerprint: str | None = None,
) -> Cast:
    """The cast of a document, as `entries` (ROLE=VOICE) and the file give it, completed. It is not saved here.

    `narrator` is the voice of the narrator if neither gives one. With the `fingerprint` of nets only voices that were
    made for them are chosen, and of those the ones that speak the language of the text, if there are two and more.
    Raises ValueError that names the place.
    """
    given, cast = given_cast(entries), Cast.load(file)
    cards = {name: voices.about(voices.find(name)) for name in voices.names()}
    fit = {name: card for name, card in cards.items() if fingerprint in (None, card.fingerprint)}
    own = {name: card for name, card in fit.items() if card.language == language}
    genders = {name: card.gender for name, card in (own if len(own) > 1 else fit).items()}
    roles = roles_of(document, {*given, *cast.chosen})
    cast.assign(roles, genders, given, narrator=narrator, path=file)
    return cast


def _entry(line: str) -> dict[str, str]:
    """The role and the voice of a line of the file."""
    try:
        found = yaml.safe_load(line)
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return {str(role): str(voice or "") for role, voice in found.items()} if isinstance(found, dict) else {}


def _written(word: str) -> str:
    plain = PLAIN_ROLE.fullmatch(word) and word.casefold() not in RESERVED
    return word if plain else json.dumps(word, ensure_ascii=False)
