/* A pad to draw on with a mouse, a pen or a finger: white strokes on black. */

const SIDE = 280; // of the longer side, in pixels
const STROKE = 1 / 14; // width of a stroke as a share of the longer side, as digits of MNIST have it

export class DrawingPad {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number[]} shape `[height, width, channels]` of the model: the pad has the same sides in proportion.
   * @param {function(HTMLCanvasElement)} onStroke Called when a stroke has ended.
   */
  constructor(canvas, [height, width], onStroke) {
    const scale = SIDE / Math.max(height, width);
    Object.assign(canvas, {width: Math.round(width * scale), height: Math.round(height * scale)});
    this.canvas = canvas;
    this.stroke = SIDE * Math.max(STROKE, 1 / Math.max(height, width)); // a pixel of the model at least
    this.context = canvas.getContext("2d");
    this.last = null; // where the stroke is
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
