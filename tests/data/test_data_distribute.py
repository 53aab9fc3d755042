"""Datasets under `tf.distribute`: two logical processors in a process of their own."""

import subprocess
import sys

SCRIPT = """
import sys
import numpy as np
import tensorflow as tf
from PIL import Image
from keras_genzoo.data import load

processor = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
folder = sys.argv[1]
for number in range(21):
    Image.new("L", (8, 8), number).save(f"{folder}/{number:02}.png")
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])

def numbers(images):
    return images[:, 0, 0, 0].numpy().tolist()

for options in ({}, {"cache": False}):
    dataset = load(folder, batch_size=8, **options)
    distributed = strategy.experimental_distribute_dataset(dataset)
    for epoch in range(2):
        replicas = [[], []]
        for batch in distributed:
            for seen, images in zip(replicas, strategy.experimental_local_results(batch)):
                seen += numbers(images)
        expected = np.random.default_rng((0, epoch)).permutation(21).tolist()
        assert sorted(replicas[0] + replicas[1]) == list(range(21)), replicas
        assert replicas[0][:4] + replicas[1][:4] == expected[:8], (replicas, expected)
        assert min(map(len, replicas)) >= 8, replicas

    from tensorflow.python.data.experimental.ops.distribute import _AutoShardDataset
    workers = [_AutoShardDataset(load(folder, batch_size=8, **options), 2, index) for index in range(2)]
    for epoch in range(2):
        dealt = [sum((numbers(images) for images in worker), []) for worker in workers]
        assert sorted(dealt[0] + dealt[1]) == list(range(21)), dealt
        assert min(map(len, dealt)) >= 8, dealt

print("each image once")
"""


def test_two_replicas_and_two_workers_see_each_image_of_an_epoch_once(tmp_path):
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.endswith("each image once\n"), done.stderr[-3000:]


def test_tfds_is_imported_only_when_a_set_of_it_is_read():
    code = (
        "import sys; from keras_genzoo.data import load_arrays; load_arrays('digits', limit=1); "
        "assert 'tensorflow_datasets' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
