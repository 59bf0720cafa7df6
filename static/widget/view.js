// What is seen of a chat around its history: launcher, header, menu, state line, composer.

import { h, icon } from "./dom.js";
import { ChatHistory } from "./history.js";
import { style } from "./style.js";
import { words } from "./words.js";

export class View {
  #labels = []; // deeds that write the widget's words again, run when the language changes
  words = words("en");
  name = "";

  /**
   * `deeds`: `open()`, `close()`, `resume()`, `write(text)`, `choose(button)`, `draft(text)`, `language(tag)`,
   * `longest` (characters of a text), `languages()` → `{offered, current}`,
   * `menu()` → `[[word, deed or nothing when impossible now, sure?]]`.
   */
  constructor(root, inline, deeds) {
    root.adoptedStyleSheets = [style];
    this.deeds = deeds;
    this.inline = inline;
    this.history = new ChatHistory(this, deeds.choose);
    this.#label(() => this.history.speak());
    root.append(this.#launcher(), this.#panel());
    this.speak("en");
    this.launcher.hidden = inline;
    this.panel.hidden = !inline;
  }

  // ── the parts

  #launcher() {
    this.badge = h("span", { class: "unread", "aria-hidden": "true", hidden: true });
    this.launcher = h(
      "button",
      {
        class: "launcher",
        part: "launcher",
        type: "button",
        "aria-haspopup": "dialog",
        click: () => this.deeds.open(),
      },
      icon("chat"),
      this.badge,
    );
    this.#label(() => this.unread(Number(this.badge.textContent)));
    return this.launcher;
  }

  #panel() {
    this.chat = h("div", { class: "chat" }, this.#header(), this.#menu(), this.history.log, this.#footer());
    this.panel = h(
      "section",
      { class: "panel", part: "panel", role: this.inline ? false : "dialog", keydown: (event) => this.#escape(event) },
      this.chat,
    );
    this.#label(() => this.panel.setAttribute("aria-label", this.name || this.#say("bot")));
    return this.panel;
  }

  #header() {
    this.title = h("span");
    const about = h("span", { class: "about", part: "about" });
    this.menuButton = this.#iconButton("menu", () => this.#showMenu(this.menu.hidden));
    this.menuButton.setAttribute("aria-expanded", "false");
    const close = this.#iconButton("close", () => this.deeds.close());
    close.hidden = this.inline;
    this.#label(() => (about.textContent = this.name && this.#say("bot")));
    this.#label(() => (this.title.textContent = this.name || this.#say("bot")));
    return h(
      "header",
      { part: "header" },
      h("div", { class: "title", part: "title" }, h("slot", { name: "title" }, this.title), about),
      this.menuButton,
      close,
    );
  }

