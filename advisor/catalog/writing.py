"""Writing the catalog's files: whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from advisor.catalog.measurements_table import FURTHER_MEASUREMENT_COLUMNS, MEASUREMENT_COLUMNS
from advisor.errors import AdvisorError

Row = Mapping[str, str | int | float | None]


def write_whole(path: Path, content: str | bytes) -> None:
    """Replace the file by `content`, or leave it as it is: never half of either.

    Text is written as UTF-8, its line ends as they are. A link stays one: the file that it leads to is
    replaced. What is no plain file, such as a pipe, is refused.

    Raises:
        AdvisorError: it cannot be written.
    """
    temporary = None
    try:
        path = path.resolve()
        if path.exists() and not path.is_file():
            what = "a folder" if path.is_dir() else "no plain file"
            raise AdvisorError(f"{path} cannot be written: it is {what}", "name a file")
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=".writing-", delete=False
        ) as stream:
            temporary = Path(stream.name)
            stream.write(content.encode("utf-8") if isinstance(content, str) else content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()
        reason = (error.strerror or str(error)).lower()
        raise AdvisorError(f"{path} cannot be written: {reason}", "nothing was changed") from None


def measurements_csv(rows: Iterable[Row]) -> str:
    """Rows as the text of a `measurements.csv`; columns that all of them leave empty are left out."""
    written = [{name: _cell(value) for name, value in row.items()} for row in rows]
    further = [
        name for name in FURTHER_MEASUREMENT_COLUMNS if any(row.get(name) for row in written)
    ]
    stream = io.StringIO()
    columns = (*MEASUREMENT_COLUMNS, *further)
    writer = csv.DictWriter(stream, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(written)
    return stream.getvalue()


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def yaml_text(entries: Mapping[str, str | Mapping[str, str]], comment: str = "") -> str:
    """A mapping of texts, and of mappings of texts, as YAML."""
    lines = [f"# {comment}"] if comment else []
    for key, value in entries.items():
        if isinstance(value, str):
            lines.append(f"{key}: {_scalar(value)}")
        else:
            inner = ", ".join(f"{name}: {_scalar(text)}" for name, text in value.items())
            lines.append(f"{key}: {{{inner}}}")
    return "\n".join(lines) + "\n"


def _scalar(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a JSON string is a YAML one
