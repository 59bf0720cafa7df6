// <portal-chat agent="shop" language="en"></portal-chat>: a chat with an agent of this Portal, on any page.
// Attributes: agent · language · server (where this file came from, unless given) · inline (fills its box) · theme ·
// identity (a JWT that vouches for the person).

import { Connection, endedByHand, shelf } from "./connection.js";
import { View } from "./view.js";
import { closest } from "./words.js";

const HERE = new URL(import.meta.url).origin;
const LONGEST_TEXT = 8_000; // characters
const TYPING_EVERY = 3_000; // ms
const PATIENCE = 1_000; // ms without a line before the person is told

export class PortalChat extends HTMLElement {
  static observedAttributes = ["language"];

  #line = null;
  #view = null;
  #session = null;
  #language = null; // what the chat is in now
  #chosen = null; // remembered: "<the page's wish>><the choice of the person instead>"
  #draft = null;
  #unread = 0;
  #typedAt = 0;
  #slow = 0;
  #openers = []; // {resolve, reject} of those who wait for the chat to be there

  connectedCallback() {
    if (!this.#view) this.#build();
    for (const type of ["online", "offline"]) addEventListener(type, this);
    document.addEventListener("visibilitychange", this);
    if (this.hasAttribute("inline") || this.#view.shown) this.open().catch(told);
    greet(this);
  }

  disconnectedCallback() {
    for (const type of ["online", "offline"]) removeEventListener(type, this);
    document.removeEventListener("visibilitychange", this);
    this.#line.stop();
  }

  attributeChangedCallback(_name, before, now) {
    if (this.#view && before !== now) this.#follow();
  }

  handleEvent({ type }) {
    if (type === "offline") this.#line.drop();
    else this.#line.hurry();
  }

  // ── what pages may ask for; every method returns a promise

  async open() {
    const news = !this.#view.shown || this.hasAttribute("inline");
    if (!this.hasAttribute("inline")) this.#view.show();
    this.#unread = 0;
    this.#line.open();
    if (news) this.#dispatch("opened");
    if (this.#line.status !== "open") await new Promise((resolve, reject) => this.#openers.push({ resolve, reject }));
  }

  async close() {
    if (this.hasAttribute("inline") || !this.#view.shown) return;
    this.#view.hide();
    this.#dispatch("closed");
  }

  async send(text) {
    return this.#submit({ kind: "text", text: String(text) });
  }

  async sendEvent(event, payload) {
    return this.#submit({ kind: "event", event, payload });
  }

  async setLanguage(language) {
    this.#chosen.value = `${this.#wish}>${language}`;
    return this.#follow();
  }

  async clearHistory() {
    return this.#line.command("clear_history");
  }

  async newChat() {
    return this.#line.command("new_chat", { language: this.#language });
  }

  async end() {
    return this.#line.command("end");
  }

  async pause() {
    return this.#line.command("pause");
  }

  async resume() {
    return this.#line.command("resume");
  }

  /** Saves what is shown as a text file → its text. */
  async download() {
    const text = this.#view.history.transcript();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    link.download = `${this.getAttribute("agent")}-${new Date().toISOString().slice(0, 10)}.txt`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), PATIENCE);
    return text;
  }

  get identity() {
    return this.getAttribute("identity") ?? undefined;
  }

  set identity(identity) {
    this.setAttribute("identity", identity);
  }

  // ── building

  #build() {
    const server = (this.getAttribute("server") || HERE).replace(/\/+$/, "");
    this.#line = new Connection(server, this.getAttribute("agent"), this.#listener());
    this.#chosen = shelf("localStorage", `${this.#line.key}:language`);
    this.#draft = shelf("sessionStorage", `${this.#line.key}:draft`);
    this.#view = new View(this.attachShadow({ mode: "open" }), this.hasAttribute("inline"), this.#deeds());
    this.#view.draft = this.#draft.value ?? "";
    this.#speak();
    for (const message of this.#line.pending) this.#view.history.pending(message);
  }

  #deeds() {
    return {
      longest: LONGEST_TEXT,
      open: () => this.open().catch(told),
      close: () => this.close(),
      resume: () => this.resume().catch(told),
      write: (text) => this.send(text).catch(told),
      choose: (button) => this.#press(button).catch(told),
      draft: (text) => this.#typed(text),
      menu: () => this.#menu(),
      languages: () => ({ offered: this.#line.agent?.languages ?? [], current: this.#language }),
      language: (tag) => this.setLanguage(tag).catch(told),
    };
  }

  /** What may be done now. Not allowed is absent; without a line it is there, and off. */
  #menu() {
    const deed = (name) => (this.#line.status === "open" ? () => this[name]().catch(told) : undefined);
    const allowed = ["pause", "resume", "end"].filter((action) => this.#session?.actions?.includes(action));
    return [
      ["new_chat", deed("newChat"), false],
      ...allowed.map((action) => [action, deed(action)]),
      ["download", () => this.download()],
      ["clear", deed("clearHistory"), false],
    ];
  }

  #typed(text) {
    this.#draft.value = text;
    if (!text || Date.now() - this.#typedAt < TYPING_EVERY) return;
    this.#typedAt = Date.now();
    this.#line.typing();
  }

  #press({ text, event, postback }) {
    if (event) return this.#submit({ kind: "event", event, text });
    return this.#submit(postback ? { kind: "postback", text, payload: { postback } } : { kind: "text", text });
  }

  async #submit(message) {
    const { queued, acknowledged } = this.#line.submit(message);
    this.#view.history.pending(queued);
    return acknowledged;
  }

  // ── the language: of the session, else the person's choice, else the page's, else the browser's

  get #wish() {
    return this.getAttribute("language") ?? "";
  }

  get #explicit() {
    const [wish, choice] = (this.#chosen.value ?? "").split(">");
    return (choice && wish === this.#wish && choice) || this.#wish;
  }

  get #wanted() {
    const agent = this.#line.agent;
    const wishes = this.#explicit ? [this.#explicit] : navigator.languages;
    return agent ? (closest(wishes, agent.languages) ?? agent.default_language) : wishes[0];
  }

  /** Takes a running session along to the language asked for; the next one starts in it anyway. */
  async #follow() {
    const changes = this.#explicit && this.#running && this.#running.language !== this.#wanted;
    if (changes) return this.#line.command("set_language", { language: this.#wanted });
    return this.#running ? undefined : this.#speak(this.#wanted);
  }

  get #running() {
    return this.#session?.state === "ended" ? null : this.#session;
  }

  #speak(language = this.#session?.language ?? this.#wanted) {
    if (language === this.#language) return;
    const before = this.#language;
    this.#language = language;
    this.#view.speak(language);
    if (before) this.#dispatch("language-changed", { language });
  }

  // ── what comes over the line

  #listener() {
    const chat = this;
    return {
      get language() {
        return chat.#wanted;
      },
      get identity() {
        return chat.identity;
      },
      status: () => this.#state(),
      ready: (frame, fresh) => this.#onReady(frame, fresh),
      entry: (entry, live) => this.#onEntry(entry, live),
      frame: (frame) => this.#onFrame(frame),
      refused: (refusal, message) => this.#onRefused(refusal, message),
    };
  }

  #onReady(frame, fresh) {
    this.#view.named(this.#line.agent.name);
    this.#view.history.typing();
    this.#view.history.clear(fresh ? undefined : (frame.cleared ?? 0));
    if (fresh) for (const message of this.#line.pending) this.#view.history.pending(message);
    if (fresh) this.#session = frame.session;
    else if (frame.session) this.#onSession(frame.session);
    this.#speak();
    this.#state();
    for (const { resolve } of this.#openers.splice(0)) resolve();
    if (!fresh) return;
    this.#dispatch("ready");
    this.#follow().catch(told);
  }

  #onEntry(entry, live) {
    this.#view.history.add(entry);
    if (!live) return;
    if (entry.kind !== "divider") this.#dispatch("message", { message: entry });
    if (!this.#view.shown && entry.from !== "user") this.#view.unread(++this.#unread);
  }

  #onFrame(frame) {
    switch (frame.type) {
      case "ack":
        return this.#view.history.acknowledged(frame);
      case "session":
        return this.#onSession(frame.session);
      case "typing":
        return this.#view.history.typing(true);
      case "cleared":
        this.#view.history.clear(frame.seq);
        return this.#dispatch("history-cleared");
    }
    return undefined; // of a later version of the protocol
  }

  /** Compared with what was known, a change that is told twice is noticed once. */
  #onSession(session) {
    const before = this.#session;
    const ended = session.state === "ended";
    const same = before?.id === session.id;
    if (ended && !same && before && before.state !== "ended") return; // news of an older one
    this.#session = session;
    if (!ended && !same) this.#dispatch("session-started");
    const was = same ? before.state : null;
    if (ended && was !== "ended") this.#dispatch(endedByHand(session) ? "session-ended" : "session-expired");
    if (session.state === "paused" && was !== "paused") this.#dispatch("session-paused");
    if (was === "paused" && !ended && session.state !== "paused") this.#dispatch("session-resumed");
    if (ended) this.#view.history.typing();
    this.#speak();
    this.#state();
  }

