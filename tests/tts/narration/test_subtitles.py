import re

import pytest

from helpers import timelines
from tts.document import Chapter, Document
from tts.document.document import Paragraph
from tts.document.subtitles import read_cues
from tts.narration import subtitles

BOOK = timelines.book()
TIMELINE = timelines.of(BOOK)
LONG = "When the keeper of the light had gone down to the shore, he saw that the boat, which he had left there in the \
evening, was gone, and with it everything that he owned in the world."


def of(*paragraphs):
    return timelines.of(Document(chapters=[Chapter("", [Paragraph.of(text) for text in paragraphs])]))


def cues(text, path):
    path.write_text(text, "utf-8")
    return read_cues(path)


def said(found):
    return " ".join(" ".join(cue.text for cue in found).split())


@pytest.mark.parametrize("words", [False, True])
@pytest.mark.parametrize("form", ["srt", "vtt"])
def test_our_own_reader_reads_the_same_words_and_times(form, words, tmp_path):
    timeline = of(LONG, "Yes, it was.", "Nobody said a word.")
    found = cues(getattr(subtitles, form)(timeline, words=words), tmp_path / f"a.{form}")
    assert said(found) == f"{LONG} Yes, it was. Nobody said a word."
    assert found[0].start == pytest.approx(timelines.LEAD_IN, abs=1e-3)
    starts = {round(timelines.LEAD_IN + segment.start, 3) for segment in timeline.chapters[0].segments}
    assert starts <= {round(cue.start, 3) for cue in found}
    assert all(a.end <= b.start for a, b in zip(found, found[1:], strict=False))


def test_a_long_sentence_is_cut_into_cues_of_two_short_lines(tmp_path):
    text = subtitles.srt(of(LONG))
    blocks = [block.split("\n")[2:] for block in text.strip().split("\n\n")]
    assert len(blocks) == 3 and all(len(block) <= 2 for block in blocks)
    assert all(len(line) <= subtitles.WIDTH for block in blocks for line in block)
    times = [word.start + timelines.LEAD_IN for word in of(LONG).chapters[0].segments[0].words]
    for cue in cues(text, tmp_path / "a.srt"):
        assert min(abs(cue.start - time) for time in times) < 2e-3


def test_a_cue_ends_where_a_clause_ends_if_one_is_near():
    blocks = subtitles.srt(of(LONG)).strip().split("\n\n")
    assert sum(block[-1] in ",." for block in blocks) >= 2


def test_one_word_of_any_length_is_one_line():
    assert subtitles.srt(of("a" * 100)).count("\n") == 3


def test_a_cue_a_word(tmp_path):
    found = cues(subtitles.srt(of("It was late."), words=True), tmp_path / "a.srt")
    assert [cue.text for cue in found] == ["It", "was", "late."]
    assert found[1].start == pytest.approx(2.3, abs=1e-3)


def test_each_word_of_a_cue_has_its_time():
    text = subtitles.vtt(of("It was late. So late!"), words=True)
    assert "00:00:02.000 --> 00:00:03.100\nIt <00:00:02.300>was <00:00:02.700>late.\n" in text


def test_the_times_in_a_cue_ascend_and_lie_inside_it():
    for block in subtitles.vtt(TIMELINE, words=True).split("\n\n")[1:]:
        clocks = re.findall(r"[\d:]+\.\d{3}", block)
        inside = [clocks[0], *clocks[2:], clocks[1]]
        assert inside == sorted(set(inside)) or len(clocks) == 2


def test_marks_in_a_text_are_written_as_text(tmp_path):
    hostile = "Is a <b>bold</b> & 3 < 4 --> 5 {\\an8}sign?"
    assert "<b>" not in subtitles.srt(of(hostile)) and "{\\" not in subtitles.srt(of(hostile))
    text = subtitles.vtt(of(hostile))
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; 3 &lt; 4\n" in text.replace(" --&gt;", "\n") and text.count("-->") == 1
    assert subtitles.lrc(of("[00:01.00] is a time.")).splitlines()[-1] == "[00:02.00] [00:01.00] is a time."


def test_speakers_are_named_in_webvtt(tmp_path):
    found = cues(subtitles.vtt(TIMELINE), tmp_path / "a.vtt")
    assert [cue.speaker for cue in found[-2:]] == ["Jack", "Gwen &lt;3"]


def test_a_chapter_starts_at_zero(tmp_path):
    found = cues(subtitles.srt(TIMELINE, chapter=1), tmp_path / "a.srt")
    assert found[0].start == 0 and said(found) == "Two Voices Is that you? Who else & why?"


def test_lrc_has_a_line_for_each_sentence_and_times_beyond_an_hour():
    text = subtitles.lrc(TIMELINE)
    assert text.startswith("[ti:Salt & <Light>]\n[ar:LJ]\n[au:A. N. Author]\n[al:Salt & <Light>]\n[length:00:")
    assert "[00:02.00]The Sea\n" in text
    assert "<00:02.00>The <00:02.40>Sea\n" in subtitles.lrc(TIMELINE, words=True)
    assert subtitles._minutes(3725.5) == "62:05.50"


def test_a_word_that_is_not_heard_shares_the_time_between_its_neighbours():
    segment = timelines.timed("It — was late.")
    shown = subtitles.shown_words(segment)
    assert [word.text for word in shown] == ["It", "—", "was", "late."]
    assert (shown[1].start, shown[1].stop) == (segment.words[0].stop, segment.words[1].start)


def test_a_segment_without_times_of_words_is_spread_evenly():
    segment = timelines.timed("It was late.")
    segment.words.clear()
    shown = subtitles.shown_words(segment)
    assert shown[0].start == segment.start and shown[-1].stop == pytest.approx(segment.stop)
    assert [word.start for word in shown] == sorted(word.start for word in shown)
