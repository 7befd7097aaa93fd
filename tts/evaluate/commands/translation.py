"""Translation: chrF of what a GPT makes of held-out texts, by sacrebleu (Popović 2015; Post 2018)."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from tts import settings
from tts.evaluate import report
from tts.evaluate.arguments import positive
from tts.evaluate.estimates import REPLICATES
from tts.text.pairs import read_pairs

HYPOTHESES, REPORT = "translations.jsonl", "translation.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "table", type=Path, help="a .tsv: a column for each language, several references with | between"
    )
    parser.add_argument("--weights", type=Path, metavar="DIR", help="folder of the nets (conf/infer.yaml)")
    parser.add_argument("--limit", type=positive, metavar="N", help="only the first N sentences (all)")
    parser.add_argument("--beams", type=positive, default=4, help="of the search (4)")
    parser.add_argument("-o", "--output", type=Path, default=Path("runs/translation"), help="folder (runs/translation)")


def execute(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    rows = list(read_pairs(arguments.table))[: arguments.limit]
    weights = arguments.weights or settings.ROOT / settings.compose(list(overrides))["weights"]
    try:
        from sacrebleu import CHRF
    except ModuleNotFoundError:
        raise ValueError("sacrebleu is not installed: run with `uv run --group judge`") from None
    from tts.translation.translator import Translator

    translator = Translator(weights, beams=arguments.beams)
    pairs = [pair for pair in translator.pairs("text") if rows and set(pair) <= rows[0].keys()]
    if not pairs:
        raise ValueError(f"{arguments.table} has no two languages that the weights in {weights} translate between")
    arguments.output.mkdir(parents=True, exist_ok=True)
    kept = KeptTranslations(arguments.output / HYPOTHESES, f"{translator.fingerprint} {arguments.beams}")
    figures = []
    for source, target in pairs:
        texts = [row[source][0] for row in rows]
        said = [
            kept.ask(translator, text, source, target) for text in tqdm(texts, f"{source} to {target}", disable=None)
        ]
        width = max(len(row[target]) for row in rows)
        references = [[row[target][n] if n < len(row[target]) else None for row in rows] for n in range(width)]
        score = CHRF().corpus_score(said, references, n_bootstrap=REPLICATES)
        low, high = score._mean - score._ci, score._mean + score._ci  # where sacrebleu keeps its interval
        own = {"from": source, "to": target, "sentences": len(said), "chrF": score.score, "low": low, "high": high}
        figures.append(
            {name: value if isinstance(value, str | int) else round(float(value), 2) for name, value in own.items()}
        )
    about = {"weights": translator.fingerprint, "beams": arguments.beams, "table": arguments.table.name}
    report.write_report(arguments.output / REPORT, {"figures": figures, **about}, rows=[])
    print("from  to  sentences  chrF")
    for own in figures:
        print(f"{own['from']:4}  {own['to']:2}  {own['sentences']:9}  {own['chrF']:.1f} [{own['low']}, {own['high']}]")


class KeptTranslations:
    """What was translated before, in a file that a stopped run goes on with."""

    def __init__(self, path: Path, made_by: str):
        self.path, self.made_by = path, made_by
        lines = path.read_text("utf-8").splitlines() if path.is_file() else []
        told = [json.loads(line) for line in lines if line.endswith("}")]
        self.known = {tuple(own["key"]): own["said"] for own in told}

    def ask(self, translator, text: str, source: str, target: str) -> str:
        key = (self.made_by, source, target, text)
        if key not in self.known:
            self.known[key] = " ".join(said for _, said in translator.text(text, source, target))
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, "said": self.known[key]}, ensure_ascii=False) + "\n")
        return self.known[key]
