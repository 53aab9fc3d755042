"""Training under `tf.distribute` on two logical CPUs, in processes of their own."""

import json
import subprocess
import sys
from pathlib import Path

import options
import pytest
from cases import for_cases, rows_of_steps

SCRIPT = """
import json, sys
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
    data = tf.data.Dataset.from_tensor_slices(case.small_data(8)).batch(8)
    losses = model.fit(data, epochs=2, verbose=0).history
    path = f"{sys.argv[2]}/{case}.keras"
    model.save(path)
    loaded = keras_genzoo.load(path)
    copies = [per_replica(variable) for variable in model.weights]
    results[str(case)] = {
        "finite": bool(np.isfinite(list(losses.values())).all()),
        "moved": len(moved(before, values(model.weights))),
        "copies": sum(pair is not None for pair in copies),
        "in step": all(np.array_equal(*pair) for pair in copies if pair is not None),
        "saved": moved(values(model.weights), values(loaded.weights)) == [],
        "weights": len(before),
        "iterations": [int(getattr(model, name).iterations.numpy()) for name in model.optimizer_names],
    }

def step_of(model):
    # one SGD step on eight equal images, whose gradient is the same on any part of them
    weights = [variable for variable in model.network.trainable_variables if "logits" in variable.path]
    before = [np.array(variable) for variable in weights]
    model.fit(np.full((8, 8, 8, 1), 200, "uint8"), np.zeros(8, "int32"), batch_size=8, epochs=1, verbose=0)
    return float(sum(np.abs(np.array(new) - old).sum() for new, old in zip(weights, before)))

def small():
    args = dict(image_shape=(8, 8, 1), base_filters=4, feature_dim=6, dropout=0.0, seed=1)
    return keras_genzoo.build("classifier", optimizers={"optimizer": keras.optimizers.SGD(0.1)}, **args)

with strategy.scope():
    shared = small()
results["steps"] = [step_of(small()), step_of(shared)]

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
    assert len(results) == len(rows_of_steps()) + 2


def test_two_replicas_make_the_step_of_one(results):
    alone, shared = results["steps"]
    assert alone > 0
    assert shared == pytest.approx(alone, rel=1e-3)
