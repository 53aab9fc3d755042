"""The report of an export as tables, for the command line and for `print`."""

from __future__ import annotations

import io
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH = 120


def report_tables(report: Any) -> list[Any]:
    """Tables and lines of an `ExportReport`, which rich prints."""
    parts = [_signatures_table(report)]
    if any(report.allowed.values()):
        parts.append(Text(_allowed_text(report)))
    if report.variants:
        parts.append(_variants_table(report))
    if report.quality is not None:
        parts.append(Text(_quality_text(report.quality)))
    return parts


def as_text(report: Any) -> str:
    """The tables of an `ExportReport` as plain text."""
    text = io.StringIO()
    console = Console(file=text, width=WIDTH, color_system=None, highlight=False)
    for part in report_tables(report):
        console.print(part)
    return text.getvalue().rstrip()


def _signatures_table(report: Any) -> Table:
    title = f"{report.path}: {report.size / 1e6:.2f} MB"
    table = Table("signature", "outputs", "maximal error", "mean error", "PSNR", title=Text(title))
    for signature, parity in report.parity.items():
        outputs = ", ".join(report.signatures[signature]["outputs"])
        errors = [f"{parity.max_error:.1e}", f"{parity.mean_error:.1e}", f"{parity.psnr:.1f} dB"]
        table.add_row(Text(signature), Text(outputs), *errors)
    return table


def _allowed_text(report: Any) -> str:
    """The values that inputs may have, and what others give: an input has the same ones in all signatures."""
    names: dict[str, list[str]] = {}
    for name, text in {name: text for inputs in report.allowed.values() for name, text in inputs.items()}.items():
        names.setdefault(text, []).append(name)
    allowed = "; ".join(f"{', '.join(inputs)}: {text}" for text, inputs in names.items())
    return f"Allowed inputs: {allowed}. Others: {report.outside}"


def _variants_table(report: Any) -> Table:
    """Table of the variants of a LiteRT file; a star marks the written one."""
    written = report.quantization or "float32"
    batch_size = next((latency.batch_size for v in report.variants for latency in v.latency.values()), 1)
    columns = ["file", "MB", "KiB", "ms, 1 thread", "ms, 2 threads", "mean error", "maximal", "dB", ""]
    caption = f"per call of batch size {batch_size}; KiB: memory without weights; dB: PSNR"
    # Fits into a terminal of 80 columns.
    table = Table(
        *columns, box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True, caption=caption, caption_justify="left"
    )
    table.columns[0].no_wrap = True
    for variant in report.variants:
        label = f"{variant.quantization} *" if variant.quantization == written else variant.quantization
        if variant.problem is not None:
            table.add_row(label, *[""] * 7, Text(variant.problem))
            continue
        times = [f"{variant.latency[threads].median_ms:.2f}" for threads in (1, 2)]
        errors = [f"{error:.1e}" for error in (variant.parity.mean_error, variant.parity.max_error)]
        errors.append(f"{variant.parity.psnr:.1f}")
        size, memory = f"{variant.size / 1e6:.2f}", f"{variant.arena / 1024:.0f}"
        table.add_row(label, size, memory, *times, *errors, "; ".join(variant.marks))
    return table


def _quality_text(quality: Any) -> str:
    text = f"Frechet distance of {quality.num_images} images to those of the model: {quality.distance:.3g}"
    if quality.fid_before is not None:
        text += f"; classifier FID {quality.fid_before:.2f} before, {quality.fid_after:.2f} after"
        text += f" ({quality.num_real} real images)"
    return f"{text}; features {quality.features}"
