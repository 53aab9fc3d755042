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

/**
 * The code `base`, moved along several directions at once and held where the prior has its mass, as
 * `keras_genzoo.latent.walk` along the sum of the steps.
 *
 * @param {Float32Array} base
 * @param {Array<{vector: number[], distance: number}>} steps
 * @param {string} mass Where that is, as `place_of_mass` of keras_genzoo.latent.codes says.
 */
export function walked(base, steps, mass) {
  const z = base.map((number, i) => steps.reduce((sum, {vector, distance}) => sum + distance * vector[i], number));
  return onShell(z, base, mass);
}

/* As `on_shell` of keras_genzoo.latent.codes: codes on a shell keep the length of those that they came from. */
function onShell(z, from, mass) {
  if (mass === "anywhere") return z;
  if (mass === "box") return z.map((number) => Math.min(Math.max(number, -1), 1));
  const length = Math.sqrt(dot(z, z) + 1e-12);
  if (mass === "sphere") return z.map((number) => number / length);
  const wanted = Math.sqrt(dot(from, from));
  return wanted > 0 ? z.map((number) => (number / length) * wanted) : z;
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
   keras_genzoo.families.priors. Both also get the part of the prior. */
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
  sphere: {
    fromNormal: (normal) => {
      const length = Math.sqrt(dot(normal, normal));
      return normal.map((number) => number / length);
    },
    between: slerp,
  },
  mixture: {
    fromNormal: (normal, {weights, means, factors}) => {
      const uniform = (1 + erf(normal[0] / Math.SQRT2)) / 2;
      let index = 0;
      for (let sum = weights[0]; uniform > sum && index < weights.length - 1; sum += weights[index]) index++;
      return scaled(means[index], factors[index], normal.subarray(1));
    },
    between: (a, b, t, mixture) => {
      const [first, second] = [standardized(a, mixture), standardized(b, mixture)];
      const line = (x, y) => (Array.isArray(x) ? x.map((value, i) => line(value, y[i])) : (1 - t) * x + t * y);
      const noise = slerp(first.noise, second.noise, t);
      return scaled(line(first.mean, second.mean), line(first.factor, second.factor), noise);
    },
  },
};

/* A factor of a mixture is a list of standard deviations or of the rows of a lower triangular matrix. */

function scaled(mean, factor, noise) {
  return noise.map((number, i) => mean[i] + (Array.isArray(factor[i]) ? dot(factor[i], noise) : factor[i] * number));
}

/* Mean and factor of the most probable component of a code, and the code in its coordinates. */
function standardized(z, {weights, means, factors}) {
  let best = {score: -Infinity};
  for (const [k, mean] of means.entries()) {
    const factor = factors[k];
    const noise = new Float32Array(z.length);
    let score = Math.log(weights[k]);
    for (let i = 0; i < z.length; i++) {
      const row = factor[i];
      const scale = Array.isArray(row) ? row[i] : row;
      let rest = z[i] - mean[i];
      if (Array.isArray(row)) for (let j = 0; j < i; j++) rest -= row[j] * noise[j];
      noise[i] = rest / scale;
      score -= noise[i] ** 2 / 2 + Math.log(scale);
    }
    if (score > best.score) best = {score, mean, factor, noise};
  }
  return best;
}

/** How many standard normal numbers a code is made from. */
export function noiseDim(prior) {
  return prior.reduce((sum, {dim, noise_dim: noise = dim}) => sum + noise, 0);
}

/** A code from standard normal numbers; `prior` is a list of `{kind, dim}`, one for each part of the code. */
export function fromNormal(normal, prior) {
  let start = 0;
  const parts = prior.map((part) => {
    const end = start + noiseDim([part]);
    const code = KINDS[part.kind].fromNormal(normal.subarray(start, end), part);
    start = end;
    return [...code];
  });
  return Float32Array.from(parts.flat());
}

/** The code between codes `a` and `b` at `t` in 0..1, by the parts of the prior. */
export function between(a, b, t, prior) {
  let start = 0;
  const parts = prior.map((part) => {
    const [first, last] = [a, b].map((code) => code.subarray(start, start + part.dim));
    start += part.dim;
    return [...KINDS[part.kind].between(first, last, t, part)];
  });
  return Float32Array.from(parts.flat());
}

/* The error function: Abramowitz and Stegun, formula 7.1.26, whose error is at most 1.5e-7. */
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const coefficients = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
  const sum = coefficients.reduce((rest, coefficient) => (rest + coefficient) * t, 0);
  return Math.sign(x) * (1 - sum * Math.exp(-x * x));
}
