// The lines of a chat: messages in their order, dividers, what is being sent, who is typing. Everything written by
// people or bots becomes text nodes, never markup.

import { h } from "./dom.js";

const NEAR = 80; // px from the end of the log that still count as reading along
const TYPING_DELAY = 400; // ms; a quick answer needs no indicator
const TYPING_LASTS = 60_000; // ms; the longest a turn is waited for

export class ChatHistory {
  #following = true; // the person reads along at the end
  #top = 0;
  #typing = null;
  #typingTimers = [];

  /** `says` has the widget's `words` and the agent's `name`; `choose(button)`: one of the bot's was pressed. */
  constructor(says, choose) {
    this.says = says;
    this.choose = choose;
    this.newer = h("button", { class: "newer", type: "button", hidden: true, click: () => this.toEnd() });
    this.log = h("div", {
      class: "log",
      part: "log",
      role: "log",
      tabindex: "0",
      "aria-live": "polite",
      "aria-relevant": "additions",
      scroll: () => this.#scrolled(),
    });
    new ResizeObserver(() => this.#follow()).observe(this.log); // a phone's keyboard takes half of it
  }

  speak() {
    this.log.setAttribute("aria-label", this.#say("messages"));
    this.newer.textContent = this.#say("newer");
    for (const time of this.log.querySelectorAll("[datetime]")) this.#tell(time);
  }

  #say(key) {
    return this.says.words.say(key);
  }

  clear(upTo = Infinity) {
    for (const row of [...this.log.children]) {
      if (row.seq <= upTo || upTo === Infinity) row.remove();
    }
    this.newer.hidden = true;
  }

  /** Shows a line in its place; a message that was sending becomes the one that was sent. */
  add(entry) {
    const divider = entry.kind === "divider";
    // Neither events without a label nor what the Portal asks the bot by itself.
    if (!divider && (entry.from === "portal" || (!entry.text && !entry.payload?.buttons?.length))) return;
    const waiting = entry.client_id && this.#row(entry.client_id);
    if (entry.from !== "user") this.typing();
    const row = waiting || (divider ? this.#divider(entry) : this.#message(entry));
    if (!divider) this.#settle(row, entry);
    this.#place(row, entry.seq);
    this.#follow();
  }

  /** Shows a message that waits for its acknowledgement. */
  pending(message) {
    if (!message.text || this.#row(message.client_id)) return;
    const row = this.#message({ ...message, from: "user" });
    row.classList.add("sending");
    row.querySelector("time").textContent = this.#say("sending");
    this.log.insertBefore(row, this.#typing);
    this.toEnd();
  }

  acknowledged({ client_id, seq }) {
    const row = this.#row(client_id);
    if (!row || row.seq) return;
    this.#settle(row, { at: new Date().toISOString() });
    this.#place(row, seq);
  }

  withdraw(clientId) {
    this.#row(clientId)?.remove();
  }

  #row(clientId) {
    return [...this.log.children].find((row) => row.clientId === clientId);
  }

  #message(entry) {
    const dir = entry.from === "user" ? "auto" : entry.direction; // people mix languages, a bot's text is in one
    const author = entry.from === "bot" ? this.says.name : this.#say(entry.from === "user" ? "you" : "human");
    const buttons = (entry.payload?.buttons ?? []).map((button) =>
      h("button", { type: "button", part: "choice", click: () => this.choose(button) }, button.text),
    );
    const row = h(
      "div",
      { class: `row ${entry.from}`, part: `message message-${entry.from}` },
      h("span", { class: entry.from === "human" ? "meta keep" : "sr" }, `${author}: `),
      entry.text ? h("div", { class: "text", part: "text", lang: entry.language, dir }, entry.text) : undefined,
      buttons.length ? h("div", { class: "choices", lang: entry.language, dir }, ...buttons) : undefined,
      h("div", { class: "meta" }, h("time"), h("span", { class: "held" })),
    );
    return Object.assign(row, { clientId: entry.client_id, entry: { ...entry, author } });
  }

  #settle(row, { at, held, language }) {
    const time = row.querySelector("time");
    row.classList.remove("sending");
    Object.assign(row.entry, { at });
    time.dateTime = at;
    this.#tell(time);
    row.querySelector(".held").textContent = held ? this.#say("held") : "";
    row.querySelector(".meta:has(time)").classList.toggle("keep", Boolean(held));
    if (language) row.querySelector(".text")?.setAttribute("lang", language);
  }

  #tell(time) {
    const instant = new Date(time.dateTime);
    time.title = instant.toLocaleString(this.says.words.tag);
    time.textContent = instant.toLocaleTimeString(this.says.words.tag, { timeStyle: "short" });
  }

  #divider(entry) {
    const row = h("p", { class: "divider", part: "divider", lang: entry.language, dir: entry.direction }, entry.text);
    return Object.assign(row, { entry });
  }

  /** By `seq`; what has none yet (sending, the typing indicator) stays at the end. */
  #place(row, seq) {
    row.seq = seq;
    let before = this.log.lastElementChild;
    while (before && !(before.seq < seq)) before = before.previousElementSibling;
    const next = before ? before.nextElementSibling : this.log.firstElementChild;
    if (next !== row) this.log.insertBefore(row, next);
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.log;
    const near = scrollHeight - scrollTop - clientHeight < NEAR;
    // A burst of lines outruns the end too: only going up means reading something else.
    this.#following = near || (this.#following && scrollTop >= this.#top);
    this.#top = scrollTop;
    if (near) this.newer.hidden = true;
  }

  /** Keeps whoever reads along at the end; for others nothing moves, a button leads there. */
  #follow() {
    if (this.#following) requestAnimationFrame(() => (this.log.scrollTop = this.log.scrollHeight));
    else this.newer.hidden = false;
  }

  toEnd() {
    this.newer.hidden = this.#following = true;
    this.#follow();
  }

  typing(on) {
    this.#typingTimers.forEach(clearTimeout);
    if (on) {
      this.#typingTimers = [
        setTimeout(() => this.#dots(), TYPING_DELAY),
        setTimeout(() => this.typing(), TYPING_LASTS),
      ];
    } else {
      this.#typing?.remove();
      this.#typing = null;
    }
  }

  #dots() {
    if (this.#typing) return;
    const dots = [h("i"), h("i"), h("i")];
    this.#typing = h("div", { class: "typing", role: "img", "aria-label": this.#say("typing") }, ...dots);
    this.log.append(this.#typing);
    this.#follow();
  }

  transcript() {
    const at = (entry) => new Date(entry.at).toLocaleString(this.says.words.tag);
    const line = (entry) =>
      entry.kind === "divider" ? `--- ${entry.text} ---` : `[${at(entry)}] ${entry.author}: ${entry.text}`;
    const shown = [...this.log.children].filter((row) => row.seq);
    return shown.map((row) => line(row.entry)).join("\n");
  }
}
