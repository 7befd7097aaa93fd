import pytest

from data.split import SplitItem, assign, drawn, text_key


def clip(number: int, *, text: str, speaker: str = "a", corpus: str = "c", heldout: bool = False) -> SplitItem:
    return SplitItem(id=str(number), corpus=corpus, speaker=speaker, text_key=text_key(text), heldout=heldout)


def many(count: int, speakers: int) -> list[SplitItem]:
    return [clip(n, text=f"text number {n % (count // 2)}", speaker=f"s{n % speakers}") for n in range(count)]


def texts(clips, assignments, split):
    return {clip.text_key for clip, assignment in zip(clips, assignments, strict=True) if assignment.split == split}


def test_nothing_held_out_shares_a_text_with_train():
    clips = many(600, speakers=30)
    clips += [clip(1000 + n, text=f"Text, number {n}!", corpus="other", heldout=True) for n in range(20)]
    assignments = assign(clips, val_share=0.1, speaker_split="auto")
    train, val, test = (texts(clips, assignments, split) for split in ("train", "val", "test"))
    assert train and val and len(test) == 20
    assert not train & val and not train & test and not val & test
    assert all(assignment.reason for assignment in assignments if assignment.split is None)


def test_whole_speakers_are_held_out_of_large_corpora_only():
    clips = many(600, speakers=30)
    assignments = assign(clips, val_share=0.1, speaker_split="auto")
    held = {f"s{n}" for n in range(30) if drawn("speaker", f"c/s{n}", 0.1)}
    assert held
    assert not any(c.speaker in held and v.split == "train" for c, v in zip(clips, assignments, strict=True))
    few = [clip(n, text=f"text number {n}", speaker=f"s{n % 5}") for n in range(300)]
    trained = {
        c.speaker
        for c, v in zip(few, assign(few, val_share=0.1, speaker_split="auto"), strict=True)
        if v.split == "train"
    }
    assert trained == {f"s{n}" for n in range(5)}


@pytest.mark.parametrize(("speakers", "how"), [(25, "auto"), (5, "always"), (5, "never")])
def test_no_clip_moves_between_train_and_val_when_the_corpus_grows(speakers, how):
    small, large = many(200, speakers=speakers), many(200, speakers=speakers)
    large += [clip(5000 + n, text=f"text number {n + 50}", speaker=f"t{n}") for n in range(200)]
    before = assign(small, val_share=0.1, speaker_split=how)
    after = assign(large, val_share=0.1, speaker_split=how)
    moved = {(b.split, a.split) for b, a in zip(before, after, strict=False) if b.split != a.split}
    assert moved <= {("val", None)}


def test_a_corpus_of_one_speaker_is_never_held_out_whole():
    name = next(f"s{n}" for n in range(1000) if drawn("speaker", f"c/s{n}", 0.1))
    clips = [clip(n, text=f"text number {n}", speaker=name) for n in range(300)]
    splits = [v.split for v in assign(clips, val_share=0.1, speaker_split="always")]
    assert 10 < splits.count("val") < 60 and splits.count("val") + splits.count("train") == 300


def test_clips_without_text_are_split_by_speaker_or_by_id():
    clips = [clip(n, text="", speaker=f"s{n}") for n in range(300)]
    splits = [v.split for v in assign(clips, val_share=0.1, speaker_split="auto")]
    assert 10 < splits.count("val") < 60 and splits.count("val") + splits.count("train") == 300
    alone = [clip(n, text="") for n in range(300)]
    assert 10 < [v.split for v in assign(alone, val_share=0.1, speaker_split="auto")].count("val") < 60
