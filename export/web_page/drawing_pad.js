/* A drawing pad for mouse, pen or finger, with its tools. */

const SIDE = 280; // least length of the longer side, in pixels

export class DrawingPad {
  /**
   * @param {function(string): HTMLElement} find Returns the element of a role: `pad-canvas` and the tools.
   * @param {number[]} shape `[height, width, channels]` of the model; the pad has the same proportions.
   * @param {{paper: string, ink: string, width: number}} style Colours, and width of strokes in pixels of the model.
   * @param {function(HTMLCanvasElement, boolean)} onChange Called as the drawing changes; the second argument says
   *     whether a stroke goes on.
   */
  constructor(find, [height, width, channels], {paper, ink, width: stroke}, onChange) {
    const longest = Math.max(height, width);
    this.scale = Math.ceil(SIDE / longest); // a whole number, so that each pixel of the model is a square of the pad
    this.canvas = find("pad-canvas");
    Object.assign(this.canvas, {width: this.scale * width, height: this.scale * height});
    this.context = this.canvas.getContext("2d");
    this.paper = paper;
    this.strokes = []; // {color, width, points}, or {} where the pad was cleared
    this.pointer = null; // id of the pointer that draws
    this.onChange = onChange;
    this.thickness = find("thickness");
    Object.assign(this.thickness, {max: Math.max(4, Math.round(longest / 4)), value: stroke});
    this.color = find("color");
    this.color.value = ink;
    find("color-label").hidden = channels === 1;
    this.#buildTools(find);
    this.#listen();
    this.#paint();
  }

  /** Replaces the drawing by strokes, lists of points `[x, y]` in 0..1 of the longer side, in the colour of the pen. */
  draw(strokes) {
    const {width, height} = this.canvas;
    const places = (points) => points.map((point) => point.map((part) => part * Math.max(width, height)));
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
    const color = erases ? this.paper : this.color.value;
    return {color, width: this.thickness.valueAsNumber * this.scale, points};
  }

  #listen() {
    this.canvas.addEventListener("pointerdown", (event) => {
      if (this.pointer !== null || event.button > 0) return; // a second finger, or another button of the mouse
      this.pointer = event.pointerId;
      this.canvas.setPointerCapture(this.pointer); // a stroke may leave the pad and come back
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
        this.#changed(); // painted anew as one line, which joins its pieces
      });
    }
  }

  #extend(event) {
    const stroke = this.strokes.at(-1);
    stroke.points.push(this.#place(event));
    this.#line({...stroke, points: stroke.points.slice(-2)});
    this.onChange(this.canvas, true);
  }

  #changed() {
    this.#paint();
    return this.onChange(this.canvas, false);
  }

  #paint() {
    const cleared = this.strokes.findLastIndex(({points}) => !points);
    this.context.fillStyle = this.paper;
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    for (const stroke of this.strokes.slice(cleared + 1)) this.#line(stroke);
  }

  #line({color, width, points}) {
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
