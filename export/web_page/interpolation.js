/* The way from one sample to another, by a slider or played. */

import {slerp} from "./codes.js";
import {draw, prepare} from "./pictures.js";
import {latest} from "./runtime.js";

const SECONDS = 3; // from one end to the other

export class Interpolation {
  /**
   * @param {function(string): HTMLElement} find Gives the element of a role.
   * @param {number[]} shape `[height, width, channels]`.
   * @param {object[]} samples Each with `z`, `label` and `canvas`; their content may change.
   * @param {function(Float32Array, number): Promise<Float32Array>} image The picture of a code and a label.
   */
  constructor(find, shape, samples, image) {
    Object.assign(this, {find, shape, samples, image});
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

  /** Draws both ends and what is between them anew. */
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
    // A label has no middle: the second half of the way has the second one's.
    const label = position < 50 ? from.label : to.label;
    draw(this.find("between"), await this.image(slerp(from.z, to.z, position / 100), label), this.shape);
  }

  #toggle() {
    this.playing = !this.playing;
    this.find("play").textContent = this.playing ? "Pause" : "Play";
    if (this.playing) this.#play();
  }

  /* Plays back and forth, from where the slider stands. A frame waits for its picture, so that slow machines show fewer
     of them instead of falling behind. */
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
