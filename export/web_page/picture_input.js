/* Opens images of the visitor: a file picker and drop zone, the clipboard, a drawing pad, and an example. */

import {DrawingPad} from "./drawing_pad.js";
import {example, toValues} from "./pictures.js";

export class PictureInput {
  /**
   * @param {HTMLElement} place Parent of the controls.
   * @param {number[]} shape `[height, width, channels]` of the model.
   * @param {function(Float32Array)} onPicture Called with the pixels of the image, numbers in 0..1.
   * @param {function(string)} announce Announces a text to screen readers.
   */
  constructor(place, shape, onPicture, announce) {
    place.append(document.getElementById("picture-input").content.cloneNode(true));
    this.shape = shape;
    this.onPicture = onPicture;
    this.announce = announce;
    this.source = null;
    const find = (role) => place.querySelector(`[data-role=${role}]`);
    this.invert = find("invert");
    find("invert-label").hidden = shape[2] !== 1;
    this.message = document.createElement("p");
    this.message.className = "error";
    this.message.setAttribute("role", "alert");
    this.message.hidden = true;
    place.append(this.message);
    this.invert.addEventListener("change", () => this.source && this.#use(this.source));
    find("example").addEventListener("click", () => this.showExample());
    if (shape[2] === 1) this.#buildPad(find);
    const file = find("file");
    file.addEventListener("change", () => {
      if (file.files.length) this.open(file.files[0]);
      file.value = ""; // allows choosing the same file again
    });
    this.#listen(find("drop"));
  }

  /* A drawing pad for models of grey images, light on dark. */
  #buildPad(find) {
    const [button, place] = [find("draw"), find("pad")];
    button.hidden = false;
    button.addEventListener("click", () => {
      place.hidden = !place.hidden;
      button.setAttribute("aria-expanded", !place.hidden);
    });
    const pad = new DrawingPad(find("pad-canvas"), this.shape, (canvas) => this.#use(canvas));
    find("clear").addEventListener("click", () => pad.clear());
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
    return this.#use(example(this.shape));
  }

  /** Reads an image file. */
  async open(file) {
    const source = await createImageBitmap(file).catch(() => null);
    if (source) {
      await this.#use(source);
      return;
    }
    this.message.textContent = `“${file.name}” could not be read as an image.`;
    this.message.hidden = false;
  }

  async #use(source) {
    this.message.hidden = true;
    this.source = source;
    await this.onPicture(toValues(source, this.shape, this.invert.checked));
    this.announce("The image has been processed.");
  }
}
