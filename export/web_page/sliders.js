/* Sliders of the current image: directions of its code, and conditions of the model. */

import {mixture, title, weightsOf} from "./conditions.js";
import {dot, moved, walked} from "./codes.js";

const LIMIT = 3; // range along leading directions, in standard deviations
const STEPS = 40; // at least, in the range of a slider
const GROUPS = {
  leading: {
    name: "Leading directions",
    hint: "Coordinates of the code along the directions that change images most, in standard deviations.",
  },
  directions: {name: "Directions", hint: "How far the code has moved along each direction. Several add up."},
  edit_classes: {
    name: "Edit towards a class",
    hint: "To the right, the image comes to show what a classifier takes for the class. Several add up.",
  },
};

/**
 * Appends a slider with its name and value.
 *
 * @param {HTMLElement} place
 * @param {{name: string, label: string, range: number[], unit: string}} options `label` is for screen readers. Values
 *     with the unit "%" are whole and without a sign.
 * @param {function(number)} onInput Called with the value that a visitor sets.
 * @return {{input: HTMLInputElement, set: function(number)}} `set` shows a value.
 */
function slider(place, {name, label, range: [min, max], unit = ""}, onInput) {
  const [row, text, input, output] = ["label", "span", "input", "output"].map((tag) => document.createElement(tag));
  const places = -Math.floor(Math.log10((max - min) / STEPS)); // steps are powers of ten
  const digits = Math.max(1, places);
  text.textContent = name;
  row.append(text, input, output);
  Object.assign(input, {type: "range", min, max, step: Number(`1e${-places}`)});
  input.setAttribute("aria-label", label);
  const write = (value) => {
    if (unit === "%") {
      output.textContent = `${Math.round(value)} %`;
      input.setAttribute("aria-valuetext", output.textContent);
      return;
    }
    const rounded = Math.round(10 ** digits * value) / 10 ** digits; // its sign, so never "−0.0"
    const sign = rounded < 0 ? "−" : rounded > 0 ? "+" : "";
    output.textContent = `${sign}${Math.abs(rounded).toFixed(digits)}`;
    input.setAttribute("aria-valuetext", `${rounded.toFixed(digits)}${unit}`);
  };
  input.addEventListener("input", () => {
    write(input.valueAsNumber);
    onInput(input.valueAsNumber);
  });
  place.append(row);
  return {
    input,
    set(value) {
      input.value = value; // the browser limits it to the range
      write(value);
    },
  };
}

/** Appends a heading, and returns the place for its rows. */
function group(parent, {name, hint}) {
  const [heading, text, rows] = ["h3", "p", "div"].map((tag) => document.createElement(tag));
  heading.textContent = name;
  Object.assign(text, {className: "hint", textContent: hint ?? "", hidden: !hint});
  Object.assign(rows, {className: "sliders"});
  rows.dataset.role = "sliders";
  rows.setAttribute("role", "group");
  rows.setAttribute("aria-label", name);
  parent.append(heading, text, rows);
  return rows;
}

/** Sliders along directions: leading ones, which show the coordinates of a code, or walks, which show distances. */
export class DirectionSliders {
  /**
   * @param {HTMLElement} place
   * @param {object} manifest
   * @param {function(): {base: Float32Array, z: Float32Array}} current The current code, and where it began.
   * @param {function(Float32Array)} onMove Called with the code that a visitor moves to.
   */
  constructor(place, manifest, current, onMove) {
    const {vectors} = manifest.directions;
    const rows = vectors.length ? group(place, GROUPS.leading) : null;
    this.all = vectors.map((direction, index) => {
      const options = {name: `${index + 1}`, label: `Direction ${index + 1}`, range: [-LIMIT, LIMIT]};
      const unit = " standard deviations";
      const made = slider(rows, {...options, unit}, (value) => onMove(moved(current().z, direction, value)));
      return {...made, show: (z) => made.set(dot(z, direction))};
    });
    const steps = [];
    for (const {option, sliders} of manifest.walks) {
      const rows = group(place, GROUPS[option]);
      for (const {name, limit, vector} of sliders) {
        const step = {vector, distance: 0};
        const label = option === "edit_classes" ? `Towards ${name}` : `Direction ${name}`;
        const made = slider(rows, {name, label, range: [-limit, limit]}, (value) => {
          step.distance = value;
          onMove(walked(current().base, steps.filter(({distance}) => distance !== 0), manifest.mass));
        });
        const show = () => {
          step.distance = 0;
          made.set(0);
        };
        steps.push(step);
        this.all.push({...made, show});
      }
    }
  }

  /** Shows where a new current code is. */
  show(z) {
    for (const {show} of this.all) show(z);
  }
}

/** Controls of the conditions of the current image: a list for classes, sliders for real numbers. */
export class ConditionControls {
  /**
   * @param {HTMLElement} place
   * @param {object[]} conditions
   * @param {function(Object)} onChange Called with the value of a condition that has changed, by the name of its input.
   */
  constructor(place, conditions, onChange) {
    const rows = conditions.length ? group(place, {name: "Conditions"}) : null;
    this.all = conditions.flatMap((condition) => {
      const {input, kind, dim, low, high} = condition;
      if (kind === "class") return [classControls(rows, condition, (value) => onChange({[input]: value}))];
      const values = Array(dim).fill(0);
      return values.map((_, index) => {
        const name = dim > 1 ? `${title(condition)} ${index + 1}` : title(condition);
        const {set} = slider(rows, {name, label: name, range: [low, high]}, (value) => {
          values[index] = value;
          onChange({[input]: [...values]});
        });
        return (given) => set((values[index] = given[input][index]));
      });
    });
  }

  /** Shows the values of a new current image. */
  show(given) {
    for (const show of this.all) show(given);
  }
}

/* A list of classes; where the model mixes them, also another class, and its share. */
function classControls(rows, condition, onChange) {
  const {input, names, weights} = condition;
  const first = list(rows, title(condition), names, () => onChange(value()));
  const other = list(rows, "Mixed with", names, () => {
    if (share.input.value === "0") share.set(50); // a choice is seen
    row.hidden = !other.value;
    onChange(value());
  });
  const options = {name: "Share", label: `Share of the other ${title(condition).toLowerCase()}`, range: [0, 100]};
  const share = slider(rows, {...options, unit: "%"}, () => onChange(value()));
  const row = share.input.parentElement;
  other.parentElement.hidden = !weights;
  other.add(new Option("no other", ""), 0);

  function value() {
    if (!other.value) return Number(first.value);
    return mixture(Number(first.value), Number(other.value), share.input.valueAsNumber / 100, condition);
  }

  return (given) => {
    const shares = weightsOf(given[input], condition);
    const [a, b] = [...shares.keys()].sort((i, j) => shares[j] - shares[i]); // the two largest
    first.value = a;
    other.value = shares[b] > 0 ? b : "";
    share.set(100 * (shares[b] / (shares[a] + shares[b])));
    row.hidden = !other.value;
  };
}

function list(rows, name, options, onChange) {
  const [row, text, select] = ["label", "span", "select"].map((tag) => document.createElement(tag));
  text.textContent = name;
  options.forEach((option, index) => select.add(new Option(option, index)));
  select.addEventListener("change", onChange);
  row.append(text, select);
  rows.append(row);
  return select;
}
