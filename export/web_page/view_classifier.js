/* Classifiers: the probabilities of the classes of an image as bars. */

import {PictureInput} from "./picture_input.js";
import {draw, prepare} from "./pictures.js";

const MOST = 10; // largest number of classes shown

export class View {
  static template = "classifier";

  constructor(root, runtime, announce) {
    this.runtime = runtime;
    this.shape = runtime.manifest.image_shape;
    this.announce = announce;
    this.find = (role) => root.querySelector(`[data-role=${role}]`);
    prepare(this.find("given"), this.shape);
    this.input = new PictureInput(this.find("input"), this.shape, (values) => this.classify(values), () => {});
  }

  /** Shows the example until the visitor opens an image. */
  start() {
    return this.input.showExample();
  }

  /** Draws an image, numbers in 0..1, and a bar for each class; of many classes, the most likely ones, sorted. */
  async classify(values) {
    draw(this.find("given"), values, this.shape);
    const {probabilities} = await this.runtime.run("serving_default", {image: values});
    const names = this.runtime.manifest.class_names;
    const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
    const shown = order.length > MOST ? order.slice(0, MOST) : [...probabilities.keys()];
    const bars = shown.map((label) => bar(names[label], probabilities[label], label === order[0]));
    this.find("bars").replaceChildren(...bars);
    this.announce(`Most likely: ${names[order[0]]}, ${percent(probabilities[order[0]])}.`);
  }
}

function percent(probability) {
  return `${(100 * probability).toFixed(1)} %`;
}

function bar(name, probability, first) {
  const item = document.createElement("li");
  const [title, track, value] = ["span", "div", "span"].map((tag) => document.createElement(tag));
  title.textContent = name;
  value.textContent = percent(probability);
  track.className = "track";
  track.style.setProperty("--share", probability);
  item.classList.toggle("first", first);
  item.append(title, track, value);
  return item;
}
