"""The phones of German. Those that English has, too, are written as ARPAbet writes them; the others are our own.

| phone | IPA | as in | phone | IPA | as in |
|---|---|---|---|---|---|
| IY | iː, i | Miete | A | a | Stadt |
| IH | ɪ | Mitte | AA | aː | Staat |
| UE | yː, y | Hüte | EX | ɐ, ɐ̯ | Bauer, Uhr |
| UX | ʏ | Hütte | AX | ə | Blume |
| EE | eː, e | Beet | AY, AW, OY | aɪ̯, aʊ̯, ɔɪ̯ | Eis, Haus, Heu |
| EH | ɛ | Bett | AN, EN, ON, UN | ɑ̃, ɛ̃, ɔ̃, œ̃ | Chance, Teint, Bonbon, Parfum |
| AEH | ɛː | Käse | RH | ʁ | Rad |
| OE | øː, ø | Höhle | C | ç | ich |
| OX | œ | Hölle | X | x | ach |
| UW | uː, u | Mut | Q | ʔ | be-achten, inside a word only |
| UH | ʊ | Mutter | Y, NG, SH, ZH | j, ŋ, ʃ, ʒ | ja, Ring, Schiff, Garage |
| OO | oː, o | Ofen | CH, JH | t͡ʃ, d͡ʒ | deutsch, Dschungel |
| AO | ɔ | offen | T S, P F | t͡s, p͡f | Zahl, Pferd |

B D F G HH K L M N P S T V Z are what they look like. AE, AH, ER, EY, OW, DH, R, TH and W come in words from English.
A digit after a vowel is its stress: 0 none, 1 primary, 2 secondary. AX and EX are never stressed and have none.
"""

STRESSED = frozenset(
    "A AA AEH EE EH IH IY AO OO OE OX UH UW UE UX AY AW OY AN EN ON UN AE AH ER EY OW".split()
)  # vowels with a digit
VOWELS = STRESSED | {"AX", "EX"}
CONSONANTS = frozenset("B C CH D DH F G HH JH K L M N NG P Q R RH S SH T TH V W X Y Z ZH".split())
PHONES = VOWELS | CONSONANTS
# What ARPAbet lacks, in the order in which it follows on the symbols of English.
ADDED = "A AEH EE OO OE OX UE UX AX EX AN EN ON UN RH C X Q".split()
# What a voice says that has English phones only: the nearest of them. An r after a vowel ends a syllable in English.
NEAREST = {
    **{"A": "AA", "AEH": "EH", "EE": "EY", "OO": "OW", "OE": "ER", "OX": "ER", "UE": "UW", "UX": "UH"},
    **{"AX": "AH", "EX": "AH", "AN": "AA NG", "EN": "AE NG", "ON": "AO NG", "UN": "AH NG"},
    **{"AA EX": "AA R", "AEH EX": "EH R", "EE EX": "EH R", "EH EX": "EH R", "IY EX": "IH R", "IH EX": "IH R"},
    **{
        "OO EX": "AO R",
        "AO EX": "AO R",
        "UW EX": "UH R",
        "UH EX": "UH R",
        "UE EX": "UH R",
        "UX EX": "UH R",
        "OE EX": "ER",
    },
    **{"RH": "R", "C": "SH", "X": "K", "Q": ""},
}


def bare(phone: str) -> str:
    """A phone without its stress."""
    return phone.rstrip("012")
