"""What the command line prints of models, cards and metrics."""

from rich.table import Table

from keras_genzoo import presets, recipes


def show_model(console, description):
    """Prints what the source of a model says of it, its arguments, presets and recipes."""
    console.print(description.title, style="bold", highlight=False)
    console.print(f"\n{description.text}\n", highlight=False, markup=False)
    table = Table("argument", "default", "meaning")
    for argument in description.arguments:
        table.add_row(argument.name, argument.default, argument.description)
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
    if card.get("metrics"):
        console.print(metrics_table(card["metrics"]))


def metrics_table(metrics):
    """The result of `evaluate` as a table; what the protocols have in common stands below it once."""
    protocols = [result.get("protocol", {}) for result in metrics.values()]
    common = {
        key: value for key, value in protocols[0].items() if all(protocol.get(key) == value for protocol in protocols)
    }
    table = Table("metric", "value", "floor", "own protocol", caption=_listed(common), caption_justify="left")
    for (name, result), protocol in zip(metrics.items(), protocols, strict=True):
        value = f"{result['value']:.4g}"
        if result.get("standard_error") is not None:
            value += f" +- {result['standard_error']:.2g}"
        beside = {key: result[key] for key in ("b_to_a", "copy") if isinstance(result.get(key), float)}
        if beside:
            value += " (" + ", ".join(f"{key} {number:.4g}" for key, number in beside.items()) + ")"
        floor = f"{result['floor']['value']:.4g}" if isinstance(result.get("floor"), dict) else ""
        own = {key: value for key, value in protocol.items() if key not in common}
        table.add_row(name, value, floor, _listed(own))
    return table


def _listed(values):
    return ", ".join(f"{key} {value}" for key, value in values.items())
