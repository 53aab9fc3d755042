/* Codes, as Float32Arrays: arithmetic, and how the prior draws and interpolates them. */

export function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** The code `z`, moved along the unit vector `direction` so that its coordinate is `value`. */
export function moved(z, direction, value) {
  const step = value - dot(z, direction);
  return z.map((number, i) => number + step * direction[i]);
}

/** Codes between `a` and `b` at `t` in 0..1 on a great circle, on which normal codes keep their length. */
export function slerp(a, b, t) {
  const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  const angle = Math.acos(Math.min(Math.max(cosine, -1), 1));
  const sine = Math.sin(angle);
  // Parallel, opposite and zero codes have no unique great circle.
  return sine > 1e-4 ? mix(a, b, Math.sin((1 - t) * angle) / sine, Math.sin(t * angle) / sine) : lerp(a, b, t);
}

function lerp(a, b, t) {
  return mix(a, b, 1 - t, t);
}

function mix(a, b, first, second) {
  return a.map((number, i) => first * number + second * b[i]);
}

/* Kinds of priors: a code from standard normal numbers, and the codes between two codes, as in
   keras_genzoo.families.priors. */
const KINDS = {
  normal: {fromNormal: (normal) => normal, between: slerp},
  uniform: {fromNormal: (normal) => normal.map((number) => erf(number / Math.SQRT2)), between: lerp},
  one_hot: {
    fromNormal: (normal) => {
      const largest = normal.indexOf(Math.max(...normal));
      return normal.map((_, i) => Number(i === largest));
    },
    between: (a, b, t) => (t < 0.5 ? a : b),
  },
};

/** A code from standard normal numbers; `prior` is a list of `{kind, dim}`, one for each part of the code. */
export function fromNormal(normal, prior) {
  return byPart(prior, ({fromNormal}, part) => fromNormal(part), normal);
}

/** The code between codes `a` and `b` at `t` in 0..1, by the parts of the prior. */
export function between(a, b, t, prior) {
  return byPart(prior, ({between}, first, last) => between(first, last, t), a, b);
}

function byPart(prior, task, ...codes) {
  const result = new Float32Array(codes[0].length);
  let start = 0;
  for (const {kind, dim} of prior) {
    const parts = codes.map((code) => code.subarray(start, start + dim));
    result.set(task(KINDS[kind], ...parts), start);
    start += dim;
  }
  return result;
}

/* The error function: Abramowitz and Stegun, formula 7.1.26, whose error is at most 1.5e-7. */
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const coefficients = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
  const sum = coefficients.reduce((rest, coefficient) => (rest + coefficient) * t, 0);
  return Math.sign(x) * (1 - sum * Math.exp(-x * x));
}
