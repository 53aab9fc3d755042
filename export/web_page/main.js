/* Loads the manifest and the model, then starts the view of the manifest. */

import {Runtime} from "./runtime.js";

const VIEWS = {
  latent: "./view_latent.js",
  encoder_decoder: "./view_latent.js",
  translator: "./view_translator.js",
  chain: "./view_chain.js",
  classifier: "./view_classifier.js",
};

const element = (id) => document.getElementById(id);

/** Announces a visible change to screen readers. */
export function announce(text) {
  element("status").textContent = text;
}

/** Shows an error message. The page stays usable. */
function fail(error) {
  element("error").textContent = error?.message ?? String(error);
  element("error").hidden = false;
  element("loading").hidden = true;
}

function showProgress({loaded, total}) {
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  // With compression, the length sent can differ from the length of the file.
  const share = Math.min(loaded / total, 1);
  element("progress").value = share;
  element("progress-text").textContent =
    share < 1 ? `Loading the model: ${megabytes(loaded)} of ${megabytes(total)} MB.` : "Starting the model.";
}

function showFooter(manifest) {
  const quantized = manifest.quantization ? `, ${manifest.quantization}` : "";
  const parts = [`Model: ${manifest.model}${quantized}.`];
  if (manifest.data) {
    parts.push(`Trained on ${manifest.data.title}${manifest.data.license ? ` (${manifest.data.license})` : ""}.`);
  }
  parts.push(`Created with keras_genzoo ${manifest.keras_genzoo}; runs on LiteRT.js ${manifest.runtime.version}.`);
  element("about").textContent = parts.join(" ");
}

async function fetchManifest() {
  const response = await fetch("model.json", {cache: "no-cache"}); // a new export has another manifest
  if (!response.ok) {
    throw new Error(`The file model.json of this page could not be loaded: the server answered ${response.status}.`);
  }
  return response.json();
}

async function importView(file) {
  try {
    return await import(file);
  } catch (error) {
    throw new Error(`The file ${file.slice(2)} of this page could not be loaded: ${error.message}.`);
  }
}

async function start() {
  const manifest = await fetchManifest();
  showFooter(manifest);
  const runtime = new Runtime(manifest, showProgress);
  await runtime.load();
  const {View} = await importView(VIEWS[manifest.view]);
  const root = element("view");
  root.append(element(View.template).content.cloneNode(true));
  const view = new View(root, runtime, announce);
  root.hidden = false;
  element("loading").hidden = true;
  await view.start();
  announce("The model is ready.");
  return {manifest, runtime, view};
}

addEventListener("unhandledrejection", (event) => fail(event.reason));

/* For scripts on this page and for its tests. `genzoo.ready` resolves, once the first images are drawn, to
   `{manifest, runtime, view}`: `runtime.run(signature, inputs)` calls a function of the model, and the view of a model
   with codes has `show(z, label)`, which makes a code the current one and draws its image. */
window.genzoo = {ready: start()};
window.genzoo.ready.catch(fail);
