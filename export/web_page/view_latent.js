/* Models with codes: samples, sliders, interpolation between two samples, and images of the visitor if the model has an
   encoder. */

import {dot, fromNormal, moved, noiseDim} from "./codes.js";
import {Interpolation} from "./interpolation.js";
import {PictureInput} from "./picture_input.js";
import {download, draw, prepare} from "./pictures.js";
import {normalRow} from "./random.js";
import {latest} from "./runtime.js";
import {SeedField} from "./seed_field.js";

const SAMPLES = 16;
const WIDEST = 10; // columns on a desktop
const NARROWEST = 5; // and on a phone
const LIMIT = 3; // range of the sliders, in standard deviations
const MIXED = -1;

export class View {
  static template = "latent";

  constructor(root, runtime, announce) {
    this.runtime = runtime;
    this.announce = announce;
    this.manifest = runtime.manifest;
    this.shape = this.manifest.image_shape;
    this.classes = this.manifest.class_names;
    this.find = (role) => root.querySelector(`[data-role=${role}]`);
    this.label = MIXED; // the selected class button
    this.samples = []; // {z, label, name, canvas, button}
    this.current = null; // {base, z, label, name}
    this.round = 0; // a round of samples stops when a newer one begins
    this.refresh = latest(() => this.#drawCurrent());
    this.#buildGrid();
    this.#buildClasses();
    this.#buildSliders();
    this.#buildEncoder();
    const image = (z, label) => this.image(z, label);
    this.interpolation = new Interpolation(this.find, this.shape, this.samples, this.manifest.prior, image);
    this.seed = new SeedField(this.find, () => this.generate());
    this.find("reset").addEventListener("click", () => this.show(this.current.base, this.current.label));
    this.find("download").addEventListener("click", () => download(this.find("current"), this.manifest.title));
    prepare(this.find("current"), this.shape);
  }

  start() {
    return this.generate();
  }

  /** The image of a code: numbers in 0..1. */
  async image(z, label) {
    return (await this.runtime.run("serving_default", {z, [this.manifest.label]: label})).image;
  }

  /** Generates the samples of the seed, and makes the first one current. */
  async generate() {
    const round = ++this.round;
    const seed = this.seed.value;
    const {prior} = this.manifest;
    for (const [index, sample] of this.samples.entries()) {
      sample.z = fromNormal(normalRow(seed, index, noiseDim(prior)), prior);
      // As in `generate`, the class of sample i is i % num_classes.
      sample.label = this.label === MIXED ? index % (this.classes?.length ?? 1) : this.label;
      sample.name = `Sample ${index + 1} of seed ${seed}`;
      const values = await this.image(sample.z, sample.label);
      if (round !== this.round) return;
      draw(sample.canvas, values, this.shape);
      sample.button.setAttribute("aria-label", `Sample ${index + 1}${this.#className(sample.label)}`);
      if (index === 0) await this.#choose(sample);
    }
    this.interpolation.refresh();
    this.announce(`${this.samples.length} samples of seed ${seed}.`);
  }

  /** Makes a code the current one. Resolves when its image is drawn. */
  async show(z, label = 0, name = this.current?.name ?? "") {
    const base = Float32Array.from(z);
    this.current = {base, z: base, label, name};
    for (const slider of this.sliders) slider.set(dot(base, slider.direction));
    await this.refresh();
  }

  async #drawCurrent() {
    const {z, label, name} = this.current;
    const text = name + this.#className(label);
    draw(this.find("current"), await this.image(z, label), this.shape);
    this.find("current").setAttribute("aria-label", text);
    this.find("caption").textContent = text;
  }

  async #choose(sample) {
    for (const {button} of this.samples) button.setAttribute("aria-pressed", button === sample.button);
    await this.show(sample.z, sample.label, sample.name);
  }

  #className(label) {
    if (!this.classes) return "";
    const name = this.classes[label];
    return name === String(label) ? `, class ${name}` : `, ${name}`;
  }

  #buildGrid() {
    // A column for each class; few classes are repeated in a row, because two columns would be as high as the page.
    const num = this.classes && this.classes.length <= WIDEST ? this.classes.length : 8;
    const columns = num * Math.floor(WIDEST / num);
    const grid = this.find("grid");
    grid.style.setProperty("--columns", columns);
    grid.style.setProperty("--narrow-columns", num * Math.floor(NARROWEST / num) || Math.ceil(num / 2));
    for (let index = 0; index < Math.max(2, Math.round(SAMPLES / columns)) * columns; index++) {
      const button = document.createElement("button");
      const canvas = document.createElement("canvas");
      const sample = {button, canvas, z: null, label: 0, name: ""};
      button.type = "button";
      button.className = "sample";
      canvas.className = "picture";
      prepare(canvas, this.shape);
      button.append(canvas);
      button.addEventListener("click", () => sample.z && this.#choose(sample));
      grid.append(button);
      this.samples.push(sample);
    }
  }

  #buildClasses() {
    if (!this.classes) return;
    const place = this.find("classes");
    place.hidden = false;
    for (const [label, name] of [[MIXED, "Mixed"], ...this.classes.entries()]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.setAttribute("aria-pressed", label === this.label);
      button.addEventListener("click", () => {
        this.label = label;
        for (const other of place.children) other.setAttribute("aria-pressed", other === button);
        this.generate();
      });
      place.append(button);
    }
  }

  #buildSliders() {
    const {vectors} = this.manifest.directions;
    this.find("directions").hidden = this.find("reset").hidden = vectors.length === 0;
    this.sliders = vectors.map((direction, index) => {
      const row = document.createElement("label");
      const input = document.createElement("input");
      const output = document.createElement("output");
      row.append(`${index + 1}`, input, output);
      Object.assign(input, {type: "range", min: -LIMIT, max: LIMIT, step: 0.1});
      input.setAttribute("aria-label", `Direction ${index + 1}`);
      const write = (value) => {
        const tenths = Math.round(10 * value); // the sign of the rounded number, so never "−0.0"
        const sign = tenths < 0 ? "−" : tenths > 0 ? "+" : "";
        output.textContent = `${sign}${(Math.abs(tenths) / 10).toFixed(1)}`;
        input.setAttribute("aria-valuetext", `${(tenths / 10).toFixed(1)} standard deviations`);
      };
      input.addEventListener("input", () => {
        this.current.z = moved(this.current.z, direction, input.valueAsNumber);
        write(input.valueAsNumber);
        this.refresh();
      });
      this.find("sliders").append(row);
      return {
        direction,
        set(value) {
          input.value = value; // the browser limits it to the range
          write(value);
        },
      };
    });
  }

  #buildEncoder() {
    if (!this.manifest.functions.encode) return;
    this.find("encoder").hidden = false;
    if (this.classes) this.find("encoder-hint").textContent += " Choose its class above; “Mixed” is the first.";
    for (const role of ["given", "reconstruction"]) prepare(this.find(role), this.shape);
    this.input = new PictureInput(this.find("input"), this.shape, (values) => this.encode(values), this.announce);
  }

  /** Makes the code of an image the current one, and draws the image beside its reconstruction. */
  async encode(values) {
    const label = Math.max(this.label, 0);
    draw(this.find("given"), values, this.shape);
    const codes = await this.runtime.run("encode", {image: values, [this.manifest.label]: label});
    const z = codes[this.manifest.code];
    for (const {button} of this.samples) button.setAttribute("aria-pressed", false);
    await this.show(z, label, "Your image");
    draw(this.find("reconstruction"), await this.image(z, label), this.shape);
  }
}
