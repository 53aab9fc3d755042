"""Writes the tables of the README: the models, from their docstrings, and the presets, from their cards.

    python tools/zoo_table.py README.md

A test compares the README with this output, so that it lists every model and agrees with every card.
"""

import re
import sys
from pathlib import Path

from keras_genzoo import presets, registry

# The figures in the table, in this order: metric, label, unit. A preset shows those that its card has.
FIGURES = (
    ("classifier_fid", "classifier FID", ""),
    ("gan_test", "GAN-test", ""),
    ("gan_train", "GAN-train", ""),
    ("log_likelihood", "log-likelihood", " nats"),
    ("reconstruction_mse", "reconstruction MSE", ""),
    ("mutual_information_gap", "MIG", ""),
    ("factor_vae_score", "FactorVAE score", ""),
    ("accuracy", "test accuracy", ""),
    ("unsupervised_error", "unsupervised error", ""),
    ("translation_l1", "L1 to the match", " grey levels"),
    ("translation_ssim", "SSIM to the match", ""),
)


def make_table():
    """The table of presets as Markdown: one row per bundled preset.

    Example:

    >>> make_table().splitlines()[0].startswith("| preset |")
    True
    """
    lines = [
        "| preset | data | parameters | file | trained in | measured |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name in presets.list_presets():
        card, folder = presets.card(name), presets.bundled_folder(name)
        parameters = presets.read_metadata(folder)["parameters"]["inference"]
        size = (folder / presets.WEIGHTS).stat().st_size / 1e6
        time = f"{card['epochs']} epochs, {card['wall_time_seconds'] / 60:.0f} min"
        metrics = card["metrics"]
        found = [(metrics[key], *rest) for name, *rest in FIGURES for key in metrics if key.partition("@")[0] == name]
        figures = "; ".join(_figure(*each) for each in found)
        cells = (f"`{name}`", card["data"]["title"], f"{parameters / 1e6:.2f} M", f"{size:.1f} MB", time, figures)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _figure(result, label, unit):
    protocol = result.get("protocol", {})
    given = f" given {protocol['given']}" if "given" in protocol else ""
    given += f" of {protocol['sampler']} samples" if "sampler" in protocol else ""
    if str(protocol.get("likelihood", "")).startswith("density"):  # not to be compared with that of binary pixels
        label = label.replace("likelihood", "density")
    text = f"{label}{given} {result['value']:.4g}{unit}"
    if "num_samples" in protocol:  # an estimate depends on how it was made
        method = protocol.get("estimator", f"{protocol['num_samples']} samples")
        pixels = f"{protocol['binarization']} binarization, " if protocol.get("binarization", "none") != "none" else ""
        text += f" ({protocol['n_real']} images, {pixels}{method})"
    if isinstance(result.get("floor"), dict):
        text += f" (floor {result['floor']['value']:.3g})"
    return text


def make_models_table():
    """The table of models as Markdown: one row per bundled model, with the papers in the first paragraph of its file.

    Example:

    >>> make_models_table().splitlines()[0]
    '| model | what it is | papers |'
    """
    lines = ["| model | what it is | papers |", "| --- | --- | --- |"]
    for name in registry.bundled_models():
        described = registry.describe(name)
        title = (described.title.partition(": ")[2] or described.title).rstrip(".")
        links = re.findall(r"https://[^\s,;)]*[^\s,;).]", described.text.partition("\n\n")[0])
        papers = ", ".join(f"[{_paper(link)}]({link})" for link in links)
        lines.append(f"| `{name}` | {title} | {papers} |")
    return "\n".join(lines)


def _paper(link):
    """Text of a link to a paper: its number on arXiv, or the name of the file."""
    return link.rpartition("/")[2].removesuffix(".pdf")


TABLES = {"zoo table": make_table, "models table": make_models_table}


def insert_tables(text):
    """Returns `text` with the tables between their marks replaced.

    Raises:
        ValueError: If a mark is missing.
    """
    for name, make in TABLES.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        if begin not in text or end not in text:
            raise ValueError(f"Expected the marks {begin} and {end}. Received: a text without them")
        head, tail = text.split(begin)[0], text.split(end)[1]
        text = f"{head}{begin}\n{make()}\n{end}{tail}"
    return text


if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "README.md")
    path.write_text(insert_tables(path.read_text(encoding="utf-8")), encoding="utf-8")
