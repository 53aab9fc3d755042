/* A drawing pad for mouse, pen or finger: white strokes on black. */

const SIDE = 280; // length of the longer side, in pixels
const STROKE = 1 / 14; // width of a stroke relative to the longer side, as in MNIST

export class DrawingPad {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number[]} shape `[height, width, channels]` of the model; the pad has the same proportions.
   * @param {function(HTMLCanvasElement)} onStroke Called at the end of a stroke.
   */
  constructor(canvas, [height, width], onStroke) {
    const scale = SIDE / Math.max(height, width);
    Object.assign(canvas, {width: Math.round(width * scale), height: Math.round(height * scale)});
    this.canvas = canvas;
    this.stroke = SIDE * Math.max(STROKE, 1 / Math.max(height, width)); // at least one pixel of the model
    this.context = canvas.getContext("2d");
    this.last = null; // last point of the stroke
    this.clear();
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId); // a stroke may leave the pad and come back
      this.last = this.#place(event);
      this.#draw(event);
    });
    canvas.addEventListener("pointermove", (event) => this.last && this.#draw(event));
    for (const type of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(type, () => {
        if (this.last) onStroke(canvas);
        this.last = null;
      });
    }
  }

  clear() {
    this.context.fillStyle = "black";
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  #draw(event) {
    const next = this.#place(event);
    Object.assign(this.context, {strokeStyle: "white", lineWidth: this.stroke, lineCap: "round"});
    this.context.beginPath();
    this.context.moveTo(...this.last);
    this.context.lineTo(...next);
    this.context.stroke();
    this.last = next;
  }

  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * this.canvas.width) / box.width,
      ((event.clientY - box.top) * this.canvas.height) / box.height,
    ];
  }
}
