"""Reads YAML text; errors are single sentences."""

import re
from pathlib import Path

import yaml


def parse_setting(text):
    """Key and value of a string `key=value`; the value is read as YAML."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ValueError(f"Expected a setting as key=value. Received: {text!r}")
    value = re.sub(r"^\s*\(([-+\d.,\s]*)\)\s*$", r"[\1]", value)  # (64,64,3) as in Python
    if _has_comment(value):
        raise ValueError(
            f"Expected quotes around a value with ' #', where a comment of YAML begins. Received: {text!r}"
        )
    return key, read_yaml(value, f"the setting {key!r}")


def _has_comment(value):
    """Whether YAML would drop the end of a value, of which nobody means a part as a comment."""
    try:
        node = yaml.compose(value)
    except yaml.YAMLError:
        return False  # which is told when it is read
    return "#" in (value if node is None else value[node.end_mark.index :])


def read_text(path):
    """The text of a recipe file."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"Expected UTF-8 text in the recipe {path!r}. Received: other bytes") from None


def read_yaml(text, what):
    """The value of a YAML text; `what` is its name in error messages."""
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise ValueError(f"Expected YAML in {what}. Received: {str(error).splitlines()[0]}") from None


class _Loader(yaml.SafeLoader):
    """Reads 2e-4, which has no dot, as a number, and refuses a key that stands twice, of which one would be ignored."""

    def construct_mapping(self, node, deep=False):
        if isinstance(node, yaml.MappingNode):
            seen = set()
            for key, _ in node.value:
                if key.tag != "tag:yaml.org,2002:merge" and key.value in seen:
                    raise yaml.YAMLError(f"the key {key.value!r} twice, in line {key.start_mark.line + 1}")
                seen.add(key.value if isinstance(key.value, str) else id(key))
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d[\d_]*\.[\d_]*|\.\d[\d_]*|\d[\d_]*)([eE][-+]?\d+)$|^[-+]?(\d[\d_]*\.[\d_]*|\.\d[\d_]*)$"),
    list("-+0123456789."),
)
