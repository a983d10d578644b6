"""The results of bench/cuda/run in a folder as Markdown."""
import json
import pathlib
import sys

folder = pathlib.Path(sys.argv[1])


def load(name):
    file = folder / f"{name}.json"
    return json.loads(file.read_text()) if file.exists() and file.stat().st_size else None


for part in ("first", "second"):
    helios, eager, capacity = load(f"helios-{part}"), load(f"eager-{part}"), load(f"capacity-{part}")
    if helios:
        print(f"{helios['model']}, BF16, context {helios['context']}: {helios['device']}" + (f"; {eager['device']}" if eager else ""))
        print("\n| depth | batch | Helios, tokens/s | step, ms | p90 | eager, tokens/s | Helios over eager |\n|---|---|---|---|---|---|---|")
        other = {(row["depth"], row["batch"]): row for row in eager["rows"]} if eager else {}
        for row in helios["rows"]:
            beside = other.get((row["depth"], row["batch"]))
            against = f"{beside['decodeTps']:.1f} | {row['decodeTps'] / beside['decodeTps']:.2f}x" if beside else " | "
            print(f"| {row['depth']} | {row['batch']} | {row['decodeTps']:.1f} | {row['stepMs']:.2f} | {row['p90Ms']:.2f} | {against} |")
        print()
    if capacity:
        print(f"Sequences that fit {capacity['budgetBytes']} bytes, context {capacity['context']}:\n\n| depth | weights, bytes | sequences | tokens/s |\n|---|---|---|---|")
        for row in capacity["rows"]:
            print(f"| {row['depth']} | {row['weightBytes']} | {row['maxBatch']} | {row['decodeTps']:.1f} |")
        print()

skipped = folder / "skipped.txt"
if skipped.exists():
    print(skipped.read_text(), end="")
