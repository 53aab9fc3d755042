/* Lines of whole pixels, as detectors of edges draw them: thin ones touch at sides or corners, without steps of two. */

/**
 * The pixels of a stroke.
 *
 * @param {number[][]} points `[x, y]` in pixels.
 * @param {number} width Of the stroke; a width of 1 gives a line of single pixels.
 * @return {number[][]} `[x, y]` as integers; pixels may occur twice.
 */
export function linePixels(points, width) {
  const path = thinned(along(points));
  return width <= 1 ? path : path.flatMap(([x, y]) => disc(x, y, Math.round(width)));
}

/* The pixels that a path passes, each at a side or corner of the one before. */
function along(points) {
  const path = [points[0].map(Math.floor)];
  for (const [x, y] of points.slice(1)) {
    const [endX, endY] = [Math.floor(x), Math.floor(y)];
    const [startX, startY] = path.at(-1);
    const steps = Math.max(Math.abs(endX - startX), Math.abs(endY - startY));
    for (let step = 1; step <= steps; step++) {
      const t = step / steps;
      path.push([Math.round(startX + t * (endX - startX)), Math.round(startY + t * (endY - startY))]);
    }
  }
  return path;
}

/* Without the corners of a path, pixels whose neighbours on it touch each other. */
function thinned(path) {
  const kept = [];
  path.forEach((pixel, i) => {
    const [before, after] = [kept.at(-1), path[i + 1]];
    const corner = before && after && Math.abs(before[0] - after[0]) === 1 && Math.abs(before[1] - after[1]) === 1;
    if (!corner) kept.push(pixel);
  });
  return kept;
}

/* The pixels of a disc: around the middle of a pixel, or, of an even width, around its corner. */
function disc(x, y, width) {
  const [middle, reach] = [width % 2 ? 0 : -0.5, Math.floor(width / 2)];
  const offsets = Array.from({length: 2 * reach + 1}, (_, i) => i - reach);
  const inside = (dx, dy) => Math.hypot(dx - middle, dy - middle) <= width / 2;
  return offsets.flatMap((dy) => offsets.filter((dx) => inside(dx, dy)).map((dx) => [x + dx, y + dy]));
}
