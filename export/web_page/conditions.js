/* What a model is asked for beside a code, by the `conditions` of the manifest: classes and real numbers. Values are
   objects by the names of the inputs of the model: the number of a class, or the list of the weights of all classes in
   a mixture, and lists of real numbers. */

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

const line = (from, to, t) => from.map((number, i) => (1 - t) * number + t * to[i]);

/** Weights of all classes, of a number of a class or of what are weights already. */
export function weightsOf(value, {names}) {
  return typeof value === "number" ? names.map((_, label) => Number(label === value)) : value;
}

/** A mixture of two classes, or mixtures, at `t` in 0..1; a mixture of one class is its number. */
export function mixture(from, to, t, condition) {
  const weights = line(weightsOf(from, condition), weightsOf(to, condition), t);
  const only = weights.indexOf(1);
  return only < 0 ? weights : only;
}

/** Values between two at `t` in 0..1, along a line; classes that the model does not mix change half-way. */
export function mixed(conditions, a, b, t) {
  const between = (condition, from, to) => {
    if (condition.kind === "real") return line(from, to, t);
    return condition.weights ? mixture(from, to, t, condition) : t < 0.5 ? from : to;
  };
  return Object.fromEntries(conditions.map((each) => [each.input, between(each, a[each.input], b[each.input])]));
}

/** What the decoder takes for values: weights in place of classes, where it mixes them. */
export function decoderInputs(conditions, values) {
  const entries = conditions.map((condition) => {
    const {input, weights} = condition;
    return weights ? [weights, weightsOf(values[input], condition)] : [input, values[input]];
  });
  return Object.fromEntries(entries);
}

/** The name of a condition on the page: "Class", "Code 2", "Factor". */
export function title({input}) {
  const words = input === "label" ? "class" : input.replaceAll("_", " ").replace(/(\D)(\d+)$/, "$1 $2");
  return words[0].toUpperCase() + words.slice(1);
}

/** Classes as a text behind the name of an image: ", class 3", or ", cat (60 %) and dog (40 %)" with names. */
export function named(conditions, values) {
  const classes = conditions.filter(({kind}) => kind === "class");
  const texts = classes.map((condition) => {
    const {names, input} = condition;
    const word = title(condition).toLowerCase();
    const shares = [...weightsOf(values[input], condition)].map((weight) => Math.round(100 * weight));
    const shown = [...shares.keys()].filter((label) => shares[label] > 0);
    const parts = shown.map((label) => (shown.length > 1 ? `${names[label]} (${shares[label]} %)` : names[label]));
    const text = new Intl.ListFormat("en").format(parts);
    if (classes.length > 1) return `, ${word}: ${text}`;
    return names[shown[0]] === String(shown[0]) ? `, ${word} ${text}` : `, ${text}`;
  });
  return texts.join("");
}
