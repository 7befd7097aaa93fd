import pytest

from helpers.growth import QUADRATIC, growth


@pytest.mark.parametrize(
    "sentences",
    [
        ["Am 3. Mai kam er.", "Er blieb."],
        ["Das war 1984.", "Danach kam nichts."],
        ["Sie ist 12.", "Er ist 13."],
        ["Der 1. Platz ging an sie.", "Der 2. Platz nicht."],
        ["Im 19. Jahrhundert war das so.", "Heute nicht."],
        ["Dr. Müller und Prof. Schmidt kamen.", "Sie gingen."],
        ["Er kauft z. B. Äpfel, d. h. Obst.", "Sie auch."],
        ["Äpfel, Birnen usw. sind gut.", "Ja."],
        ["Er mag Äpfel, Birnen usw.", "Sie mag Nüsse."],
        ["„Wer ist da?“, fragte sie.", "„Ich“, sagte er.", "„Komm herein.“", "Sie ging."],
        ["»Guten Tag.«", "»Guten Tag!«, rief er.", "Dann Stille."],
        ["Ludwig XIV. baute Versailles.", "Es ist groß."],
        ["Kaiser Wilhelm II. dankte ab.", "Das war 1918."],
        ["Siehe S. 12 ff.", "Dort steht es."],
        ["Wir treffen uns in der Hauptstr. 5 in Köln.", "Komm!"],
        ["J. S. Bach lebte in Leipzig.", "Er starb dort."],
        ["Er wohnt in St. Gallen.", "Sie nicht."],
        ["Warte … dann komm.", "Gut."],
        ["Er kam ca. um 8 Uhr.", "Sie später."],
        ["Nr. 5 lebt.", "Nr. 6 nicht."],
        ["Das kostet 3,50 €.", "Zu viel!"],
        ["Die 1. und 2. Klasse sind voll.", "Schade."],
        ["Ist das Ihr Ernst?", "Nein!"],
        ["Ich danke Dir.", "Er kommt."],
        ["Das ist ihre Art.", "Sie bleibt so."],
        ["Er sprach mit Dir. Huber.", "Gut."],
    ],
)
def test_sentences_end_where_a_reader_ends_them(german, sentences):
    assert [sentence.text for sentence in german.split(" ".join(sentences), 300)] == sentences


def test_long_sentences_are_cut_at_clauses(german):
    text = "Er ging durch den dunklen Wald nach Hause, " * 8 + "weil es spät war."
    parts = german.split(text, 120)
    assert len(parts) > 3 and all(len(part.text) <= 120 for part in parts)
    assert all(part.text.endswith((",", ".")) for part in parts)


@pytest.mark.parametrize("unit", ["Am 3. ", "z. B. ", "„Ja.“ ", "Karl V. ", "usw. ", "1. "])
def test_splitting_takes_linear_time(german, unit):
    assert growth(lambda text: german.split(text, 200), unit * (20_000 // len(unit))) < QUADRATIC
