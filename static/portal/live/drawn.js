/*
 * What the server has drawn, put in its place. One file: each costs the page a request.
 *
 *   parsed(html)       a fragment of nodes
 *   meaning(drawn)     what is in an element or a fragment, whatever the clock has painted into it
 *   const strip = new Strip(place, { instead })   the transfers that nobody has picked up
 *     strip.offer(html)   this is the strip by now: kept until `show`
 *     strip.show()        put it in its place, if it says something else; `instead` gets the focus that goes with it
 */
export function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html; // the server's fragment: whatever a user typed is escaped in it
  return template.content;
}

export function meaning(drawn) {
  const copy = document.createElement("div");
  copy.append(...drawn.cloneNode(true).childNodes);
  for (const time of copy.querySelectorAll("time")) {
    time.textContent = "";
    time.removeAttribute("title");
  }
  return copy.innerHTML.trim();
}

/** Where none waits, there is no strip: the first one pushes the table, and that waits until nobody is at the page. */
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
