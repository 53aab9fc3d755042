/* Models that translate images from one domain to another. */

import {PictureInput} from "./picture_input.js";
import {download, draw, prepare} from "./pictures.js";
import {latest} from "./runtime.js";

export class View {
  static template = "translator";

  constructor(root, runtime, announce) {
    this.runtime = runtime;
    this.shape = runtime.manifest.image_shape;
    this.find = (role) => root.querySelector(`[data-role=${role}]`);
    this.direction = Object.keys(runtime.manifest.functions)[0];
    this.values = null;
    for (const role of ["given", "result"]) prepare(this.find(role), this.shape);
    this.#buildDirections();
    this.refresh = latest(() => this.#translate()); // strokes come faster than translations
    const input = (values) => this.translate(values);
    this.input = new PictureInput(this.find("input"), this.shape, input, announce, this.find("given"));
    this.find("download").addEventListener("click", () => download(this.find("result"), runtime.manifest.title));
  }

  /** Shows a sketch until the visitor draws or opens an image. */
  start() {
    return this.input.showSketch();
  }

  /** Translates an image, numbers in 0..1, and draws both. Of images that come meanwhile, the last is translated. */
  translate(values) {
    this.values = values;
    draw(this.find("given"), values, this.shape);
    return this.refresh();
  }

  async #translate() {
    const {direction, values} = this;
    const {image} = await this.runtime.run(direction, {image: values});
    draw(this.find("result"), image, this.shape);
    this.find("caption").textContent = `Translation, ${words(direction)}`;
  }

  #buildDirections() {
    const place = this.find("directions");
    for (const direction of Object.keys(this.runtime.manifest.functions)) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = words(direction);
      button.dataset.direction = direction;
      button.setAttribute("aria-pressed", direction === this.direction);
      button.addEventListener("click", () => {
        this.direction = direction;
        for (const other of place.children) other.setAttribute("aria-pressed", other === button);
        return this.translate(this.values);
      });
      place.append(button);
    }
    place.hidden = place.children.length < 2;
  }
}

/** "a_to_b" as text. */
function words(direction) {
  return direction.replaceAll("_", " ");
}
