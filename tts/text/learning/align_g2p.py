"""Which phones each letter of a word says, found from words and their phones alone.

Every letter says no, one or two phones. How likely each letter says what is estimated by expectation-maximisation
(Dempster et al. 1977) over all ways to cut the phones, which dynamic programming sums (as for graphones: Bisani and Ney
2008, doi:10.1016/j.specom.2008.01.002). All words are computed at once.
"""

import numpy as np

MOST = 2  # phones of a letter
START = (0.3, 1.0, 0.02)  # relative probabilities of no, one and two phones before the first iteration

Entry = tuple[str, tuple[str, ...]]  # a word, and its phones
Cuts = list[tuple[str, ...]]  # the phones of each letter


class LetterAligner:
    """Words and their phones as arrays, and the probability that a letter says a chunk of phones."""

    def __init__(self, entries: list[Entry], alphabet: str):
        phones = sorted({phone for _, said in entries for phone in said})
        numbers = {phone: number for number, phone in enumerate(phones, 1)}
        self.entries = entries
        self.rows = np.arange(len(entries))
        self.word_len = np.array([len(word) for word, _ in entries])
        self.phones_len = np.array([len(said) for _, said in entries])
        self.letters = np.zeros((len(entries), self.word_len.max() + 1), int)
        self.phones = np.zeros((len(entries), self.phones_len.max() + MOST), int)
        for row, (word, said) in enumerate(entries):
            self.letters[row, : len(word)] = [alphabet.index(letter) for letter in word]
            self.phones[row, : len(said)] = [numbers[phone] for phone in said]
        self.kinds = len(phones) + 1
        ends = (1, self.kinds, self.kinds + self.kinds**2)  # numbers of chunks: none, one phone, two phones
        prob = np.empty((len(alphabet), ends[-1]))
        for count, (start, end) in enumerate(zip((0, *ends), ends, strict=False)):
            prob[:, start:end] = START[count]
        self.prob = prob / prob.sum(1, keepdims=True)

    def chunk(self, count: int, at: int) -> np.ndarray:
        """The number of the chunk of `count` phones that starts at phone `at`, for every word."""
        if count == 0:
            return np.zeros_like(self.rows)
        first = self.phones[:, at]
        return first if count == 1 else self.kinds + first * self.kinds + self.phones[:, at + 1]

    def steps(self):
        """Every phone at which a letter can end, and how many phones it says."""
        return [(end, count) for end in range(self.phones_len.max() + 1) for count in range(min(MOST, end) + 1)]

    def forward(self) -> np.ndarray:
        """Probability of the first i letters saying the first j phones, (letters, phones, words)."""
        out = np.zeros((self.word_len.max() + 1, self.phones_len.max() + 1, len(self.rows)))
        out[0, 0] = 1
        for i in range(1, len(out)):
            for end, count in self.steps():
                if (before := out[i - 1, end - count]).any():
                    here = self.prob[self.letters[:, i - 1], self.chunk(count, end - count)]
                    out[i, end] += before * here * (self.word_len >= i) * (self.phones_len >= end)
        return out

    def improve(self) -> None:
        """One iteration of expectation-maximisation."""
        forward = self.forward()
        total = forward[self.word_len, self.phones_len, self.rows]
        counts = np.full_like(self.prob, 1e-6)
        last = np.zeros(forward.shape[1:])
        last[self.phones_len, self.rows] = np.where(total > 0, 1 / np.where(total > 0, total, 1), 0)
        after = np.zeros_like(last)
        for i in range(len(forward) - 1, 0, -1):
            after = np.where(self.word_len == i, last, after)
            before = np.zeros_like(after)
            for end, count in self.steps():
                if (left := forward[i - 1, end - count]).any():
                    pair = self.letters[:, i - 1], self.chunk(count, end - count)
                    right = self.prob[pair] * after[end] * (self.phones_len >= end)
                    before[end - count] += right
                    np.add.at(counts, pair, left * right)
            after = before
        self.prob = counts / counts.sum(1, keepdims=True)

    def best(self) -> list[Cuts | None]:
        """The likeliest cuts of every word's phones (Viterbi), None where the phones are too many for the letters."""
        log_prob = np.log(self.prob)
        scores = np.full((self.phones_len.max() + 1, len(self.rows)), -np.inf)
        scores[0] = 0
        counts = np.zeros((self.word_len.max() + 1, *scores.shape), np.int8)
        reached = np.zeros(len(self.rows), bool)
        for i in range(1, len(counts)):
            ahead = np.full_like(scores, -np.inf)
            for end, count in self.steps():
                score = scores[end - count] + log_prob[self.letters[:, i - 1], self.chunk(count, end - count)]
                better = (score > ahead[end]) & (self.phones_len >= end)
                ahead[end] = np.where(better, score, ahead[end])
                counts[i, end] = np.where(better, count, counts[i, end])
            scores = ahead
            ended = self.word_len == i
            reached |= ended & np.isfinite(scores[self.phones_len, self.rows])
        return [self._cuts(row, counts) if reached[row] else None for row in self.rows]

    def _cuts(self, row: int, counts: np.ndarray) -> Cuts:
        word, phones = self.entries[row]
        end, cuts = len(phones), []
        for i in range(len(word), 0, -1):
            start = end - counts[i, end, row]
            cuts.append(phones[start:end])
            end = start
        return cuts[::-1]


def align(entries: list[Entry], alphabet: str, iterations: int = 8) -> list[Cuts | None]:
    """What each letter of each word says; None for a word with more phones than its letters can say."""
    aligner = LetterAligner(entries, alphabet)
    for _ in range(iterations):
        aligner.improve()
    return aligner.best()
