/* Interpolation between two samples, set by a slider or played. */

import {between} from "./codes.js";
import {mixed, named} from "./conditions.js";
import {draw, prepare} from "./pictures.js";
import {latest} from "./runtime.js";

const SECONDS = 3; // from one end to the other

export class Interpolation {
  /**
   * @param {function(string): HTMLElement} find Returns the element of a role.
   * @param {object} manifest
   * @param {object[]} samples Each with `z`, `given` and `canvas`; their content may change.
   * @param {function(Float32Array, Object): Promise<Float32Array>} image The image of a code and conditions.
   */
  constructor(find, manifest, samples, image) {
    const {image_shape: shape, prior, conditions} = manifest;
    Object.assign(this, {find, shape, samples, prior, conditions, image});
    this.playing = false;
    this.draw = latest(() => this.#drawBetween());
    for (const [role, start] of [["from", 0], ["to", 1]]) {
      const select = find(`${role}-index`);
      samples.forEach((_, index) => select.add(new Option(`${index + 1}`, index)));
      select.value = start;
      select.addEventListener("change", () => this.refresh());
      prepare(find(role), shape);
    }
    prepare(find("between"), shape);
    find("position").addEventListener("input", () => this.draw());
    find("play").addEventListener("click", () => this.#toggle());
  }

  /** Draws both ends and the image between them again. */
  refresh() {
    for (const role of ["from", "to"]) {
      this.find(role).getContext("2d").drawImage(this.#sample(role).canvas, 0, 0);
    }
    return this.draw();
  }

  #sample(role) {
    return this.samples[Number(this.find(`${role}-index`).value)];
  }

  async #drawBetween() {
    const [from, to] = [this.#sample("from"), this.#sample("to")];
    const position = this.find("position").valueAsNumber;
    this.find("position-text").textContent = `${position} %`;
    const given = mixed(this.conditions, from.given, to.given, position / 100);
    const z = between(from.z, to.z, position / 100, this.prior);
    draw(this.find("between"), await this.image(z, given), this.shape);
    this.find("between").setAttribute("aria-label", `Image between the samples${named(this.conditions, given)}`);
  }

  #toggle() {
    this.playing = !this.playing;
    this.find("play").textContent = this.playing ? "Pause" : "Play";
    if (this.playing) this.#play();
  }

  /* Plays back and forth from the position of the slider. A frame waits for its image, so that slow machines show fewer
     frames instead of falling behind. */
  async #play() {
    const slider = this.find("position");
    let phase = slider.valueAsNumber / 100; // 0..1 there, 1..2 back
    let before = performance.now();
    while (this.playing) {
      const now = await new Promise(requestAnimationFrame);
      phase = (phase + Math.max(now - before, 0) / (1000 * SECONDS)) % 2;
      before = now;
      slider.value = Math.round(100 * (phase < 1 ? phase : 2 - phase));
      await this.draw();
    }
  }
}
