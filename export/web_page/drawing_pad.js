/* A drawing pad for mouse, pen or finger, with its tools. */

import {prepare} from "./pictures.js";
import {linePixels} from "./pixel_lines.js";

const SIDE = 280; // least length of the longer side of a pad with smooth strokes, in pixels
const ERASER = 1 / 16; // least width of the eraser, relative to the longer side

export class DrawingPad {
  /**
   * @param {function(string): HTMLElement} find Returns the element of a role: `pad-canvas` and the tools.
   * @param {number[]} shape `[height, width, channels]` of the model; the pad has the same proportions.
   * @param {{paper: string, ink: string, width: number, crisp: boolean}} style Colours, width of strokes in pixels of
   *     the model, and whether each pixel of the model has either colour; otherwise edges of strokes are smooth.
   * @param {function(HTMLCanvasElement, boolean)} onChange Called as the drawing changes; the second argument says
   *     whether a stroke goes on.
   */
  constructor(find, [height, width, channels], style, onChange) {
    this.longest = Math.max(height, width);
    // A whole number, so that each pixel of the model is a square of the pad.
    this.scale = style.crisp ? 1 : Math.ceil(SIDE / this.longest);
    this.canvas = find("pad-canvas");
    prepare(this.canvas, [this.scale * height, this.scale * width]);
    this.context = this.canvas.getContext("2d", {willReadFrequently: true});
    Object.assign(this, {style, onChange});
    this.strokes = []; // {color, width, points}, or {} where the pad was cleared
    this.pointer = null; // id of the pointer that draws
    this.thickness = find("thickness");
    Object.assign(this.thickness, {max: Math.max(4, Math.round(this.longest / 8)), value: Math.round(style.width)});
    this.color = find("color");
    this.color.value = style.ink;
    find("color-label").hidden = channels === 1;
    this.#buildTools(find);
    this.#listen();
    this.#paint();
  }

  /** Replaces the drawing by strokes, lists of points `[x, y]` in 0..1 of the longer side, in the colour of the pen. */
  draw(strokes) {
    const places = (points) => points.map((point) => point.map((part) => part * this.longest * this.scale));
    this.strokes = strokes.map((points) => this.#stroke(places(points)));
    return this.#changed();
  }

  #buildTools(find) {
    this.tools = {pen: find("pen"), eraser: find("eraser")};
    for (const button of Object.values(this.tools)) button.addEventListener("click", () => this.#take(button));
    this.color.addEventListener("input", () => this.#take(this.tools.pen));
    find("clear").addEventListener("click", () => {
      this.strokes.push({}); // which undo takes back, too
      this.#changed();
    });
    find("undo").addEventListener("click", () => {
      this.strokes.pop();
      this.#changed();
    });
  }

  #take(tool) {
    for (const button of Object.values(this.tools)) button.setAttribute("aria-pressed", button === tool);
  }

  #stroke(points, erases = false) {
    const width = erases ? Math.max(this.thickness.valueAsNumber, ERASER * this.longest) : this.thickness.valueAsNumber;
    return {color: erases ? this.style.paper : this.color.value, width: width * this.scale, points};
  }

  #listen() {
    this.canvas.addEventListener("pointerdown", (event) => {
      if (this.pointer !== null || event.button > 0) return; // a second finger, or another button of the mouse
      this.pointer = event.pointerId;
      this.canvas.setPointerCapture(this.pointer); // a stroke may leave the pad and come back
      this.before = this.context.getImageData(0, 0, this.canvas.width, this.canvas.height);
      const erases = this.tools.eraser.getAttribute("aria-pressed") === "true";
      this.strokes.push(this.#stroke([this.#place(event)], erases));
      this.#extend(event); // a click leaves a dot
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (event.pointerId === this.pointer) this.#extend(event);
    });
    for (const type of ["pointerup", "pointercancel"]) {
      this.canvas.addEventListener(type, (event) => {
        if (event.pointerId !== this.pointer) return;
        this.pointer = null;
        this.#changed();
      });
    }
  }

  #extend(event) {
    const stroke = this.strokes.at(-1);
    stroke.points.push(this.#place(event));
    this.context.putImageData(this.before, 0, 0); // the other strokes, which need not be painted anew
    this.#line(stroke);
    this.onChange(this.canvas, true);
  }

  #changed() {
    this.#paint();
    return this.onChange(this.canvas, false);
  }

  #paint() {
    const cleared = this.strokes.findLastIndex(({points}) => !points);
    this.context.fillStyle = this.style.paper;
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    for (const stroke of this.strokes.slice(cleared + 1)) this.#line(stroke);
  }

  #line({color, width, points}) {
    if (this.style.crisp) {
      this.context.fillStyle = color;
      for (const [x, y] of linePixels(points, width)) this.context.fillRect(x, y, 1, 1);
      return;
    }
    Object.assign(this.context, {strokeStyle: color, lineWidth: width, lineCap: "round", lineJoin: "round"});
    this.context.beginPath();
    for (const point of points) this.context.lineTo(...point);
    this.context.stroke();
  }

  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * this.canvas.width) / box.width,
      ((event.clientY - box.top) * this.canvas.height) / box.height,
    ];
  }
}
