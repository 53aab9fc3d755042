"""Tables of models, cards and metrics for the command line."""

from rich.table import Column, Table

from keras_genzoo import presets, recipes, registry

_SHOWN = ("value", "standard_error")


def title_of(name):
    """Short description of a model; the error if a model of another package cannot be imported."""
    try:
        title = registry.describe(name).title
    except Exception as error:  # raised by code of another package
        if name in registry.bundled_models():
            raise
        return f"cannot be imported: {error}"
    return title.partition(": ")[2] or title


def show_model(console, description):
    """Prints the description of a model, its arguments, presets and recipes."""
    console.print(description.title, style="bold", highlight=False)
    console.print(f"\n{description.text}\n", highlight=False, markup=False)
    table = Table("argument", "default", "meaning")
    for argument in description.arguments.values():
        meaning = f"{argument.description} {argument.allowed}{'.' if argument.allowed else ''}"
        table.add_row(argument.name, repr(argument.default), meaning)
    console.print(table)
    for label, names in (
        ("presets", presets.list_presets(description.name)),
        ("recipes", recipes.list_recipes(description.name)),
    ):
        console.print(f"{label}: {', '.join(names) or 'none'}", highlight=False)


def show_card(console, card, name):
    """Prints the card of a preset."""
    console.print(f"preset {name}: {card.get('description', '')}", style="bold", highlight=False)
    data = card.get("data", {})
    console.print(f"data: {data.get('title', '')}, {data.get('license', '')}", highlight=False)
    time = f"{card.get('wall_time_seconds')} s on {card.get('hardware')}"
    console.print(f"epochs {card.get('epochs')}, seed {card.get('seed')}, {time}", highlight=False)
    classes = card.get("recipe", {}).get("args", {}).get("class_names")
    if classes:
        console.print(f"classes: {', '.join(classes)}", highlight=False, markup=False)
    if card.get("metrics"):
        console.print(metrics_table(card["metrics"]))


def metrics_table(metrics):
    """The result of `evaluate` as a table; settings that all protocols share are printed once, below it."""
    protocols = [result.get("protocol", {}) for result in metrics.values()]
    common = {
        key: value for key, value in protocols[0].items() if all(protocol.get(key) == value for protocol in protocols)
    }
    name = Column("metric", no_wrap=True)
    table = Table(name, "value", "floor", "own protocol", caption=_listed(common), caption_justify="left")
    for (name, result), protocol in zip(metrics.items(), protocols, strict=True):
        value = f"{result['value']:.4g}"
        if result.get("standard_error") is not None:
            value += f" +- {result['standard_error']:.2g}"
        others = _others(result) if "direction" in protocol else {}
        if others:
            value += " (" + ", ".join(f"{key} {number:.4g}" for key, number in others.items()) + ")"
        floor = f"{result['floor']['value']:.4g}" if isinstance(result.get("floor"), dict) else ""
        own = {key: value for key, value in protocol.items() if key not in common}
        table.add_row(name, value, floor, _listed(own))
    return table


def _others(result):
    """Values of the further directions of a translator, and of unchanged images."""
    return {key: each for key, each in result.items() if isinstance(each, float) and key not in _SHOWN}


def _listed(values):
    return ", ".join(f"{key} {value}" for key, value in values.items())
