/* Models with codes: samples, sliders, interpolation between two samples, and images of the visitor if the model has an
   encoder. */

import {fromNormal, noiseDim} from "./codes.js";
import {decoderInputs, defaults, named, title} from "./conditions.js";
import {Interpolation} from "./interpolation.js";
import {PictureInput} from "./picture_input.js";
import {download, draw, prepare} from "./pictures.js";
import {normalRow} from "./random.js";
import {latest} from "./runtime.js";
import {SeedField} from "./seed_field.js";
import {ConditionControls, DirectionSliders} from "./sliders.js";

const SAMPLES = 16;
const WIDEST = 10; // columns on a desktop
const NARROWEST = 5; // and on a phone
const ALL = -1;

export class View {
  static template = "latent";

  constructor(root, runtime, announce) {
    this.runtime = runtime;
    this.announce = announce;
    this.manifest = runtime.manifest;
    this.shape = this.manifest.image_shape;
    this.conditions = this.manifest.conditions;
    this.classes = this.conditions.find(({kind, in_turn: inTurn}) => kind === "class" && inTurn)?.names;
    this.find = (role) => root.querySelector(`[data-role=${role}]`);
    this.chosen = {}; // the classes of the buttons; a condition that is not here has all classes
    this.samples = []; // {z, given, name, canvas, button}
    this.current = null; // {base, z, first, given, name}: a code, its conditions, and where both began
    this.round = 0; // a round of samples stops when a newer one begins
    this.refresh = latest(() => this.#drawCurrent());
    this.#buildGrid();
    this.#buildClasses();
    this.#buildCurrent();
    this.#buildEncoder();
    const image = (z, given) => this.image(z, given);
    this.interpolation = new Interpolation(this.find, this.manifest, this.samples, image);
    this.seed = new SeedField(this.find, () => this.generate());
    this.find("truncation-row").hidden = !this.manifest.truncation;
    this.find("truncation").addEventListener("input", () => this.generate());
  }

  start() {
    return this.generate();
  }

  /** The image of a code: numbers in 0..1. */
  async image(z, given) {
    return (await this.runtime.run(this.manifest.decoder, {z, ...decoderInputs(this.conditions, given)})).image;
  }

  /** Generates the samples of the seed, and makes the first one current. */
  async generate() {
    const round = ++this.round;
    const seed = this.seed.value;
    const factor = this.find("truncation").valueAsNumber;
    const {source} = this.manifest;
    this.find("truncation-text").textContent = factor.toFixed(2);
    const truncated = factor < 1 ? `, truncated to ${factor.toFixed(2)}` : "";
    for (const [index, sample] of this.samples.entries()) {
      const z = fromNormal(normalRow(seed, index, noiseDim(source)), source);
      sample.z = z.map((number) => factor * number); // towards the middle of the prior: `latent.truncated`
      sample.given = {...defaults(this.conditions, seed, index), ...this.chosen};
      sample.name = `Sample ${index + 1} of seed ${seed}${truncated}`;
      const values = await this.image(sample.z, sample.given);
      if (round !== this.round) return;
      draw(sample.canvas, values, this.shape);
      sample.button.setAttribute("aria-label", `Sample ${index + 1}${named(this.conditions, sample.given)}`);
      if (index === 0) await this.#choose(sample);
    }
    this.interpolation.refresh();
    this.announce(`${this.samples.length} samples of seed ${seed}.`);
  }

  /**
   * Makes a code the current one. Resolves when its image is drawn.
   *
   * @param {number[]|Float32Array} z
   * @param {Object|number} given Conditions by the names of their inputs, a class as its number or as the weights of
   *     all classes; or the number of the first class. Those that are missing are as for the first image of seed 0.
   * @param {string} name What the image is called.
   */
  async show(z, given = {}, name = this.current?.name ?? "") {
    const base = Float32Array.from(z);
    const classOf = this.conditions.find(({kind}) => kind === "class");
    const asked = typeof given === "number" ? classOf && {[classOf.input]: given} : given;
    const first = {...defaults(this.conditions, 0, 0), ...asked};
    this.current = {base, z: base, first, given: first, name};
    this.directions.show(base);
    this.controls.show(first);
    await this.refresh();
  }

  async #drawCurrent() {
    const {z, given, name} = this.current;
    const text = name + named(this.conditions, given);
    draw(this.find("current"), await this.image(z, given), this.shape);
    this.find("current").setAttribute("aria-label", text);
    this.find("caption").textContent = text;
  }

  async #choose(sample) {
    for (const {button} of this.samples) button.setAttribute("aria-pressed", button === sample.button);
    await this.show(sample.z, sample.given, sample.name);
  }

  #buildCurrent() {
    this.controls = new ConditionControls(this.find("conditions"), this.conditions, (changed) => {
      this.current.given = {...this.current.given, ...changed};
      this.refresh();
    });
    this.directions = new DirectionSliders(this.find("directions"), this.manifest, () => this.current, (z) => {
      this.current.z = z;
      this.refresh();
    });
    this.sliders = this.directions.all;
    this.find("reset").hidden = this.sliders.length + this.conditions.length === 0;
    this.find("reset").addEventListener("click", () => this.show(this.current.base, this.current.first));
    this.find("download").addEventListener("click", () => download(this.find("current"), this.manifest.title));
    prepare(this.find("current"), this.shape);
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
      const sample = {button, canvas, z: null, given: {}, name: ""};
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

  /* A row of buttons for each condition that is a class: all samples get it, or take turns or draws. */
  #buildClasses() {
    const classes = this.conditions.filter(({kind}) => kind === "class");
    this.find("classes").hidden = classes.length === 0;
    for (const condition of classes) {
      const row = document.createElement("div");
      row.className = "classes";
      row.setAttribute("role", "group");
      row.setAttribute("aria-label", `${title(condition)} of the samples`);
      if (classes.length > 1) row.append(title(condition));
      const buttons = [[ALL, "All"], ...condition.names.entries()].map(([label, name]) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = name;
        button.setAttribute("aria-pressed", label === ALL);
        button.addEventListener("click", () => {
          if (label === ALL) delete this.chosen[condition.input];
          else this.chosen[condition.input] = label;
          for (const other of buttons) other.setAttribute("aria-pressed", other === button);
          this.generate();
        });
        return button;
      });
      row.append(...buttons);
      this.find("classes").append(row);
    }
  }

  #buildEncoder() {
    if (!this.manifest.functions.encode) return;
    this.find("encoder").hidden = false;
    if (this.conditions.some(({input}) => input in this.manifest.functions.encode.inputs)) {
      this.find("encoder-hint").textContent += " Choose its class above; “All” is the first.";
    }
    for (const role of ["given", "reconstruction"]) prepare(this.find(role), this.shape);
    this.input = new PictureInput(this.find("input"), this.shape, (values) => this.encode(values), this.announce);
  }

  /** Makes the code of an image the current one, and draws the image beside its reconstruction. */
  async encode(values) {
    const given = {...defaults(this.conditions, 0, 0), ...this.chosen};
    draw(this.find("given"), values, this.shape);
    const codes = await this.runtime.run("encode", {image: values, ...given});
    const z = codes[this.manifest.code];
    for (const {input, read} of this.conditions) {
      if (read) given[input] = codes[read].indexOf(Math.max(...codes[read])); // the class that the encoder sees
    }
    for (const {button} of this.samples) button.setAttribute("aria-pressed", false);
    await this.show(z, given, "Your image");
    draw(this.find("reconstruction"), await this.image(z, given), this.shape);
  }
}
