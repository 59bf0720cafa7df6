/*
 * The strip of transfers that nobody has picked up. Where there is none, there is no strip; so it pushes the table
 * when the first one comes, and that waits until nobody is at the page.
 *
 *   const strip = new Strip(place, { instead });   `instead` gets the focus when the strip goes with it
 *   strip.offer(html)   this is the strip by now: kept until `show`
 *   strip.show()        put it in its place, if it says something else
 */
import { meaning, parsed } from "./drawn.js";

export class Strip {
  #next = null;

  constructor(place, { instead }) {
    this.place = place;
    this.instead = instead;
  }

  offer(html) {
    this.#next = html;
  }

  show() {
    if (this.#next === null) return;
    const made = parsed(this.#next);
    this.#next = null;
    if (meaning(this.place) === meaning(made)) return;
    const focused = this.place.contains(document.activeElement) ? document.activeElement : null;
    const of = focused?.closest("[data-transfer]")?.dataset.transfer;
    this.place.replaceChildren(made);
    if (focused) this.#refocus(of);
  }

  #refocus(of) {
    const same = this.place.querySelector(`[data-transfer="${of}"] [data-deed]`);
    const next = same ?? this.place.querySelector("h2");
    if (!next) this.instead.tabIndex = -1;
    (next ?? this.instead).focus({ preventScroll: true });
  }
}
