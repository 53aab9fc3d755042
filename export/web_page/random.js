/* The random numbers of keras_genzoo: the seed 7 of this page gives the codes of `model.generate(n, seed=7)`.

   Philox 4x32-10 (Salmon et al., 2011, Parallel random numbers: as easy as 1, 2, 3) turns a counter and a key into four
   numbers of 32 bits. The key is the seed; a row takes whole counters of its own, so that row i depends on (seed, i)
   alone. Normal numbers come from them by Box and Muller's transform, two from two, as in TensorFlow. */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const TWO_32 = 2 ** 32;

/** Upper 32 bits of the product of two 32-bit numbers, whose 64 bits do not fit into a double. */
function upper(a, b) {
  const low = a & 0xffff;
  const high = a >>> 16;
  const first = low * b;
  const second = high * b + Math.floor(first / 65536);
  return Math.floor(second / 65536) >>> 0;
}

function philox(counter, key) {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = upper(MULTIPLIER_0, c0);
    const high1 = upper(MULTIPLIER_1, c2);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** The lower 23 bits, which fill the fraction of a float32, as TensorFlow does it: a number in [0, 1). */
function unit(bits) {
  return (bits & 0x7fffff) / 0x800000;
}

function* blocks(seed, index, dim, stream) {
  const perRow = Math.ceil(dim / 4);
  const key = [seed % TWO_32 >>> 0, Math.floor(seed / TWO_32) >>> 0];
  for (let block = 0; block < perRow; block++) {
    const count = index * perRow + block;
    yield philox([count % TWO_32 >>> 0, Math.floor(count / TWO_32) >>> 0, stream >>> 0, 0], key);
  }
}

/**
 * Uniform numbers on [0, 1) that depend on `(seed, index, stream)` alone.
 *
 * @param {number} seed Integer, 0 or more.
 * @param {number} index Which row, 0 or more.
 * @param {number} dim Numbers in a row.
 * @param {number} stream Each gives rows of their own under one seed, for example one for each step of a chain.
 */
export function uniformRow(seed, index, dim, stream = 0) {
  return Float32Array.from([...blocks(seed, index, dim, stream)].flatMap((four) => four.map(unit)).slice(0, dim));
}

/** Standard normal numbers that depend on `(seed, index, stream)` alone: see `uniformRow`. */
export function normalRow(seed, index, dim, stream = 0) {
  const numbers = [];
  for (const [a, b, c, d] of blocks(seed, index, dim, stream)) numbers.push(...boxMuller(a, b), ...boxMuller(c, d));
  return Float32Array.from(numbers.slice(0, dim));
}

function boxMuller(first, second) {
  const radius = Math.sqrt(-2 * Math.log(Math.max(unit(first), 1e-7)));
  const angle = 2 * Math.PI * unit(second);
  return [Math.sin(angle) * radius, Math.cos(angle) * radius];
}

/** A seed that nobody chose: 0..2^31 - 1. */
export function freshSeed() {
  return crypto.getRandomValues(new Uint32Array(1))[0] >>> 1;
}
