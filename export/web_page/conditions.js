/* What a model is asked for beside a code, by the `conditions` of the manifest: classes and real numbers. Values are
   objects by the names of the inputs of the model: numbers of classes, and lists of real numbers. */

import {uniformRow} from "./random.js";

/** The values of image `index` of `model.generate(n, seed)`: classes in turn, or drawn like real numbers. */
export function defaults(conditions, seed, index) {
  const entries = conditions.map(({input, kind, names, in_turn: inTurn, stream, dim, low, high}) => {
    if (kind === "real") {
      const range = Math.fround(high - low); // float32, as in Python
      return [input, [...uniformRow(seed, index, dim, stream)].map((u) => Math.fround(low + Math.fround(range * u)))];
    }
    const drawn = () => Math.floor(Math.fround(uniformRow(seed, index, 1, stream)[0] * names.length));
    return [input, inTurn ? index % names.length : drawn()];
  });
  return Object.fromEntries(entries);
}

/** Values between two at `t` in 0..1: real numbers along a line; classes are not mixed, and change half-way. */
export function mixed(a, b, t) {
  const line = (from, to) => from.map((number, i) => (1 - t) * number + t * to[i]);
  const between = (from, to) => (Array.isArray(from) ? line(from, to) : t < 0.5 ? from : to);
  return Object.fromEntries(Object.entries(a).map(([input, value]) => [input, between(value, b[input])]));
}

/** The name of a condition on the page: "Class", "Code 2", "Factor". */
export function title({input}) {
  const words = input === "label" ? "class" : input.replaceAll("_", " ").replace(/(\D)(\d+)$/, "$1 $2");
  return words[0].toUpperCase() + words.slice(1);
}

/** Classes as a text behind the name of an image: ", class 3", or ", cat" where classes have names. */
export function named(conditions, values) {
  const classes = conditions.filter(({kind}) => kind === "class");
  const texts = classes.map((condition) => {
    const name = condition.names[values[condition.input]];
    const word = title(condition).toLowerCase();
    if (classes.length > 1) return `, ${word}: ${name}`;
    return name === String(values[condition.input]) ? `, ${word} ${name}` : `, ${name}`;
  });
  return texts.join("");
}
