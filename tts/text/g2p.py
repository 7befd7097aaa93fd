"""Letters to phones: a small net reads words that no dictionary lists. `learning/train_g2p.py` trains it.

Each letter says no, one or two phones (x: K S), its label. The encoder is convolutions over the letters; the decoder
predicts the label of each letter from the encoder and the `HISTORY` labels before it. A beam search proposes labels of
the whole word, and an n-gram of letters with their labels has a say in which are taken. NumPy is all that it needs.

A word is short, so most of the time goes to calling NumPy. Hence letters and paths are columns, of which BLAS takes a
few faster than rows; every column ends in a one, so that a bias is a column of its matrix; and the scale and shift of a
layer norm are part of the matrix after it.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

REACH = 4  # letters on either side that the first layer sees
HISTORY = 6  # labels before a letter that the decoder sees
BEAM = 8  # paths that the search keeps at most
MARGIN = 4.0  # nats by which a path may be less likely than the best
ORDER = 6  # letters that the n-gram sees, with their labels
SHARE = 1.4  # of the n-gram's log-probabilities relative to the net's
STEP = 0.05  # nats by which the n-gram's logarithms are rounded
NEVER = 255  # the number of all graphones that training lacks
UNHEARD = -15.0  # their log-probability
PIECE = 40  # letters that are read at once; no word of CMUdict is longer, and few of any dictionary

AROUND = np.arange(PIECE)[:, None] + np.arange(2 * REACH + 1)  # the letters that the first layer sees at each place
SHIFTS = 8 * np.arange(ORDER)  # bits
LENGTHS = np.arange(1, ORDER + 1) << 8 * ORDER
NEWEST = (1 << 8 * np.arange(1, ORDER + 1)) - 1  # bits of the newest graphones


class Graphones:
    """An n-gram over graphones: letters, each with its label (Bisani and Ney 2008, doi:10.1016/j.specom.2008.01.002).

    Its n-grams are the nodes of a tree, whose root is node 0; `learning/ngram_g2p.py` estimates and packs them. Here
    each has a key: its length, then its graphones in a byte each, the newest in the lowest.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]):
        children = arrays["ngram.children"]
        parents = np.concatenate([[0], np.repeat(np.arange(len(children)), children)])
        last = np.concatenate([[0], arrays["ngram.last"]])
        self.keys = np.zeros(len(parents), np.int64)  # ascending
        nodes = np.arange(len(parents))
        for shift in SHIFTS:
            self.keys += (last[nodes] << shift) + (nodes > 0) * LENGTHS[0]
            nodes = parents[nodes]
        # What is missing is node -1, the last of each table.
        self.probs = np.concatenate([[0], arrays["ngram.probs"], [0]]).astype(np.float32) * -STEP
        self.backoffs = np.concatenate([arrays["ngram.backoffs"], [0]]).astype(np.float32) * -STEP

    def score(self, graphones: np.ndarray) -> np.ndarray:
        """Log-probabilities (paths,) of words as graphones (paths, S)."""
        paths, size = graphones.shape
        padded = np.full((paths, ORDER + size + 1), NEVER)
        padded[:, ORDER - 1] = padded[:, -1] = 0  # 0 stands on both sides of a word
        padded[:, ORDER:-1] = graphones
        windows = sum(padded[:, ORDER - n : ORDER - n + size + 1] << 8 * n for n in range(ORDER))
        different, which = np.unique(windows, return_inverse=True)  # paths have most of their windows in common
        return self._log_probs(different)[which.reshape(windows.shape)].sum(axis=1)

    def _log_probs(self, windows: np.ndarray) -> np.ndarray:
        """Of the newest graphone of each window, which holds `ORDER` of them, given those before it."""
        nodes = self._nodes((windows[:, None] & NEWEST) + LENGTHS)
        contexts = self._nodes((windows[:, None] >> 8 & NEWEST[:-1]) + LENGTHS[:-1])
        probs, backoffs = self.probs[nodes], self.backoffs[contexts]
        logs = np.where(nodes[:, 0] > 0, probs[:, 0], np.float32(UNHEARD))
        for n in range(1, ORDER):
            logs = np.where(nodes[:, n] > 0, probs[:, n], logs + backoffs[:, n - 1])
        return logs

    def _nodes(self, keys: np.ndarray) -> np.ndarray:
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[places] == keys, places, -1)


