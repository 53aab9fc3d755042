/* A picture from the camera of the visitor: a preview, and a button that takes it. */

export class Camera {
  /**
   * @param {function(string): HTMLElement} find Returns the element of a role.
   * @param {function(ImageBitmap)} onPicture Called with the picture.
   * @param {function(string)} onError Called with a sentence.
   */
  constructor(find, onPicture, onError) {
    Object.assign(this, {find, onPicture, onError, stream: null});
    find("camera").hidden = !navigator.mediaDevices?.getUserMedia; // which browsers have on secure pages alone
    find("camera").addEventListener("click", () => (this.stream ? this.stop() : this.#start()));
    find("take").addEventListener("click", () => this.#take());
  }

  async #start() {
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({video: true});
    } catch (error) {
      this.onError(`The camera could not be used: ${error.message}.`);
      return;
    }
    this.#show(true);
    this.find("video").srcObject = this.stream;
    await this.find("video").play();
  }

  async #take() {
    const picture = await createImageBitmap(this.find("video"));
    this.stop();
    this.onPicture(picture);
  }

  /** Turns the camera off. */
  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.#show(false);
  }

  #show(on) {
    this.find("camera-view").hidden = !on;
    this.find("camera").setAttribute("aria-expanded", on);
  }
}
