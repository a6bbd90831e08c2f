"""Rows as text: a line while a suite runs, a line of a Markdown table afterwards."""


def short(value, unit=""):
    """A number as people read it; bytes in their multiples."""
    if unit.startswith("bytes") and abs(value) >= 10_000:
        for name, size in (("GB", 1e9), ("MB", 1e6), ("KiB", 1024)):
            if abs(value) >= size:
                return f"{value / size:,.1f} {name}"
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def side_text(row, name):
    side = row["sides"].get(name)
    if side is None:
        return "–"
    if "failed" in side:
        return side["failed"]
    return f"{short(side['median'], row['unit'])} ({short(side['min'], row['unit'])}–{short(side['max'], row['unit'])})"


def ratio_text(row):
    ratio = row.get("ratio")
    return "–" if not ratio else f"{short(ratio['median'])} ({short(ratio['min'])}–{short(ratio['max'])})"


def target_text(row):
    parts = []
    if row["target"] is not None:
        parts.append(f"{short(row['target'])}×")
    if row["limit"] is not None:
        parts.append("≤ " + short(row["limit"], row["unit"]))
    return ", ".join(parts) or "–"


def verdict(row):
    return {True: "yes", False: "**no**", None: "–"}[row["met"]]


def line_of(row):
    return (f"{row['suite']:9} {row['row']:58} {row['unit']:34} mizzen {side_text(row, 'mizzen'):30} reference {side_text(row, 'reference'):30} "
            f"ratio {ratio_text(row):22} target {target_text(row):8} {verdict(row).strip('*')}")


HEAD = "| What | Unit | Mizzen | Reference | Times better | Target | Met |\n|---|---|---|---|---|---|---|\n"


def markdown_of(row, mark=""):
    cells = [row["row"] + mark, row["unit"], side_text(row, "mizzen"), side_text(row, "reference"), ratio_text(row), target_text(row), verdict(row)]
    return "| " + " | ".join(cells) + " |\n"