  #iconButton(name, deed) {
    const button = h("button", { class: "icon", type: "button", click: deed }, icon(name));
    this.#label(() => button.setAttribute("aria-label", this.#say(name)));
    return button;
  }

  #menu() {
    this.menu = h("div", { class: "menu", part: "menu", hidden: true });
    this.#label(() => this.#showMenu(false));
    return this.menu;
  }

  #footer() {
    this.stateText = h("span", { role: "status" });
    this.resume = h("button", { type: "button", hidden: true, click: () => this.deeds.resume() });
    this.alert = h("p", { class: "error", part: "error", role: "alert" });
    this.#label(() => {
      this.resume.textContent = this.#say("resume");
      this.state(this.chat?.dataset.state);
    });
    return h(
      "footer",
      {},
      this.history.newer,
      h("div", { class: "state", part: "state" }, this.stateText, this.resume),
      this.alert,
      this.#composer(),
    );
  }

  #composer() {
    this.input = h("textarea", {
      part: "input",
      rows: "1",
      dir: "auto",
      enterkeyhint: "send",
      autocomplete: "off",
      input: () => this.#typed(),
      keydown: (event) => this.#enter(event),
    });
    const send = h("button", { class: "send", part: "send", type: "submit" }, icon("send"));
    this.#label(() => {
      this.input.placeholder = this.#say("write");
      this.input.setAttribute("aria-label", this.#say("write"));
      send.setAttribute("aria-label", this.#say("send"));
    });
    this.form = h("form", { part: "composer", submit: (event) => this.#submit(event) }, this.input, send);
    return this.form;
  }

  // ── its words

  #say(key, values) {
    return this.words.say(key, values);
  }

  #label(write) {
    this.#labels.push(write);
  }

  speak(language) {
    this.words = words(language);
    this.chat.lang = this.words.tag;
    this.chat.dir = this.words.direction;
    for (const write of this.#labels) write();
  }

  named(name) {
    if (name === this.name) return;
    this.name = name;
    for (const write of this.#labels) write();
  }

  // ── the popup

  show() {
    this.panel.hidden = false;
    this.launcher.hidden = true;
    this.unread(0);
    this.history.toEnd();
    this.input.focus();
  }

  hide() {
    this.#showMenu(false);
    this.panel.hidden = true;
    this.launcher.hidden = false;
    this.launcher.focus();
  }

  get shown() {
    return !this.panel.hidden;
  }

  unread(count) {
    this.badge.textContent = count;
    this.badge.hidden = !count;
    this.launcher.setAttribute("aria-label", this.#say("open") + (count ? ` (${count})` : ""));
  }

  #escape(event) {
    if (event.key !== "Escape" || event.isComposing) return;
    if (!this.menu.hidden) this.#showMenu(false, true);
    else if (!this.inline) this.deeds.close();
    else return;
    event.stopPropagation();
  }

  // ── the menu

  #showMenu(on, refocus) {
    this.menu.hidden = !on;
    this.menuButton.setAttribute("aria-expanded", String(on));
    if (!on) {
      if (refocus) this.menuButton.focus();
      return;
    }
    this.menu.replaceChildren(...this.#languageChoice(), ...this.deeds.menu().map((choice) => this.#choice(choice)));
    this.menu.querySelector("select, button").focus();
  }

  #choice([word, deed, sure = true]) {
    const done = () => {
      this.#showMenu(false);
      this.input.focus();
      deed();
    };
    return h(
      "button",
      { type: "button", disabled: !deed, click: () => (sure ? done() : this.#ask(word, done)) },
      this.#say(word),
    );
  }

  #ask(word, done) {
    const yes = h("button", { type: "button", class: "firm", click: done }, this.#say(word));
    const no = h("button", { type: "button", click: () => this.#showMenu(false, true) }, this.#say("cancel"));
    const asked = h("p", { id: "question" }, this.#say("ask"));
    this.menu.replaceChildren(asked, yes, no);
    yes.setAttribute("aria-describedby", "question");
    yes.focus();
  }

  #languageChoice() {
    const { offered, current } = this.deeds.languages();
    if (offered.length < 2) return [];
    const named = (tag) => new Intl.DisplayNames([tag], { type: "language" }).of(tag);
    const options = offered.map((tag) => h("option", { value: tag, lang: tag, selected: tag === current }, named(tag)));
    const choose = (event) => {
      this.deeds.language(event.target.value);
      this.menuButton.focus();
    };
    return [h("label", {}, this.#say("language"), h("select", { change: choose }, ...options))];
  }

  // ── the state line and the composer

  /** `name` is one of the words about a chat (paused, ended, reconnecting, unavailable) or nothing. */
  state(name) {
    this.chat.dataset.state = name ?? "";
    this.stateText.textContent = name ? this.#say(name) : "";
    this.resume.hidden = name !== "paused";
  }

  error(detail) {
    this.alert.textContent = detail;
  }

  get draft() {
    return this.input.value;
  }

  set draft(text) {
    this.input.value = text;
    this.#fit();
  }

  #typed() {
    this.error("");
    this.#fit();
    this.deeds.draft(this.draft);
  }

  #fit() {
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight + 2}px`;
  }

  /** Enter sends; not while an input method composes (Safari reports that Enter as key code 229). */
  #enter(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  #submit(event) {
    event.preventDefault();
    const text = this.draft.trim();
    const count = [...text].length;
    if (!text) return this.input.focus();
    if (count > this.deeds.longest) return this.error(this.#say("too_long", { count, most: this.deeds.longest }));
    this.draft = "";
    this.deeds.draft("");
    return this.deeds.write(text);
  }
}
