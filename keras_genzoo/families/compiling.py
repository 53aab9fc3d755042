"""The functions of `fit` and `evaluate` under XLA: each batch is checked before the compiled step, which cannot."""

import contextlib

import keras
import tensorflow as tf

from keras_genzoo.utils.graph_checks import collected_checks
from keras_genzoo.utils.noise import noise_for_tests


def make_train_function(self, force=False):
    """As in `keras.Model`; with `jit_compile=True`, the checks of a batch run before the compiled step."""
    with _checked_outside(self, "train_step"):
        keras.Model.make_train_function(self, force)


def make_test_function(self, force=False):
    """As in `keras.Model`; with `jit_compile=True`, the checks of a batch run before the compiled step."""
    with _checked_outside(self, "test_step"):
        keras.Model.make_test_function(self, force)


def make_predict_function(self, force=False):
    """As in `keras.Model`, but never compiled by XLA, which would drop the checks of what `predict` is given."""
    jit_compile, self.jit_compile = self.jit_compile, False
    try:
        return keras.Model.make_predict_function(self, force)
    finally:
        self.jit_compile = jit_compile


def stay_as_built(self, iterator=None, data_batch=None):
    """In place of what Keras does to build a model under `tf.distribute`: a model of the zoo is built already.

    Keras would average the parts of the first batch over the replicas, and fail if they are not of equal size.
    """


def check_replicas(jit_compile):
    """Raises `ValueError` if XLA is to compile a step of several replicas, which it cannot."""
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    if jit_compile is True and replicas > 1:
        raise ValueError(
            "Expected jit_compile='auto' or False under tf.distribute: XLA does not compile steps of several replicas. "
            f"Received: jit_compile=True for {replicas} replicas"
        )


@contextlib.contextmanager
def _checked_outside(model, name):
    """Within this context, the step `name` compiles itself, and Keras compiles what is around it without XLA."""
    if not model.jit_compile:
        yield
        return
    context = noise_for_tests if name == "test_step" else contextlib.nullcontext
    compiled = tf.function(getattr(model, name), jit_compile=True, reduce_retracing=True, autograph=False)

    def step(data):
        with collected_checks() as checks, context():
            model.unpack(data)  # of which only the checks remain in the graph
        with tf.control_dependencies(checks):
            return compiled(keras.tree.map_structure(lambda x: x if x is None else tf.identity(x), data))

    vars(model)[name], model.jit_compile = step, False  # past the tracking of Keras
    try:
        yield
    finally:
        del vars(model)[name]
        model.jit_compile = True
