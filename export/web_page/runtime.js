/* Calls of the model as promises; a worker runs them. */

const ARRAYS = {float32: Float32Array, int32: Int32Array, uint8: Uint8Array};

export class Runtime {
  /**
   * @param {object} manifest The content of model.json.
   * @param {function({loaded: number, total: number})} onProgress Called as bytes arrive.
   */
  constructor(manifest, onProgress) {
    this.manifest = manifest;
    this.onProgress = onProgress;
    this.waiting = new Map(); // by request number
    this.count = 0;
    this.worker = new Worker("worker.js");
    this.worker.onmessage = ({data}) => this.#receive(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      const reason = event.message || "worker.js could not be loaded";
      this.#rejectAll(new Error(`The model could not be started: ${reason}.`));
    };
  }

  /** Fetches and compiles the runtime and the model. */
  load() {
    const files = Object.entries(this.manifest.functions).map(([name, {file, bytes}]) => ({name, file, bytes}));
    return this.#request({task: "load", runtime: this.manifest.runtime, files});
  }

  /**
   * Calls a function of the model.
   *
   * @param {string} name A key of `manifest.functions`.
   * @param {Object<string, number|number[]|TypedArray>} inputs Values by name, flat.
   * @return {Promise<Object<string, TypedArray>>} Outputs by name, flat.
   */
  run(name, inputs) {
    const specs = this.manifest.functions[name].inputs;
    const tensors = {};
    for (const [key, {dtype, shape}] of Object.entries(specs)) {
      const data = ARRAYS[dtype].from(typeof inputs[key] === "number" ? [inputs[key]] : inputs[key]);
      const size = shape.reduce((product, side) => product * side, 1);
      if (data.length !== size) {
        return Promise.reject(new Error(`Expected ${size} numbers as ${key}. Received: ${data.length}.`));
      }
      tensors[key] = {data, shape};
    }
    return this.#request({task: "run", name, tensors}, Object.values(tensors).map(({data}) => data.buffer));
  }

  #request(message, transfer = []) {
    return new Promise((resolve, reject) => {
      const id = this.count++;
      this.waiting.set(id, {resolve, reject});
      this.worker.postMessage({...message, id}, transfer);
    });
  }

  #receive({id, result, error, progress}) {
    if (progress) {
      this.onProgress(progress);
      return;
    }
    const {resolve, reject} = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(error));
  }

  #rejectAll(error) {
    for (const {reject} of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

/**
 * Wraps an async function for inputs that come faster than it runs: of the calls during a run, only the last is run.
 *
 * @return {function} Takes the arguments of `task`; resolves when no call is left.
 */
export function latest(task) {
  let next = null;
  let running = null;
  async function drain() {
    try {
      while (next) {
        const args = next;
        next = null;
        await task(...args);
      }
    } finally {
      running = null;
    }
  }
  return (...args) => {
    next = args;
    running ??= drain();
    return running;
  };
}
