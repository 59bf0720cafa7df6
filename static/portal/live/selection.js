/*
 * Which rows are ticked (7-screens.md, 11). The table is drawn anew under it: what is ticked is kept by the rows' ids.
 *
 *   const selection = new Selection(table, form, { say })   `form` is the bar; null where nothing can be done here
 *     selection.size               how many are ticked
 *     selection.drawn({ more })    rows have come, changed or gone; `more`: another page follows
 *
 *   Shift and a tick: all between this one and the last.   Enter on a tick: on to the bar.   Escape in the bar: back.
 *   A row ticked that is not on the page any more stays ticked; one to which nothing can be done any more does not.
 */
const BOX = 'input[name="id"]';

export class Selection {
  #picked = new Map(); // id → the state it was last seen in
  #last = null; // the id ticked last: where a range begins
  #matching = null; // how many match, once it was asked

  constructor(table, form, { say }) {
    this.table = table;
    this.form = form;
    this.say = say;
    if (!form) return;
    this.head = table.querySelector("#pick-page");
    this.all = form.elements.namedItem("all");
    this.#listen();
    for (const box of this.#boxes()) if (box.checked) this.#pick(box, true); // a browser may have kept them
    this.#paint();
  }

  get size() {
    return this.#picked.size;
  }

  drawn({ more }) {
    if (!this.form) return;
    if (more) this.#part("matching").hidden = false;
    const here = new Map(this.#boxes().map((box) => [box.value, box]));
    for (const { dataset } of this.table.tBodies[0].rows) {
      if (here.has(dataset.id)) continue;
      this.#picked.delete(dataset.id);
    }
    for (const [id, box] of here) if (this.all.checked || this.#picked.has(id)) this.#pick(box, true);
    this.#paint();
  }

  #boxes() {
    return [...this.table.querySelectorAll(BOX)];
  }

  #part(name) {
    return this.form.querySelector(`[data-part="${name}"]`);
  }

  #pick(box, ticked) {
    box.checked = ticked;
    if (ticked) this.#picked.set(box.value, box.closest("tr").dataset.state);
    else this.#picked.delete(box.value);
  }

  #listen() {
    this.table.tBodies[0].addEventListener("click", (event) => event.target.matches(BOX) && this.#ticked(event.target, event.shiftKey));
    this.table.tBodies[0].addEventListener("keydown", (event) => this.#enter(event));
    this.head.addEventListener("change", () => this.#page(this.head.checked));
    this.all.addEventListener("change", () => this.#everything());
    this.#part("page").addEventListener("click", () => this.#page(true));
    this.#part("none").addEventListener("click", () => this.#clear());
    this.form.addEventListener("keydown", ({ key }) => key === "Escape" && this.#clear());
    this.form.addEventListener("submit", () => this.#bringAlong());
    addEventListener("pageshow", ({ persisted }) => persisted && this.#paint());
  }

  #ticked(box, range) {
    const boxes = this.#boxes();
    const from = range ? boxes.findIndex(({ value }) => value === this.#last) : -1;
    const to = boxes.indexOf(box);
    const between = from < 0 ? [box] : boxes.slice(Math.min(from, to), Math.max(from, to) + 1);
    for (const each of between) this.#pick(each, box.checked);
    if (!box.checked) this.all.checked = false;
    this.#last = box.value;
    this.#paint();
  }

  #page(ticked) {
    if (!ticked) this.all.checked = false;
    for (const box of this.#boxes()) this.#pick(box, ticked);
    this.#paint();
  }

  #everything() {
    for (const box of this.#boxes()) this.#pick(box, this.all.checked);
    this.#paint();
  }

  #clear() {
    const first = this.#boxes().find(({ checked }) => checked) ?? this.head;
    this.#picked.clear();
    this.#page(false);
    first.focus({ preventScroll: true });
  }

  /** Enter would send the form. The bar is far away by Tab, and here it is one key. */
  #enter(event) {
    if (event.key !== "Enter" || !event.target.matches(BOX)) return;
    event.preventDefault();
    this.form.querySelector("[data-of]:not([hidden])")?.focus();
  }

  /** What was ticked and is on another page by now has no box here. */
  #bringAlong() {
    for (const made of this.form.querySelectorAll('[type="hidden"][name="id"]')) made.remove();
    const here = new Set(this.#boxes().map(({ value }) => value));
    for (const id of this.#picked.keys()) {
      if (here.has(id)) continue;
      this.form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "id", value: id }));
    }
  }

  #paint() {
    const boxes = this.#boxes();
    const ticked = boxes.filter(({ checked }) => checked).length;
    this.form.classList.toggle("on", this.size > 0);
    this.head.checked = boxes.length > 0 && ticked === boxes.length;
    this.head.indeterminate = ticked > 0 && ticked < boxes.length;
    this.#part("page").hidden = ticked === boxes.length;
    this.#write(this.#part("page"), this.say("allHere", boxes.length));
    this.#write(this.#part("number"), this.#number());
    this.#actions();
    if (this.size && this.#matching === null && !this.#part("matching").hidden) this.#ask();
  }

  #number() {
    if (!this.size) return "";
    if (!this.all.checked) return this.say("selected", this.size);
    return this.form.querySelector('[data-part="matching"] span').textContent;
  }

  /** Those that make sense for a state that is ticked; of all that match, whatever their filter lets in. */
  #actions() {
    const states = new Set(this.#picked.values());
    for (const button of this.form.querySelectorAll("[data-of]")) {
      const fits = this.all.checked || button.dataset.of.split(" ").some((state) => states.has(state));
      button.hidden = !fits;
    }
  }

  #write(place, text) {
    if (place.textContent !== text) place.textContent = text;
  }

  /** How many match is counted when somebody may want to know it, and not for every page that is opened. */
  async #ask() {
    this.#matching = 0;
    const given = new FormData(this.form);
    const asked = new URLSearchParams({ agent: given.get("agent"), query: given.get("query") });
    try {
      const { number, more } = await (await fetch(`${this.form.dataset.number}?${asked}`)).json();
      this.#matching = number;
      const told = this.say(more ? "moreMatching" : "allMatching", number);
      this.#write(this.form.querySelector('[data-part="matching"] span'), told);
      if (this.all.checked) this.#paint();
    } catch {
      this.#matching = null; // the confirmation says how many there are
    }
  }
}
