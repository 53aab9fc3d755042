/* The field of a seed and the button that draws a new one. */

import {freshSeed} from "./random.js";

export class SeedField {
  /**
   * @param {function(string): HTMLElement} find Gives the element of a role: `seed`, `seed-form` around it, `new`.
   * @param {function()} onSeed Called when the seed is another one.
   */
  constructor(find, onSeed) {
    const input = find("seed");
    this.value = input.valueAsNumber; // the last one that is valid, whatever stands in the field
    const use = () => {
      if (!input.reportValidity()) return;
      this.value = input.valueAsNumber;
      onSeed();
    };
    input.addEventListener("change", use);
    // Enter in the field has changed it already, if it did.
    find("seed-form").addEventListener("submit", (event) => event.preventDefault());
    find("new").addEventListener("click", () => {
      input.value = freshSeed();
      use();
    });
  }
}
