/* Opens images of the visitor: from a file, the clipboard, the camera or a drawing pad; and an example. */

import {Camera} from "./camera.js";
import {DrawingPad} from "./drawing_pad.js";
import {example, sketch, toValues} from "./pictures.js";

export class PictureInput {
  /**
   * @param {HTMLElement} place Parent of the controls.
   * @param {number[]} shape `[height, width, channels]` of the model.
   * @param {function(Float32Array)} onPicture Called with the pixels of the image, numbers in 0..1.
   * @param {function(string)} announce Announces a text to screen readers.
   * @param {HTMLCanvasElement|null} picture A canvas of the view whose place the drawing pad takes while it is open;
   *     the view then follows each stroke as it is drawn, dark on light. Otherwise the pad stands among the controls,
   *     light on dark, for models of grey images.
   */
  constructor(place, shape, onPicture, announce, picture = null) {
    place.append(document.getElementById("picture-input").content.cloneNode(true));
    Object.assign(this, {shape, onPicture, announce, picture});
    this.source = null;
    const root = place.closest("section");
    const find = (role) => root.querySelector(`[data-role=${role}]`);
    this.invert = find("invert");
    this.invertLabel = find("invert-label");
    this.invertLabel.hidden = shape[2] !== 1;
    this.message = document.createElement("p");
    this.message.className = "error";
    this.message.setAttribute("role", "alert");
    this.message.hidden = true;
    place.append(this.message);
    this.invert.addEventListener("change", () => this.source && this.#use(this.source));
    find("example").addEventListener("click", () => this.showExample());
    if (picture || shape[2] === 1) this.#buildPad(find);
    this.camera = new Camera(find, (bitmap) => this.#open(bitmap), (text) => this.#refuse(text));
    const file = find("file");
    file.addEventListener("change", () => {
      if (file.files.length) this.open(file.files[0]);
      file.value = ""; // allows choosing the same file again
    });
    this.#listen(find("drop"));
  }

  #buildPad(find) {
    this.button = find("draw");
    this.tools = find("pad");
    this.button.hidden = false;
    this.button.addEventListener("click", () => this.#showPad(this.tools.hidden));
    const longest = Math.max(...this.shape.slice(0, 2));
    const style = this.picture
      ? {paper: "#ffffff", ink: "#000000", width: 1, crisp: true} // as drawings of edges
      : {paper: "#000000", ink: "#ffffff", width: Math.max(1, longest / 14), crisp: false}; // as in MNIST
    this.pad = new DrawingPad(find, this.shape, style, (canvas, goesOn) => {
      return this.picture || !goesOn ? this.#use(canvas, goesOn) : null;
    });
    if (this.picture) {
      this.pad.canvas.hidden = true;
      this.pad.canvas.classList.add("picture", "large");
      this.picture.before(this.pad.canvas);
    }
  }

  #showPad(open) {
    if (!this.pad || this.tools.hidden === !open) return;
    this.tools.hidden = !open;
    this.button.setAttribute("aria-expanded", open);
    if (!this.picture) return;
    this.pad.canvas.hidden = !open;
    this.picture.hidden = open;
    this.invertLabel.hidden = open || this.shape[2] !== 1; // a drawing is translated as it is seen
    if (open) this.#use(this.pad.canvas);
  }

  #listen(zone) {
    zone.addEventListener("dragover", (event) => {
      event.preventDefault();
      zone.classList.add("over");
    });
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("over");
      if (event.dataTransfer.files.length) this.open(event.dataTransfer.files[0]);
    });
    // An image dropped outside the zone would replace the page.
    addEventListener("dragover", (event) => event.preventDefault());
    addEventListener("drop", (event) => event.preventDefault());
    addEventListener("paste", (event) => {
      const file = [...event.clipboardData.files].find(({type}) => type.startsWith("image/"));
      if (file) this.open(file);
    });
  }

  /** Opens the example. */
  showExample() {
    return this.#open(example(this.shape));
  }

  /** Opens the drawing pad with a sketch. */
  showSketch() {
    this.#showPad(true);
    return this.pad.draw(sketch(this.shape));
  }

  /** Reads an image file. */
  async open(file) {
    const source = await createImageBitmap(file).catch(() => null);
    if (source) await this.#open(source);
    else this.#refuse(`“${file.name}” could not be read as an image.`);
  }

  /* An image in place of the drawing, where there is one place for both. */
  #open(source) {
    if (this.picture) this.#showPad(false);
    return this.#use(source);
  }

  #refuse(text) {
    this.message.textContent = text;
    this.message.hidden = false;
  }

  async #use(source, goesOn = false) {
    this.message.hidden = true;
    this.source = source;
    const drawn = this.picture && source === this.pad.canvas;
    await this.onPicture(toValues(source, this.shape, this.invert.checked && !drawn));
    if (!goesOn) this.announce("The image has been processed.");
  }
}