  #onRefused(refusal, message) {
    if (message) {
      this.#view.history.withdraw(message.client_id);
      if (message.kind === "text") this.#giveBack(message.text);
    }
    if (this.#line.status === "refused") {
      if (this.identity) this.#view.history.clear(); // somebody else may look
      for (const { reject } of this.#openers.splice(0)) reject(refusal);
    } else this.#view.error(refusal.message);
    this.#dispatch("error", { code: refusal.code, detail: refusal.message });
  }

  /** A refused text, before what was typed meanwhile. */
  #giveBack(text) {
    this.#view.draft = this.#draft.value = [text, this.#view.draft].filter(Boolean).join("\n");
  }

  #state() {
    clearTimeout(this.#slow);
    const { status } = this.#line;
    const { state, silent, end_reason: reason } = this.#session ?? {};
    if (status === "connecting") this.#slow = setTimeout(() => this.#view.state("reconnecting"), PATIENCE);
    else if (status === "refused") this.#view.state("unavailable");
    else if (state === "paused") this.#view.state("paused");
    else if (endedByHand(this.#session) && !silent && reason !== "history_cleared") this.#view.state("ended");
    else this.#view.state();
  }

  #dispatch(name, more) {
    const { id = null, ends_at = null, end_reason = null } = this.#session ?? {};
    const detail = { session: id, ends_at, reason: end_reason, server_now: this.#line.serverNow, ...more };
    this.dispatchEvent(new CustomEvent(`portal-chat:${name}`, { bubbles: true, composed: true, detail }));
  }
}

// Refusals reach the person through the listener; whoever clicked has nothing to add.
const told = () => {};

let first = null;

/** Calls what pages push onto window.portalChat, before and after this, with their first chat. */
function greet(chat) {
  if (first) return;
  first = chat;
  const waiting = window.portalChat ?? [];
  window.portalChat = { push: (...calls) => calls.forEach((call) => queueMicrotask(() => call(first))) };
  window.portalChat.push(...waiting);
}

if (!customElements.get("portal-chat")) customElements.define("portal-chat", PortalChat);
