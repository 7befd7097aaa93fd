"""Phonemes as people write them into a text: ARPAbet, which is read in braces, and the IPA of English."""

import re

VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
ARPABET = re.compile(rf"(?:{VOWELS.replace(' ', '|')})[012]?|B|CH|D|DH|F|G|HH|JH|K|L|M|N|NG|P|R|S|SH|T|TH|V|W|Y|Z|ZH")
# The names of the letters.
LETTERS = {
    "A": "EY1", "B": "B IY1", "C": "S IY1", "D": "D IY1", "E": "IY1", "F": "EH1 F", "G": "JH IY1", "H": "EY1 CH",
    "I": "AY1", "J": "JH EY1", "K": "K EY1", "L": "EH1 L", "M": "EH1 M", "N": "EH1 N", "O": "OW1", "P": "P IY1",
    "Q": "K Y UW1", "R": "AA1 R", "S": "EH1 S", "T": "T IY1", "U": "Y UW1", "V": "V IY1",
    "W": "D AH1 B AH0 L Y UW0", "X": "EH1 K S", "Y": "W AY1", "Z": "Z IY1",
}  # fmt: skip
IPA_VOWELS = {
    "iː": "IY", "i": "IY", "ɪ": "IH", "eɪ": "EY", "e": "EH", "ɛ": "EH", "æ": "AE", "a": "AE", "ɑː": "AA", "ɑ": "AA",
    "ɒ": "AA", "ɔː": "AO", "ɔ": "AO", "oʊ": "OW", "əʊ": "OW", "o": "OW", "ʊ": "UH", "uː": "UW", "u": "UW", "ʌ": "AH",
    "ə": "AH", "ɐ": "AH", "ɜː": "ER", "ɜ": "ER", "ɝː": "ER", "ɝ": "ER", "ɚ": "ER", "əɹ": "ER", "aɪ": "AY", "aʊ": "AW",
    "ɔɪ": "OY", "ɨ": "IH", "ɪə": "IH R", "eə": "EH R", "ɛə": "EH R", "ʊə": "UH R",
}  # fmt: skip
IPA_CONSONANTS = {
    "p": "P", "b": "B", "t": "T", "d": "D", "k": "K", "ɡ": "G", "g": "G", "tʃ": "CH", "ʧ": "CH", "dʒ": "JH",
    "ʤ": "JH", "f": "F", "v": "V", "θ": "TH", "ð": "DH", "s": "S", "z": "Z", "ʃ": "SH", "ʒ": "ZH", "h": "HH",
    "m": "M", "n": "N", "ŋ": "NG", "l": "L", "ɫ": "L", "r": "R", "ɹ": "R", "ɻ": "R", "ɾ": "D", "j": "Y", "w": "W",
    "ʍ": "W", "x": "K", "l̩": "AH0 L", "n̩": "AH0 N", "m̩": "AH0 M",
}  # fmt: skip
LONGEST = 3  # signs of a sound
UNHEARD = frozenset("/[]().‿ ː\u0361\u02b0\u032f\u0329ʔˑ|")  # borders, ties, aspiration


def from_ipa(written: str) -> list[str]:
    """The phonemes of ARPAbet, with the stress of the syllable. Raises ValueError for a sound that English lacks."""
    sounds = written.replace("\u0361", "").replace("'", "ˈ").replace(",", "ˌ")
    phones: list[str] = []
    stress, place = "0", 0
    while place < len(sounds):
        sign = sounds[place]
        if sign in "ˈˌ":
            stress, place = ("1" if sign == "ˈ" else "2"), place + 1
            continue
        for length in range(LONGEST, 0, -1):
            sound = sounds[place : place + length]
            if sound in IPA_VOWELS:
                vowel, *rest = IPA_VOWELS[sound].split()
                phones += [vowel + stress, *rest]
                stress = "0"
            elif sound in IPA_CONSONANTS:
                phones += IPA_CONSONANTS[sound].split()
            else:
                continue
            place += length
            break
        else:
            if sign not in UNHEARD:
                raise ValueError(f"the sound {sign!r} of {written!r} is none of English")
            place += 1
    vowels = [number for number, phone in enumerate(phones) if phone[-1].isdigit()]
    if not phones:
        raise ValueError(f"{written!r} holds no sound")
    if len(vowels) == 1 and phones[vowels[0]][-1] == "0" and "ə" not in written:
        phones[vowels[0]] = phones[vowels[0]][:-1] + "1"  # IPA leaves the stress of one syllable out
    return phones
