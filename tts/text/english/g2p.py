"""Letters to phones: a small net reads words that no dictionary lists. `train_g2p.py` trains it on CMUdict.

Each letter says no, one or two phones (x: K S), its label. The encoder is convolutions over the letters; the decoder
predicts the label of each letter from the encoder and the `HISTORY` labels before it. A beam search proposes labels of
the whole word, and an n-gram of letters with their labels has a say in which are taken. NumPy is all that it needs.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

ALPHABET = "_abcdefghijklmnopqrstuvwxyz'"  # the first stands for padding
WEIGHTS = Path(__file__).parent / "g2p.npz"
REACH = 4  # letters on either side that the first layer sees
HISTORY = 6  # labels before a letter that the decoder sees
BEAM = 10
ORDER = 6  # letters that the n-gram sees, with their labels
SHARE = 1.4  # of the n-gram's log-probabilities relative to the net's
STEP = 0.05  # nats by which the n-gram's logarithms are rounded
UNHEARD = -15.0  # log-probability of a graphone that training lacks
PIECE = 40  # letters that are read at once; no word of CMUdict is longer


class Graphones:
    """An n-gram over graphones: letters, each with its label (Bisani and Ney 2008, doi:10.1016/j.specom.2008.01.002).

    Its n-grams are the nodes of a tree, whose root is node 0; `ngram_g2p.py` estimates and packs them.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]):
        parents = np.repeat(np.arange(len(arrays["ngram.children"])), arrays["ngram.children"])
        self.keys = parents * 256 + arrays["ngram.last"]  # ascending
        # What is missing is node -1, the last of each table.
        self.probs = np.concatenate([[0], arrays["ngram.probs"], [0]]) * -STEP
        self.backoffs = np.concatenate([arrays["ngram.backoffs"], [0]]) * -STEP

    def score(self, graphones: np.ndarray) -> np.ndarray:
        """Log-probabilities (paths,) of words as graphones (paths, S)."""
        graphones = np.pad(graphones, ((0, 0), (1, 1)))  # 0 stands on both sides of a word
        parents = np.zeros_like(graphones)
        logs = np.full(graphones.shape, UNHEARD)
        nothing = np.full((len(graphones), 1), -1)
        for _ in range(ORDER):
            nodes = self._child(parents, graphones)
            logs = np.where(nodes > 0, self.probs[nodes], logs + self.backoffs[parents])
            parents = np.concatenate([nothing, nodes[:, :-1]], axis=1)
        return logs[:, 1:].sum(axis=1)

    def _child(self, parents: np.ndarray, graphones: np.ndarray) -> np.ndarray:
        keys = parents * 256 + graphones
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[places] == keys, places + 1, -1)


class Reader:
    """The trained model. `labels` are what a letter says, e.g. "", "AH0" or "K S"; the first stands before a word."""

    def __init__(self, path: Path):
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        self.labels = arrays.pop("labels").tolist()
        self.graphones = arrays.pop("graphones").astype(int)  # by letter and label; 255 for those that never occur
        self.ngram = Graphones(arrays)
        self.weights = {name: value.astype(np.float32) for name, value in arrays.items() if "ngram." not in name}
        self.blocks = sum(name.startswith("convs.") and name.endswith(".weight") for name in self.weights)

    def phones(self, word: str) -> list[str]:
        """The likeliest phones of a word, vowels with their stress. Characters outside the alphabet are passed over."""
        word = "".join(letter for letter in word if letter in ALPHABET[1:])
        pieces = [word[start : start + PIECE] for start in range(0, len(word), PIECE)]
        return [phone for piece in pieces for phone in self._piece(piece)]

    def _piece(self, word: str) -> list[str]:
        letters = np.array([ALPHABET.index(letter) for letter in word])
        encoded = self._encode(letters)
        paths = np.zeros((1, HISTORY + len(word)), np.int64)  # labels; those before the word are 0
        scores = np.zeros(1, np.float32)
        for place, here in enumerate(encoded):
            total = scores[:, None] + self._decode(here, paths[:, place : place + HISTORY])
            best = np.argpartition(-total, min(BEAM, total.size - 1), axis=None)[:BEAM]
            parents, chosen = np.unravel_index(best, total.shape)
            paths, scores = paths[parents], total[parents, chosen]
            paths[:, place + HISTORY] = chosen
        paths = paths[:, HISTORY:]
        scores = scores + SHARE * self.ngram.score(self.graphones[letters, paths])
        return self._likeliest(paths, np.exp(scores - scores.max()))

    def _likeliest(self, paths: np.ndarray, probabilities: np.ndarray) -> list[str]:
        """The best path for the sounds that most of the probability is on, whatever letters say them."""
        sums: dict[str, float] = {}
        said: dict[str, list[str]] = {}
        order = np.argsort(-probabilities, kind="stable")
        for path, probability in zip(paths[order], probabilities[order], strict=True):
            phones = " ".join(self.labels[label] for label in path).split()
            sounds = " ".join(phone.rstrip("012") for phone in phones)
            sums[sounds] = sums.get(sounds, 0.0) + float(probability)
            said.setdefault(sounds, phones)
        return said[max(sums, key=sums.__getitem__)]

    def _encode(self, letters: np.ndarray) -> np.ndarray:
        """Letters as numbers (S,) to what the decoder is told about each (S, D)."""
        w = self.weights
        around = np.pad(letters, REACH)
        shifts = range(2 * REACH + 1)
        hidden = w["letters.bias"] + sum(w["letters.weight"][k, around[k : k + len(letters)]] for k in shifts)
        edge = np.zeros((1, hidden.shape[1]), np.float32)
        for block in range(self.blocks):
            padded = np.concatenate([edge, self._norm(hidden, f"norms.{block}"), edge])
            near = np.concatenate([padded[:-2], padded[1:-1], padded[2:]], axis=1)
            hidden = hidden + self._linear(np.maximum(self._linear(near, f"convs.{block}"), 0), f"points.{block}")
        return self._linear(self._norm(hidden, "norm"), "encoded")

    def _decode(self, here: np.ndarray, before: np.ndarray) -> np.ndarray:
        """Log-probabilities (paths, labels) of the next label; `before` (paths, HISTORY) is oldest first."""
        seen = self.weights["history"][np.arange(HISTORY), before[:, ::-1]].sum(axis=1)  # its tables: newest first
        hidden = np.maximum(here + seen, 0)
        hidden = hidden + np.maximum(self._linear(hidden, "middle"), 0)
        logits = self._linear(self._norm(hidden, "last"), "out")
        logits[:, 0] = -np.inf  # stands before the word only
        logits -= logits.max(axis=1, keepdims=True)
        return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))

    def _linear(self, x: np.ndarray, name: str) -> np.ndarray:
        return (self.weights[f"{name}.weight"] @ x.T).T + self.weights[f"{name}.bias"]

    def _norm(self, x: np.ndarray, name: str) -> np.ndarray:
        x = x - x.sum(axis=1, keepdims=True) / x.shape[1]
        x = x / np.sqrt((x * x).sum(axis=1, keepdims=True) / x.shape[1] + 1e-5)
        return x * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]


@lru_cache(maxsize=1)
def reader() -> Reader:
    """The net that ships, read once per process."""
    return Reader(WEIGHTS)