class Reader:
    """The trained model. `labels` are what a letter says, e.g. "", "AH0" or "K S"; the first stands before a word."""

    def __init__(self, path: Path, alphabet: str):
        """`alphabet` has the letters in the order of training; the first stands for padding."""
        self.alphabet = alphabet
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        self.labels = arrays.pop("labels").tolist()
        self.sounds = [" ".join(phone.rstrip("012") for phone in label.split()) for label in self.labels]
        self.graphones = arrays.pop("graphones").astype(int)  # by letter and label
        self.said = [1 + np.flatnonzero(row[1:] != NEVER) for row in self.graphones]  # the labels of each letter
        self.letters = {letter for letter, said in zip(alphabet, self.said, strict=True) if len(said)}
        self.ngram = Graphones(arrays)
        self.weights = {name: value.astype(np.float32) for name, value in arrays.items() if "ngram." not in name}
        width = len(self.weights["letters.bias"])
        blocks = sum(name.startswith("convs.") and name.endswith(".weight") for name in self.weights)
        first = np.pad(self.weights["letters.weight"], ((0, 0), (0, 0), (0, 1)))
        first[REACH] += np.append(self.weights["letters.bias"], 1)  # the letter itself is always there
        self.first = first.reshape(-1, width + 1)
        self.convs = [self._conv(block) for block in range(blocks)]
        self.points = [_with_ones(self._linear(f"points.{block}"), 0) for block in range(blocks)]
        self.encoded = _with_ones(self._linear("encoded", "norm"), 1)
        self.history = np.pad(self.weights["history"], ((0, 0), (0, 0), (0, 1))).reshape(-1, width + 1)
        self.tables = len(self.labels) * np.arange(HISTORY)[::-1]  # where in `history`: the newest label is first there
        self.middle = _with_ones(self._linear("middle"), 0)
        out = self._linear("out", "last")
        self.outs = [out[said] for said in self.said]
        self.mean = np.append(np.full(width, 1 / width), 0)[None].astype(np.float32)

    def _linear(self, name: str, norm: str = "") -> np.ndarray:
        """A linear layer as one matrix (D, D + 1); with `norm`, of what `_scaled` makes of the columns before it."""
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        return np.c_[weight, bias] if not norm else self._normed(weight, bias, norm)

    def _normed(self, weight: np.ndarray, bias: np.ndarray | float, norm: str) -> np.ndarray:
        scale, shift = self.weights[f"{norm}.weight"], self.weights[f"{norm}.bias"]
        centred = weight * scale
        centred -= centred.mean(axis=1, keepdims=True)
        return np.c_[centred, bias + weight @ shift]

    def _conv(self, block: int) -> np.ndarray:
        """A convolution over three letters as one matrix. Beyond the word there is no one, hence no bias."""
        weight, bias = self.weights[f"convs.{block}.weight"], self.weights[f"convs.{block}.bias"]
        before, here, after = np.split(weight, 3, axis=1)
        taps = [(before, 0.0, 0), (here, bias, 1), (after, 0.0, 0)]
        return np.concatenate([_with_ones(self._normed(w, b, f"norms.{block}"), one) for w, b, one in taps], axis=1)

    def phones(self, word: str) -> list[str]:
        """The likeliest phones of a word, vowels with their stress. Characters that training lacked are passed over."""
        word = "".join(letter for letter in word if letter in self.letters)
        pieces = [word[start : start + PIECE] for start in range(0, len(word), PIECE)]
        return [phone for piece in pieces for phone in self._piece(piece)]

    def _piece(self, word: str) -> list[str]:
        letters = np.array([self.alphabet.index(letter) for letter in word])
        paths, scores = self._search(letters)
        scores = scores + SHARE * self.ngram.score(self.graphones[letters, paths])
        return self._likeliest(paths, np.exp(scores - scores.max()))

    def _search(self, letters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Labels (paths, S) of letters (S,), and the log-probabilities (paths,) that the net gives them."""
        paths = np.zeros((1, HISTORY + len(letters)), np.int64)  # labels; those before the word are 0
        scores = np.zeros(1, np.float32)
        for place, (letter, here) in enumerate(zip(letters.tolist(), self._encode(letters).T, strict=True)):
            total = (self._decode(letter, here, paths[:, place : place + HISTORY]) + scores).ravel()
            best = np.flatnonzero(total >= total.max() - MARGIN)
            if len(best) > BEAM:
                best = best[np.argpartition(total[best], -BEAM)[-BEAM:]]
            chosen, parents = np.divmod(best, len(scores))
            paths, scores = paths[parents], total[best]
            paths[:, place + HISTORY] = self.said[letter][chosen]
        return paths[:, HISTORY:], scores

    def _likeliest(self, paths: np.ndarray, probabilities: np.ndarray) -> list[str]:
        """The best path for the sounds that most of the probability is on, whatever letters say them."""
        sums: dict[str, float] = {}
        best: dict[str, list[int]] = {}
        for i in np.argsort(-probabilities, kind="stable"):
            path = paths[i].tolist()
            sounds = " ".join(filter(None, [self.sounds[label] for label in path]))
            sums[sounds] = sums.get(sounds, 0.0) + float(probabilities[i])
            best.setdefault(sounds, path)
        return " ".join(self.labels[label] for label in best[max(sums, key=sums.__getitem__)]).split()

    def _encode(self, letters: np.ndarray) -> np.ndarray:
        """Letters as numbers (S,) to what the decoder is told about each (D + 1, S)."""
        padded = np.zeros(len(letters) + 2 * REACH, np.int64)
        padded[REACH:-REACH] = letters
        around = padded[AROUND[: len(letters)]] + len(self.alphabet) * np.arange(2 * REACH + 1)
        hidden = np.ascontiguousarray(self.first.take(around, axis=0).sum(axis=1).T)
        near = np.zeros((len(hidden), len(letters) + 2), np.float32)
        for conv, point in zip(self.convs, self.points, strict=True):
            near[:, 1:-1] = self._scaled(hidden)
            inner = conv @ np.concatenate([near[:, :-2], near[:, 1:-1], near[:, 2:]])
            hidden = hidden + point @ np.maximum(inner, 0)
        return self.encoded @ self._scaled(hidden)

    def _decode(self, letter: int, here: np.ndarray, before: np.ndarray) -> np.ndarray:
        """Log-probabilities (labels of the letter, paths); `before` (paths, HISTORY) is oldest first."""
        seen = self.history.take(before + self.tables, axis=0).sum(axis=1)  # (paths, D + 1)
        hidden = np.maximum(seen + here, 0).T
        hidden = hidden + np.maximum(self.middle @ hidden, 0)
        logits = self.outs[letter] @ self._scaled(hidden)
        return logits - np.log(np.exp(logits).sum(axis=0))  # the layer norm keeps them far from overflow

    def _scaled(self, x: np.ndarray) -> np.ndarray:
        """Columns (D + 1, ...) with a standard deviation of one; their mean is left to the matrix after it."""
        mean = self.mean @ x
        x = x / np.sqrt(self.mean @ (x * x) - mean * mean + np.float32(1e-5))
        x[-1] = 1
        return x


def _with_ones(matrix: np.ndarray, last: int) -> np.ndarray:
    """A matrix (D, D + 1) with a row that makes the last element of its columns, from a one."""
    row = np.zeros((1, matrix.shape[1]), np.float32)
    row[0, -1] = last
    return np.concatenate([matrix, row])
