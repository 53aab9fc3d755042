"""docs/serving.md says what is true: its requests are answered by exports, played by a stand-in for the server."""

import base64
import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import requests
import tensorflow as tf
import yaml

import keras_genzoo
from keras_genzoo.export import saved_model, warmup

TEXT = (Path(__file__).parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
SHARED = dict(image_shape=(8, 8, 1), seed=0)
MODELS = {
    "dcgan": dict(**SHARED, latent_dim=4, base_filters=4),
    "cgan": dict(**SHARED, latent_dim=4, base_filters=4, num_classes=3),
    "vae": dict(**SHARED, latent_dim=4, base_filters=4),
    "cyclegan": dict(image_shape=(8, 8, 3), base_filters=2, num_blocks=0, seed=0),
    "rbm": dict(**SHARED, hidden_units=6, generation_steps=3),
    "classifier": dict(**SHARED, num_classes=3, base_filters=2),
}
predict_protos = pytest.mark.skipif(
    not warmup.wanted(None), reason="tensorflow-serving-api is not installed: pip install 'keras-genzoo[serving]'"
)


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)


def curl_requests():
    """Pairs of a model's name and the JSON of a request, from the commands in the page."""
    found = re.findall(r"curl \S+/v1/models/(\w+):predict -d '(.*?)'(?:\n| \|)", "\n".join(blocks("bash")), re.DOTALL)
    assert len(found) >= 7
    return found


class Server:
    """Answers requests as TensorFlow Serving does, from exports loaded here."""

    def __init__(self, folder):
        self.models = {}
        for name, args in MODELS.items():
            report = keras_genzoo.build(name, **args).export(folder / name, warmup=False)
            self.models[name] = (tf.saved_model.load(report.path), report.signatures)

    def call(self, model, signature, tensors):
        loaded, signatures = self.models[model]
        specs = signatures[signature]["inputs"]
        assert set(tensors) == set(specs), (model, signature)
        for name, tensor in tensors.items():
            dtype, shape = specs[name]
            assert tensor.dtype.name == dtype and tf.TensorShape(shape).is_compatible_with(tensor.shape), name
        return {name: value.numpy() for name, value in loaded.signatures[signature](**tensors).items()}

    def rest(self, model, body):
        """The answer to a REST request, as a dict for JSON."""
        signature = body.get("signature_name", "serving_default")
        specs = self.models[model][1][signature]["inputs"]
        assert set(body) - {"signature_name"} in ({"inputs"}, {"instances"})
        given = body.get("inputs") or {key: [row[key] for row in body["instances"]] for key in body["instances"][0]}
        tensors = {key: tf.constant(plain(value), specs[key][0]) for key, value in given.items()}
        outputs = {name: as_json(name, value) for name, value in self.call(model, signature, tensors).items()}
        (*rest, only) = outputs.values()
        if "inputs" in body:
            return {"outputs": outputs if rest else only}
        rows = [dict(zip(outputs, row, strict=True)) for row in zip(*outputs.values(), strict=True)]
        return {"predictions": rows if rest else only}


def plain(value):
    """JSON values with files of pictures taken out of base64."""
    if isinstance(value, dict):
        assert set(value) == {"b64"}
        return base64.b64decode(value["b64"])
    return [plain(item) for item in value] if isinstance(value, list) else value


def as_json(name, value):
    if value.dtype != object:
        return value.tolist()
    if name.endswith("_bytes"):
        return [{"b64": base64.b64encode(item).decode("ascii")} for item in value]
    return [item.decode("utf-8") for item in value]  # which a file of a picture cannot be


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    return Server(tmp_path_factory.mktemp("serving"))


def test_table_has_every_signature_with_its_inputs_and_outputs(server):
    table = TEXT.partition("<!-- signatures: begin -->")[2].partition("<!-- signatures: end -->")[0]
    documented = {name: {} for name in MODELS}
    for row in re.findall(r"^\| `.*$", table, flags=re.MULTILINE):
        (signature,), models, inputs, outputs = (re.findall(r"`(\w+)`", cell) for cell in row.strip("| ").split("|"))
        for model in models:
            labels = {"label"} & set(server.models[model][1][signature]["inputs"])
            documented[model][signature] = (set(inputs) | labels, set(outputs))
    for model, (_, signatures) in server.models.items():
        exported = {name: (set(s["inputs"]), set(s["outputs"])) for name, s in signatures.items()}
        assert documented[model] == exported


@pytest.mark.parametrize(("model", "text"), curl_requests())
def test_curl_requests_are_answered(server, model, text):
    answer = server.rest(model, json.loads(text))
    (value,) = answer.values()
    assert len(json.dumps(value)) > 100


def test_rows_and_columns_give_the_same_images(server):
    rows = [json.loads(text) for model, text in curl_requests() if model == "dcgan" and "instances" in text]
    columns = {"inputs": {"z": [row["z"] for row in rows[0]["instances"]]}}
    np.testing.assert_allclose(
        server.rest("dcgan", rows[0])["predictions"], server.rest("dcgan", columns)["outputs"], rtol=1e-5
    )


