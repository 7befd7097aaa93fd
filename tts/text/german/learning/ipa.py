"""IPA, as the German Wiktionary writes it, to our phones."""

import re

from tts.text.german.phones import STRESSED, VOWELS

# Longest first. Whatever is not listed makes a pronunciation unreadable.
SOUNDS = {
    **{"t͡ʃ": "CH", "d͡ʒ": "JH", "t͡s": "T S", "p͡f": "P F", "k͡s": "K S"},
    **{"aɪ̯": "AY", "aʊ̯": "AW", "ɔɪ̯": "OY", "ɔʏ̯": "OY", "ʊɪ̯": "UH Y", "ɛɪ̯": "EY", "eɪ̯": "EY", "ɔʊ̯": "OW", "oʊ̯": "OW"},
    **{"əʊ̯": "OW", "i̯": "Y", "u̯": "W", "o̯": "W", "y̯": "W", "ʊ̯": "W", "ɪ̯": "Y", "e̯": "Y", "ɐ̯": "EX", "ʏ̯": "Y"},
    **{"n̩": "AX N", "l̩": "AX L", "m̩": "AX M", "ŋ̩": "AX NG", "ʁ̩": "EX", "ɹ̩": "EX"},
    **{"ɑ̃": "AN", "ã": "AN", "ɛ̃": "EN", "ẽ": "EN", "ɔ̃": "ON", "õ": "ON", "œ̃": "UN"},
    **{"aː": "AA", "ɑː": "AA", "ɛː": "AEH", "ɜː": "ER", "œː": "OX"},
    **{"a": "A", "ɑ": "A", "ɛ": "EH", "e": "EE", "ɪ": "IH", "i": "IY", "ɔ": "AO", "ɒ": "AO", "o": "OO", "ʊ": "UH"},
    **{"u": "UW", "ʏ": "UX", "y": "UE", "œ": "OX", "ø": "OE", "ə": "AX", "ɐ": "EX", "æ": "AE", "ʌ": "AH", "ɜ": "ER"},
    **{"b": "B", "d": "D", "f": "F", "ɡ": "G", "g": "G", "h": "HH", "j": "Y", "k": "K", "l": "L", "m": "M", "n": "N"},
    **{"ŋ": "NG", "p": "P", "ʁ": "RH", "r": "RH", "ɹ": "R", "s": "S", "ʃ": "SH", "t": "T", "v": "V", "w": "W"},
    **{"x": "X", "ç": "C", "z": "Z", "ʒ": "ZH", "θ": "TH", "ð": "DH", "ʔ": "Q", "ː": ""},
}
STRESSES = {"ˈ": "1", "ˌ": "2"}
TOKEN = re.compile("|".join(map(re.escape, [*sorted(SOUNDS, key=len, reverse=True), *STRESSES])))
ABOVE = str.maketrans({"̍": "̩", "̥": "", "ã": "ɑ̃", "õ": "ɔ̃", "ẽ": "ɛ̃"})


def phones(ipa: str) -> list[str] | None:
    """Our phones, vowels with their stress; None if a character is no sound that we know.

    The only vowel of a word is stressed, though no mark says so.
    """
    ipa = ipa.translate(ABOVE)
    out: list[str] = []
    place, stress = 0, ""
    while place < len(ipa):
        match = TOKEN.match(ipa, place)
        if not match:
            return None
        place = match.end()
        if match[0] in STRESSES:
            stress = STRESSES[match[0]]
            continue
        for phone in SOUNDS[match[0]].split():
            if phone in STRESSED:
                phone, stress = phone + (stress or "0"), ""
            out.append(phone)
    vowels = [number for number, phone in enumerate(out) if phone.rstrip("012") in VOWELS]
    if not any(phone.endswith("1") for phone in out):
        strong = [number for number in vowels if out[number][-1] in "02"]
        if len(strong) == 1:
            out[strong[0]] = out[strong[0]][:-1] + "1"
    return out or None
