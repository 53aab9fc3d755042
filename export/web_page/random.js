/* The random numbers of keras_genzoo: seed 7 of this page gives the codes of `model.generate(n, seed=7)`.

   Philox 4x32-10 (Salmon et al., 2011, Parallel random numbers: as easy as 1, 2, 3) computes four 32-bit numbers from a
   counter and a key. The key is the seed; each row has its own counters, so that row i depends only on (seed, i). The
   Box-Muller transform turns pairs of them into pairs of normal numbers, as in TensorFlow. */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const TWO_32 = 2 ** 32;

/** Upper 32 bits of the product of two 32-bit numbers; a double cannot hold all 64 bits. */
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

/** A number in [0, 1) from the lower 23 bits, the fraction of a float32, as in TensorFlow. */
function unit(bits) {
  return (bits & 0x7fffff) / 0x800000;
}

/** Lower and upper 32 bits of an integer. */
function halves(integer) {
  return [integer % TWO_32 >>> 0, Math.floor(integer / TWO_32) >>> 0];
}

function* blocks(seed, index, dim, stream) {
  const perRow = Math.ceil(dim / 4);
  const key = halves(seed);
  for (let block = 0; block < perRow; block++) {
    const count = index * perRow + block;
    yield philox([...halves(count), ...halves(stream)], key);
  }
}

/**
 * Uniform numbers on [0, 1) that depend only on `(seed, index, stream)`.
 *
 * @param {number} seed Integer, at least 0.
 * @param {number} index Number of the row, at least 0.
 * @param {number} dim Numbers in a row.
 * @param {number} stream Different streams give different rows, for example one per step of a chain.
 */
export function uniformRow(seed, index, dim, stream = 0) {
  return Float32Array.from([...blocks(seed, index, dim, stream)].flatMap((four) => four.map(unit)).slice(0, dim));
}

/** Standard normal numbers that depend only on `(seed, index, stream)`: see `uniformRow`. */
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

/** A random seed: 0..2^31 - 1. */
export function freshSeed() {
  return crypto.getRandomValues(new Uint32Array(1))[0] >>> 1;
}
