"""Training under `tf.distribute` on two logical CPUs, in processes of their own."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import options
import pytest
from cases import for_cases, rows_of_steps

SCRIPT = """
import contextlib, json, sys
sys.path.insert(0, sys.argv[1])
import numpy as np
import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras
import options
options.every_row, options.model = json.loads(sys.argv[3])
from cases import moved, rows_of_steps, state, values
import keras_genzoo
from keras_genzoo import sampling

strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert strategy.num_replicas_in_sync == 2

def per_replica(variable):
    found = getattr(variable.value, "values", None)
    return None if found is None else [copy.numpy() for copy in found]

results = {}
for case in rows_of_steps():
    with strategy.scope():
        model = case.build_small()
    before = values(model.weights)
    data = tf.data.Dataset.from_tensor_slices(case.small_data(5)).batch(4)  # the second replica has none of the last
    losses = model.fit(data, verbose=0).history
    path = f"{sys.argv[2]}/{case}.keras"
    model.save(path)
    loaded = keras_genzoo.load(path)
    copies = [per_replica(variable) for variable in model.weights]
    results[str(case)] = {
        "finite": all(np.isfinite(part).all() for part in [*losses.values(), *values(model.weights).values()]),
        "moved": len(moved(before, values(model.weights))),
        "copies": sum(pair is not None for pair in copies),
        "in step": all(np.array_equal(*pair) for pair in copies if pair is not None),
        "saved": moved(values(model.weights), values(loaded.weights)) == [],
        "weights": len(before),
        "iterations": [int(getattr(model, name).iterations.numpy()) for name in model.optimizer_names],
    }

def trained(model):
    # batches of 4, 4 and 1, of which the second replica has 2, 2 and 0, and one of 3
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (9, 8, 8, 1), dtype="uint8"), rng.integers(0, 3, 9)
    options = dict(batch_size=4, verbose=0)
    logs = model.fit(images, labels, shuffle=False, **options).history
    logs |= model.evaluate(images, labels, return_dict=True, **options)
    batch = model.train_on_batch(images[:3], labels[:3], return_dict=True)
    losses = [*np.ravel([*logs.values()]), *map(float, batch.values())]
    return [weight.numpy().tolist() for weight in model.weights], losses

def small():
    args = dict(image_shape=(8, 8, 1), base_filters=4, feature_dim=6, num_classes=3, dropout=0.0, seed=1)
    return keras_genzoo.build("classifier", optimizers={"optimizer": keras.optimizers.SGD(0.1)}, **args)

with strategy.scope():
    shared = small()
    try:
        shared.compile(jit_compile=True)
    except ValueError as error:
        results["xla"] = str(error)
    try:
        keras_genzoo.build("gan", augmentations=["flip"], augmentation_target=0.5)
    except ValueError as error:
        results["adaptive"] = str(error)
results["trained"] = [trained(small()), trained(shared)]

def few_labelled():
    args = dict(image_shape=(8, 8, 1), network="mlp", hidden_units=(4,), d_hidden_units=(2,), num_classes=3, seed=1)
    rates = dict(optimizer=0.0, d_optimizer=0.0, g_optimizer=0.0, c_optimizer=0.5)
    optimizers = {name: keras.optimizers.SGD(rate) for name, rate in rates.items()}
    return keras_genzoo.build("semi_supervised_aae", optimizers=optimizers, **args)

def trained_by_labels(model):
    images = np.random.default_rng(0).integers(0, 256, (9, 8, 8, 1), dtype="uint8")
    labels = np.array([0, -1, 1, 2, -1, -1, -1, 2, 1])  # one replica has one label, both, none and none of a batch
    logs = model.fit(images, labels, batch_size=4, shuffle=False, verbose=0).history
    return [weight.numpy().tolist() for weight in model.encoder.weights], logs["class_loss"]

with strategy.scope():
    shared = few_labelled()
results["labels"] = [trained_by_labels(few_labelled()), trained_by_labels(shared)]

machines = []
for scope in (contextlib.nullcontext(), strategy.scope()):
    with scope:
        machine = keras_genzoo.build("rbm", image_shape=(8, 8, 1), hidden_units=2, binarize=False, num_chains=2, seed=1)
    machine.fit(np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1), dtype="uint8"), batch_size=3, verbose=0)
    machines.append(machine.visible_bias.numpy().tolist())
results["biases"] = machines

def beside(*callbacks):
    images = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 1), dtype="uint8")
    with strategy.scope():
        gan = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), base_filters=2, instance_noise=0.1, seed=1)
    gan.fit(images, batch_size=4, shuffle=False, verbose=0, callbacks=[make(images) for make in callbacks])
    return values(gan.weights)

results["moved by health"] = moved(beside(), beside(lambda images: keras_genzoo.callbacks.GANHealth(images, num=4)))

with strategy.scope():
    generator = keras.random.SeedGenerator(1)
noise = strategy.run(tf.function(lambda: sampling.step_normal((4, 3), generator)))
results["noise"] = [copy.numpy().tolist() for copy in strategy.experimental_local_results(noise)]
print(json.dumps(results))
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    here = str(Path(__file__).resolve().parent.parent)
    chosen = json.dumps([options.every_row, options.model])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, here, str(tmp_path_factory.mktemp("saved")), chosen],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@for_cases(rows_of_steps())
def test_model_trains_on_two_replicas_in_step(case, results):
    found = results[str(case)]
    assert found["finite"]
    assert found["moved"] > 0
    assert found["copies"] == found["weights"], "a weight is not mirrored"
    assert found["in step"]
    assert found["saved"]
    assert found["iterations"] == [2 for _ in case.model_class.optimizer_names]


def test_replicas_draw_noise_of_their_own(results):
    one, two = results["noise"]
    assert one != two
    assert len(results) == len(rows_of_steps()) + 7


def test_two_replicas_of_unequal_shares_train_like_one_device(results):
    (alone, losses), (shared, shared_losses) = results["trained"]
    assert shared_losses == pytest.approx(losses, rel=1e-4)
    for mine, its in zip(alone, shared, strict=True):
        np.testing.assert_allclose(its, mine, rtol=1e-2, atol=1e-3)


def test_cross_entropy_of_few_labels_is_a_mean_over_those_of_all_replicas(results):
    (alone, loss), (shared, shared_loss) = results["labels"]
    assert shared_loss == pytest.approx(loss, rel=1e-4)
    for mine, its in zip(alone, shared, strict=True):
        np.testing.assert_allclose(its, mine, rtol=1e-3, atol=1e-5)


def test_first_batch_of_all_replicas_sets_the_visible_biases(results):
    alone, shared = results["biases"]
    np.testing.assert_allclose(shared, alone, atol=0.1)  # the chains draw noise of their own
    assert np.ptp(alone) > 1.0


def test_xla_is_refused_on_several_replicas(results):
    assert results["xla"].startswith("Expected jit_compile='auto' or False under tf.distribute")


def test_augmentation_that_adapts_is_refused_on_several_replicas(results):
    assert results["adaptive"].startswith("Expected augmentation_target=0 under tf.distribute")


def test_callbacks_that_count_steps_and_measure_health_leave_a_shared_training_as_it_is(results):
    assert results["moved by health"] == []
