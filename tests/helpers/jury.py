"""Judges whose opinion is known beforehand, for tests of what is done with opinions."""


class Parrot:
    """Hears the same two words in everything."""

    told = ""
    silent = None

    def identity(self) -> str:
        return "parrot"

    def judge(self, wav, sample_rate):
        return "hello world"


class Content:
    """Gives every wave the same mark."""

    told = ""
    silent = None

    def identity(self) -> str:
        return "content"

    def judge(self, wav, sample_rate):
        return {"overall": 3.0}


class Optimist:
    """Finds whatever is looked for."""

    told = "text"
    silent = None

    def identity(self) -> str:
        return "optimist"

    def judge(self, wav, sample_rate, text):
        return {"whole": bool(text), "stray": 0.0}
