"""Steps under XLA, which Keras turns on by itself on a GPU, and which `jit_compile=True` shows on a CPU."""

import numpy as np
import pytest
import tensorflow as tf
from cases import CASES, for_kinds, moved, state, step_kind

from keras_genzoo.utils.graph_checks import check_in_graph, collected_checks

(CLASSIFIER,) = [case for case in CASES if case.name == "classifier"]


@for_kinds(step_kind)
def test_every_operation_of_a_step_compiles(case):
    model = case.build_small()
    assert model.supports_jit
    step = tf.function(model.train_step, jit_compile=True, autograph=False)
    data = tuple(tf.constant(part) for part in case.small_data(4))
    assert "ENTRY" in step.experimental_get_compiler_ir(data)(stage="hlo")  # lowered, which is what may be unsupported


def test_wrong_labels_are_refused_before_the_compiled_step_and_right_ones_train(tmp_path):
    model = CLASSIFIER.build_small(feature_dim=2)
    model.compile(jit_compile=True)
    assert model.jit_compile
    images, labels = CLASSIFIER.small_data(6)
    wrong = np.where(labels == labels[-1], CLASSIFIER.args["num_classes"], labels)
    before = state(model)
    data = tf.data.Dataset.from_tensor_slices((images, wrong)).batch(6)
    for use in (lambda: model.fit(data, verbose=0), lambda: model.evaluate(data, verbose=0)):
        with pytest.raises(ValueError, match=r"^Expected labels in 0..\d. Received: a label outside$"):
            use()
    with pytest.raises(
        (ValueError, tf.errors.InvalidArgumentError), match=r"Expected labels in 0..\d. Received: \d outside"
    ):
        model.train_on_batch(images, wrong)
    assert moved(before, state(model)) == []
    assert model.jit_compile
    assert np.isfinite(model.fit(images, labels, batch_size=6, verbose=0).history["loss"][0])
    assert moved(before, state(model)) != []


def test_checks_are_collected_in_their_own_context_alone():
    @tf.function
    def graph(x):
        with collected_checks() as outer:
            check_in_graph(x, x > 0.0, "Expected more. Received: ", x)
            with collected_checks() as inner:
                check_in_graph(x, x < 2.0, "Expected less. Received: ", x)
        check_in_graph(x, True, "Expected nothing. Received: nothing")
        assert (len(outer), len(inner)) == (1, 1)
        return x

    assert float(graph(tf.constant(1.0))) == 1.0
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected less"):
        graph(tf.constant(3.0))
