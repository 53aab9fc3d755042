/* The input field of the seed, and the button that draws a new seed. */

import {freshSeed} from "./random.js";

export class SeedField {
  /**
   * @param {function(string): HTMLElement} find Returns the element of a role: `seed`, `seed-form`, `new`.
   * @param {function()} onSeed Called when the seed changes.
   */
  constructor(find, onSeed) {
    const input = find("seed");
    this.value = input.valueAsNumber; // the last valid value of the field
    const use = () => {
      if (!input.reportValidity()) return;
      this.value = input.valueAsNumber;
      onSeed();
    };
    input.addEventListener("change", use);
    // Pressing Enter fires the change event before.
    find("seed-form").addEventListener("submit", (event) => event.preventDefault());
    find("new").addEventListener("click", () => {
      input.value = freshSeed();
      use();
    });
  }
}
