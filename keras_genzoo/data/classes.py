"""The classes of labelled images: their number, and their names if the source has names."""

from dataclasses import dataclass

_NAMED = 10  # classes in one message


@dataclass(frozen=True)
class Classes:
    """The classes of a source.

    Args:
        number: Number of classes.
        names: Tuple of their names in the order of the labels, or None.
        declared: Whether the source says how many there are, as folders and data sets of TFDS do. Otherwise they are
            counted: the greatest label plus one.
        source: Name of the source in error messages.
        unseen: Tuple of the classes without a label, if they were counted.
    """

    number: int
    names: tuple | None = None
    declared: bool = True
    source: str = "the data"
    unseen: tuple = ()

    def check(self, num_classes, class_names=None, renamed=False):
        """Raises `ValueError` unless a model with these arguments has the classes of the data.

        Args:
            num_classes: The model's number of classes.
            class_names: The model's names, or None, which fits any. Other names than those of the data are refused: the
                model would generate a bird for a "cat".
            renamed: Whether the names were given for this data: then only the same names in another order are refused.
        """
        if num_classes != self.number:
            counted = "" if self.declared else ", by its labels"
            raise ValueError(
                f"Expected num_classes={self.number}, the number of classes of {self.source}{counted}{self._listed()}. "
                f"Received: num_classes={num_classes}"
            )
        given = None if class_names is None else tuple(class_names)
        if given is None or self.names is None or given == self.names:
            return
        same = set(given) == set(self.names)
        if same or not renamed:
            order = "in the order of the" if same else "that are the"
            raise ValueError(
                f"Expected class_names {order} classes of {self.source}{self._listed()}. "
                f"Received: {', '.join(given[:_NAMED])}"
            )

    def _listed(self):
        if self.names is None:
            return ""
        more = "" if self.number <= _NAMED else f" and {self.number - _NAMED} more"
        return f" ({', '.join(self.names[:_NAMED])}{more})"
