"""Values as YAML and JSON hold them."""


def plain(value):
    """A value with tuples as lists and NumPy numbers as Python numbers, for YAML and JSON.

    >>> plain({"image_shape": (8, 8, 1)})
    {'image_shape': [8, 8, 1]}
    """
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value.item() if hasattr(value, "item") and not isinstance(value, str) else value
