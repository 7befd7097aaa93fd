"""What makes the lexicon of German, on a few words."""

import gzip

import pytest

from tts.text.german.learning import build_lexicon
from tts.text.german.learning.ipa import phones
from tts.text.german.learning.train_g2p import stems

TABLE = {
    "haus": "HH AW1 S",
    "tür": "T UE1 EX",
    "tag": "T AA1 K",
    "haustür": "HH AW1 S T UE2 EX",
    "tage": "T AA1 G AX",
    "hausbau": "HH AW1 S B AW2",
    "montage": "M AO0 N T AA1 ZH AX",
}


@pytest.mark.parametrize(
    ("ipa", "said"),
    [
        ("ˈhaʊ̯sˌtyːɐ̯", "HH AW1 S T UE2 EX"),
        ("veːk", "V EE1 K"),
        ("bəˈʔaxtn̩", "B AX Q A1 X T AX N"),
        ("naˈt͡si̯oːn", "N A0 T S Y OO1 N"),
        ("dɔɪ̯t͡ʃ", "D OY1 CH"),
        ("ˈlantʃaft", "L A1 N T SH A0 F T"),
        ("ʃɑ̃ːs", "SH AN1 S"),
        ("ˈp͡feːɐ̯də", "P F EE1 EX D AX"),
        ("ˈbuːx%", None),
        ("", None),
    ],
)
def test_ipa_is_read(ipa, said):
    found = phones(ipa)
    assert (found and " ".join(found)) == said


def test_the_lexicon_lists_what_does_not_follow(monkeypatch):
    table = {word: said.split() for word, said in TABLE.items()}
    monkeypatch.setattr(build_lexicon.derivation, "short_parts", lambda: frozenset({"haus", "tür", "bau"}))
    listed = build_lexicon.needed(table, {"tag": 10}, print)
    assert {"tag", "hausbau", "montage"} <= listed.keys()  # the first is frequent, and bau is not there
    assert not {"haustür", "tage"} & listed.keys() - {word for word in listed if len(word) <= 4}


def test_short_parts_are_those_that_compounds_bear_out():
    table = {word: said.split() for word, said in TABLE.items()}
    table |= {"haustag": "HH AW1 S T AA2 K".split(), "türhaus": "T UE1 EX HH AW2 S".split()}
    assert {"haus", "tür"} <= set(build_lexicon.short_parts(table))
    table |= {"tagaus": ["X"], "tagtür": ["X"], "tagbau": ["X"], "taghaus": ["X"]}
    assert "tag" not in build_lexicon.short_parts(table)


def test_the_command_writes_both_files(monkeypatch, tmp_path, capsys):
    table = {word: said.split() for word, said in TABLE.items()}
    monkeypatch.setattr(build_lexicon, "usual", lambda: table)
    monkeypatch.setattr(build_lexicon, "bands", lambda: {})
    monkeypatch.setattr(build_lexicon, "wiktionary", lambda: {"Montage": "ˈmoːnˌtaːɡə", "montage": "mɔnˈtaːʒə"})
    monkeypatch.setattr(build_lexicon.derivation, "short_parts", frozenset)
    build_lexicon.main(["-o", str(tmp_path)])
    lines = gzip.decompress((tmp_path / "wiktionary.txt.gz").read_bytes()).decode().splitlines()
    assert "montage(2) M OO1 N T AA2 G AX" in lines and "haus HH AW1 S" in lines
    assert lines == sorted(lines)
    assert "words are listed" in capsys.readouterr().out


def test_stems_find_the_words_of_a_family():
    assert {"haus", "hause", "hausen"} <= set(stems("hauses"))
    assert "machen" in set(stems("gemacht")) | set(stems("macht")) and "sehen" in stems("gesehen")
