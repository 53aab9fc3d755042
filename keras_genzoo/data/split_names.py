"""What the names of folders and splits mean: training, validation or testing, of one or of two domains."""

import re

SPELLINGS = {
    "train": ("train", "training", "trn"),
    "validation": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing", "tst"),
}
_KINDS = {spelling: kind for kind, spellings in SPELLINGS.items() for spelling in spellings}
# Words beside that of a split that say nothing about a class.
_GENERIC = (
    *("data", "dataset", "set", "sets", "split", "file", "files", "folder", "image", "images", "img", "imgs"),
    *("photo", "photos", "picture", "pictures", "pic", "pics", "jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff"),
)
_DOMAINS = ("a", "b")
_WORD = re.compile(r"\d+x\d+|\d+|[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_GLUED = re.compile(f"({'|'.join(_KINDS)})({'|'.join(_GENERIC)})|({'|'.join(_GENERIC)})({'|'.join(_KINDS)})")
_LETTER = re.compile(r"(train|test|val)[a-z]")  # `traina`, which may be a word of its own


def split_kind(name):
    """What the name of a split means, in any common spelling: `"train"`, `"validation"`, `"test"`; None for others.

    The word may stand beside numbers, words such as `images` or `set`, and a letter `A` or `B` for a domain.

    Example:

    >>> split_kind("TRAIN"), split_kind("test2017"), split_kind("valid images"), split_kind("trainers")
    ('train', 'test', 'validation', None)
    """
    kinds, others = _read(name)
    return kinds[0] if len(kinds) == 1 and not set(others) - set(_DOMAINS) and len(others) < 2 else None


def split_domain(name):
    """The domain in the name of a split, `"a"` or `"b"`, as in `trainA` and `test_b`; None without one."""
    _, others = _read(name)
    return others[0] if split_kind(name) and others else None


def has_split_word(name):
    """Whether a name that is not that of a split has a word for one, as `mnist_train` and `test_tubes` do."""
    return not split_kind(name) and bool(possible_kinds(name))


def possible_kinds(name):
    """The kinds of splits that words of a name stand for, as a set."""
    kinds, others = _read(name)
    return {*kinds, *(_KINDS[match[1]] for match in map(_LETTER.fullmatch, others) if match)}


def is_plain(name):
    """Whether a name is nothing but the word for a split, as `Train`, `training` and `test_set`, without a number."""
    return split_kind(name) is not None and not split_domain(name) and not re.search(r"\d", name)


def _read(name):
    """The kinds of the words of a name that stand for splits, and its words that are neither such nor generic."""
    words = [word.casefold() for word in _WORD.findall(_CAMEL.sub(" ", name))]
    pieces = []
    for word in words:
        glued = _GLUED.fullmatch(word)
        pieces.extend(filter(None, glued.groups()) if glued else [word])
    kinds = [_KINDS[word] for word in pieces if word in _KINDS]
    known = (*_KINDS, *_GENERIC)
    return kinds, [word for word in pieces if word not in known and not word[0].isdigit()]