def test_png_over_rest_needs_the_name_in_bytes(server):
    body = {"signature_name": "generate_png", "inputs": {"seed": 7, "num": 1, "start": 0}}
    with pytest.raises(UnicodeDecodeError):
        server.rest("dcgan", body)
    files = server.rest("dcgan", {**body, "signature_name": "generate_png_bytes"})["outputs"]
    assert base64.b64decode(files[0]["b64"]).startswith(b"\x89PNG")


def test_rest_examples_in_python_run(server, monkeypatch):
    def post(url, json, timeout):
        model = re.fullmatch(r"http://localhost:8501/v1/models/(\w+):predict", url).group(1)
        answer = server.rest(model, json)
        return SimpleNamespace(raise_for_status=lambda: None, json=lambda: answer)

    (code,) = (block for block in blocks("python") if "import requests" in block)
    monkeypatch.setattr(requests, "post", post)
    names = {}
    exec(compile(code, "serving.md", "exec"), names)
    assert names["ways"].shape == (5, 8, 8, 8, 1) and names["same"].shape == (5, 8, 8, 1)
    assert np.shape(names["zebras"]) == (2, 8, 8, 3) and set(names["back"][0]) == {"b64"}


@predict_protos
def test_grpc_examples_run(server, monkeypatch):
    import grpc
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    class Stub:
        def __init__(self, channel):
            assert channel == "channel"

        def Predict(self, request, timeout):
            tensors = {name: tf.constant(tf.make_ndarray(value)) for name, value in request.inputs.items()}
            outputs = server.call(request.model_spec.name, request.model_spec.signature_name, tensors)
            answer = predict_pb2.PredictResponse()
            for name, value in outputs.items():
                answer.outputs[name].CopyFrom(tf.make_tensor_proto(value))
            return answer

    monkeypatch.setattr(grpc, "insecure_channel", lambda address, options: "channel")
    monkeypatch.setattr(prediction_service_pb2_grpc, "PredictionServiceStub", Stub)
    (code,) = (block for block in blocks("python") if "import grpc" in block)
    names = {}
    exec(compile(code, "serving.md", "exec"), names)
    assert names["grey"].shape == (5, 8, 8, 1) and names["grey"].dtype == np.uint8
    assert names["ways"].shape == (5, 8, 8, 8, 1) and names["back"][0].startswith(b"\x89PNG")


def test_every_signature_has_a_request(server):
    code = "\n".join(blocks("python") + blocks("bash"))
    requested = set(re.findall(r'(?:rest|predict)\("\w+", "(\w+)"|"signature_name": "(\w+)"', code))
    exported = {name for _, signatures in server.models.values() for name in signatures}
    assert {name for pair in requested for name in pair if name} == exported


def test_first_example_writes_a_version(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(blocks("python")[0], {"model": keras_genzoo.build("dcgan", **MODELS["dcgan"])})
    assert capsys.readouterr().out.startswith("serving/dcgan/1 1 ")


def test_kserve_manifest_parses():
    (manifest,) = (yaml.safe_load(block) for block in blocks("yaml"))
    assert manifest["apiVersion"] == "serving.kserve.io/v1beta1" and manifest["kind"] == "InferenceService"
    model = manifest["spec"]["predictor"]["model"]
    assert model["modelFormat"]["name"] == "tensorflow" and model["storageUri"].endswith("/dcgan")


@predict_protos
def test_model_configurations_parse():
    from google.protobuf import text_format
    from tensorflow_serving.config import model_server_config_pb2

    configs = [block for block in blocks("proto") if "model_config_list" in block]
    parsed = [text_format.Parse(block, model_server_config_pb2.ModelServerConfig()) for block in configs]
    assert [config.name for config in parsed[0].model_config_list.config] == list(MODELS)
    (one,) = parsed[1].model_config_list.config
    assert list(one.model_version_policy.specific.versions) == [1, 2] and one.version_labels["canary"] == 2


def test_batching_parameters_are_those_that_the_server_knows():
    """Fields of BatchingParameters in session_bundle_config.proto of the server, which no package on PyPI has."""
    known = {"max_batch_size", "batch_timeout_micros", "max_enqueued_batches", "num_batch_threads"}
    (block,) = [block for block in blocks("proto") if "max_batch_size" in block]
    found = [re.fullmatch(r"(\w+) \{ value: (\d+) \}", line) for line in block.splitlines()]
    assert {match.group(1) for match in found} == known and all(int(match.group(2)) > 0 for match in found)


def test_options_of_the_page_exist():
    options = saved_model.write.__kwdefaults__
    for name in ("image_dtype", "precision", "overwrite", "warmup", "num_samples", "tolerance"):
        assert name in options and name in TEXT
    assert f"{saved_model.TOLERANCES['bfloat16']:g} for bfloat16" in TEXT
    assert f"{saved_model.TOLERANCES['float32']:g} for float32" in TEXT
    assert warmup.BATCH_SIZES == (1, 4)  # as the page says
