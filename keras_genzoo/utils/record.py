"""Records: the tensors of a batch by name."""

import types


class Record(types.SimpleNamespace):
    """Tensors of one batch by name: `Record(images=..., z=..., labels=...)`.

    A training batch has the fields of its data kind (`images`, `labels`, or `a` and `b` for two domains). A generated
    batch also has the codes `z` and the conditions from which its images were generated. Losses read the fields that
    they need.

    Example:

    >>> batch = Record(images=[1.0, 2.0], labels=[0, 1])
    >>> batch.labels, "z" in batch, batch.map(max).images
    ([0, 1], False, 2.0)
    """

    def __contains__(self, name):
        return name in self.__dict__

    def __getattr__(self, name):  # called only where the field is missing
        raise AttributeError(f"Expected one of the fields {', '.join(self.__dict__) or 'none'}. Received: {name!r}")

    def fields(self):
        """Dict of the tensors by name."""
        return dict(self.__dict__)

    def map(self, function):
        """A record of `function(tensor)` for each field."""
        return Record(**{name: function(tensor) for name, tensor in self.__dict__.items()})

    def replace(self, **tensors):
        """A copy with some fields replaced or added."""
        return Record(**{**self.__dict__, **tensors})

    def feed(self, network):
        """The inputs of a functional network from this record, in their order.

        An input takes the field of the same name or of its plural: the input `image` takes the field `images`.
        """
        tensors = [self._field(tensor.name) for tensor in network.inputs]
        return tensors if len(tensors) > 1 else tensors[0]

    def _field(self, name):
        return self.__dict__[name] if name in self.__dict__ else getattr(self, f"{name}s")
