/* Runs LiteRT.js in a thread of its own, so that the page does not freeze.

   A classic worker: LiteRT.js loads its WebAssembly glue by importScripts, which module workers do not have. Everything
   runs on the CPU ("wasm"), so that pixels are the same on every machine, up to float32 rounding. */
"use strict";

const models = new Map();
let litert;
let queue = Promise.resolve();

self.onmessage = ({data}) => {
  queue = queue.then(() => answer(data)); // one call at a time, because a model has memory for one
};

async function answer(message) {
  try {
    const result = message.task === "load" ? await load(message) : await run(message);
    self.postMessage({id: message.id, result}, Object.values(result ?? {}).map((array) => array.buffer));
  } catch (error) {
    self.postMessage({id: message.id, error: error?.message ?? String(error)});
  }
}

async function load({runtime, files}) {
  const address = (path) => new URL(path, self.location.href).href;
  // One pair of files uses relaxed SIMD, the other is for older browsers.
  litert = await importLiteRt(address(runtime.core), address(runtime.utils));
  const kind = (await litert.supportsFeature("relaxedSimd")) ? "relaxed" : "compat";
  const {glue, wasm, bytes} = runtime.wasm[kind];
  const report = progress(bytes + files.reduce((sum, file) => sum + file.bytes, 0));
  const wasmBinary = await download(address(wasm), report);
  const quiet = (...text) => console.debug(...text); // the runtime logs its delegate to the error output
  self.Module = {wasmBinary, print: quiet, printErr: quiet};
  await withoutGpu(() => litert.loadLiteRt(address(glue)));
  for (const {name, file} of files) {
    const content = await download(address(file), report, "no-cache"); // a new export keeps the name of the file
    models.set(name, await litert.loadAndCompile(content, {accelerator: "wasm"}));
  }
}

/* LiteRT.js requests a GPU when it starts, and warns if there is none. The page does not use it. */
async function withoutGpu(start) {
  const warn = console.warn;
  console.warn = console.debug;
  Object.defineProperty(self.navigator, "gpu", {value: {requestAdapter: async () => null}, configurable: true});
  try {
    await start();
  } finally {
    console.warn = warn;
  }
}

/* Import maps do not apply in workers. So an address replaces the bare name "@litertjs/wasm-utils" in the file of the
   package. */
async function importLiteRt(core, utils) {
  const source = new TextDecoder().decode(await download(core));
  const linked = source.replaceAll('"@litertjs/wasm-utils"', JSON.stringify(utils));
  const url = URL.createObjectURL(new Blob([linked], {type: "text/javascript"}));
  try {
    return await import(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

function progress(total) {
  let loaded = 0;
  return (bytes) => {
    loaded += bytes;
    self.postMessage({progress: {loaded, total}});
  };
}

async function download(url, report = () => {}, cache = "default") {
  let response;
  try {
    response = await fetch(url, {cache});
  } catch (error) {
    throw new Error(`${url} could not be loaded: ${error.message}.`);
  }
  if (!response.ok) throw new Error(`${url} could not be loaded: the server answered ${response.status}.`);
  const parts = [];
  let size = 0;
  for (const reader = response.body.getReader(); ; ) {
    const {done, value} = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
    report(value.length);
  }
  const content = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    content.set(part, offset);
    offset += part.length;
  }
  return content;
}

async function run({name, tensors}) {
  const inputs = {};
  let outputs = {};
  try {
    for (const [key, {data, shape}] of Object.entries(tensors)) inputs[key] = new litert.Tensor(data, shape);
    outputs = await models.get(name).run(inputs);
    const result = {};
    for (const [key, tensor] of Object.entries(outputs)) result[key] = await tensor.data();
    return result;
  } finally {
    // WebAssembly memory is not garbage-collected.
    for (const tensor of [...Object.values(inputs), ...Object.values(outputs)]) tensor.delete();
  }
}
