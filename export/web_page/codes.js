/* Arithmetic of codes, which are Float32Arrays. */

export function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** The code `z`, moved along the unit vector `direction` until its coordinate there is `value`. */
export function moved(z, direction, value) {
  const step = value - dot(z, direction);
  return z.map((number, i) => number + step * direction[i]);
}

/** Between codes `a` and `b` at `t` in 0..1, along a great circle: normal codes keep their length on the way. */
export function slerp(a, b, t) {
  const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  const angle = Math.acos(Math.min(Math.max(cosine, -1), 1));
  const sine = Math.sin(angle);
  // Codes that point the same way, or opposite ways, have no great circle of their own; nor has zero.
  const [first, second] = sine > 1e-4 ? [Math.sin((1 - t) * angle) / sine, Math.sin(t * angle) / sine] : [1 - t, t];
  return a.map((number, i) => first * number + second * b[i]);
}
