/* Images: from pixel values to a canvas, and from a file to pixel values. */

// Up to this side, pixels are shown as squares, without smoothing.
const PIXELATED_SIDE = 96;

/** Sets the size of a canvas in pixels; the style sheet sets its size on the screen. */
export function prepare(canvas, [height, width]) {
  canvas.width = width;
  canvas.height = height;
  canvas.classList.toggle("pixelated", Math.max(width, height) <= PIXELATED_SIDE);
}

/** Draws `height * width * channels` numbers in 0..1 on a canvas. */
export function draw(canvas, values, shape) {
  const [height, width, channels] = shape;
  if (canvas.width !== width || canvas.height !== height) prepare(canvas, shape);
  const image = new ImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      const value = values[pixel * channels + (channels === 3 ? channel : 0)];
      image.data[4 * pixel + channel] = Math.round(255 * value);
    }
    image.data[4 * pixel + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Saves the pixels of a canvas as a PNG file. */
export function download(canvas, name) {
  canvas.toBlob((blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${name}.png`;
    link.click();
    URL.revokeObjectURL(link.href);
  }, "image/png");
}

/**
 * The pixels of an image for the model: the largest centre crop of its proportions, resized.
 *
 * @param {CanvasImageSource} source With `width` and `height`.
 * @param {number[]} shape `[height, width, channels]` of the model.
 * @param {boolean} invert Whether to swap black and white.
 * @return {Float32Array} Numbers in 0..1.
 */
export function toValues(source, shape, invert = false) {
  const [height, width, channels] = shape;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", {willReadFrequently: true});
  context.fillStyle = "white"; // behind transparent pixels
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  const scale = Math.min(source.width / width, source.height / height);
  const [cutWidth, cutHeight] = [width * scale, height * scale];
  const [left, top] = [(source.width - cutWidth) / 2, (source.height - cutHeight) / 2];
  context.drawImage(source, left, top, cutWidth, cutHeight, 0, 0, width, height);
  const {data} = context.getImageData(0, 0, width, height);
  const values = new Float32Array(width * height * channels);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const [red, green, blue] = data.subarray(4 * pixel, 4 * pixel + 3);
    // Luminance of ITU-R 601, as in Pillow.
    const colours = channels === 3 ? [red, green, blue] : [0.299 * red + 0.587 * green + 0.114 * blue];
    colours.forEach((value, channel) => {
      values[pixel * channels + channel] = invert ? 1 - value / 255 : value / 255;
    });
  }
  return values;
}

/** An example image: a light stroke on dark, or a landscape for models of colour images. */
export function example([, , channels]) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 280;
  const context = canvas.getContext("2d");
  const shape = (colour, points) => {
    context.fillStyle = colour;
    context.beginPath();
    for (const point of points) context.lineTo(...point);
    context.fill();
  };
  const box = (left, top, right, bottom) => [[left, top], [right, top], [right, bottom], [left, bottom]];
  if (channels === 1) {
    shape("black", box(0, 0, 280, 280));
    Object.assign(context, {strokeStyle: "white", lineWidth: 24, lineCap: "round"});
    context.beginPath();
    context.arc(140, 98, 44, 0, 2 * Math.PI);
    context.moveTo(184, 98);
    context.quadraticCurveTo(184, 170, 150, 220);
    context.stroke();
    return canvas;
  }
  shape("#8ec5f0", box(0, 0, 280, 180));
  shape("#5d9a4a", box(0, 180, 280, 280));
  shape("#c9a66b", box(90, 130, 200, 220));
  shape("#a5402d", [[75, 135], [145, 75], [215, 135]]);
  shape("#54371f", box(130, 170, 160, 220));
  context.fillStyle = "#ffd94a";
  context.beginPath();
  context.arc(230, 50, 26, 0, 2 * Math.PI);
  context.fill();
  return canvas;
}

/** An example drawing, a face: strokes as lists of points `[x, y]`, in units of the longer side. */
export function sketch([height, width]) {
  const side = Math.min(height, width) / Math.max(height, width);
  const [left, top] = [width, height].map((length) => length / Math.max(height, width) / 2);
  const arc = (x, y, radius, from, to) =>
    Array.from({length: 65}, (_, i) => {
      const angle = 2 * Math.PI * (from + ((to - from) * i) / 64);
      return [left + side * (x + radius * Math.cos(angle)), top + side * (y + radius * Math.sin(angle))];
    });
  const eyes = [-0.14, 0.14].map((x) => arc(x, -0.1, 0.05, 0, 1));
  return [arc(0, 0, 0.42, 0, 1), ...eyes, arc(0, 0, 0.24, 0.07, 0.43)];
}
