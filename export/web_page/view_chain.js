/* Boltzmann machines: a Markov chain that starts from noise or from an image of the visitor. */

import {PictureInput} from "./picture_input.js";
import {download, draw, prepare} from "./pictures.js";
import {uniformRow} from "./random.js";
import {SeedField} from "./seed_field.js";

const FRAME = 60; // least time between steps, in milliseconds

export class View {
  static template = "chain";

  constructor(root, runtime, announce) {
    this.runtime = runtime;
    this.shape = runtime.manifest.image_shape;
    this.find = (role) => root.querySelector(`[data-role=${role}]`);
    const {hidden_noise: hidden, visible_noise: visible} = runtime.manifest.functions.serving_default.inputs;
    const count = ({shape}) => shape.reduce((product, side) => product * side, 1);
    this.units = {hidden: count(hidden), visible: count(visible)};
    this.playing = false;
    this.busy = Promise.resolve(); // each step starts from the result of the last one
    for (const role of ["probability", "state"]) prepare(this.find(role), this.shape);
    const restart = (values) => this.restart(values, "your image");
    this.input = new PictureInput(this.find("input"), this.shape, restart, announce);
    this.find("play").addEventListener("click", () => this.#toggle());
    this.find("step").addEventListener("click", () => this.step());
    this.seed = new SeedField(this.find, () => this.fromNoise());
    this.find("download").addEventListener("click", () => download(this.find("probability"), runtime.manifest.title));
  }

  start() {
    return this.fromNoise();
  }

  /** Restarts from random pixels, black or white with equal probability. */
  fromNoise() {
    const noise = uniformRow(this.seed.value, 0, this.units.visible);
    return this.restart(noise.map((value) => Number(value < 0.5)), "noise");
  }

  /** Restarts from an image, numbers in 0..1, and runs one step. */
  restart(values, origin) {
    this.busy = this.busy.then(() => {
      Object.assign(this, {state: values, origin, steps: 0, noiseSeed: this.seed.value});
    });
    return this.step();
  }

  /** One step of the chain: all hidden units, then all pixels. */
  step() {
    this.busy = this.busy.then(() => this.#step());
    return this.busy;
  }

  async #step() {
    this.steps += 1;
    const {hidden, visible} = this.units;
    const noise = uniformRow(this.noiseSeed, 0, hidden + visible, this.steps); // one stream per step
    const outputs = await this.runtime.run("serving_default", {
      image: this.state,
      hidden_noise: noise.subarray(0, hidden),
      visible_noise: noise.subarray(hidden),
    });
    this.state = outputs.image;
    draw(this.find("state"), outputs.image, this.shape);
    draw(this.find("probability"), outputs.probability, this.shape);
    this.find("caption").textContent = `Step ${this.steps} from ${this.origin}`;
  }

  async #toggle() {
    this.playing = !this.playing;
    this.find("play").textContent = this.playing ? "Pause" : "Play";
    while (this.playing) {
      await Promise.all([this.step(), new Promise((resolve) => setTimeout(resolve, FRAME))]);
    }
  }
}
