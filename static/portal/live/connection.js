/*
 * A socket that comes back by itself. It knows nothing of what is said over it.
 *
 *   new Connection({ address, opened, framed, changed, refused }).open()
 *     opened()       the socket is open, after the first time or again: say who you are
 *     framed(frame)  something was said
 *     changed()      `state` is another one: live (something was heard), reconnecting (`at`: next try), offline (`since`)
 *     refused(code)  the server will not have us (44xx); there is no next try
 */
const SILENCE = 10_000; // ms; the server says something every 3 s
const LONGEST = 30_000; // ms between two tries

export class Connection {
  state = "reconnecting";
  at = null; // when the next try comes, while reconnecting
  since = null; // when the network went away, while offline
  heard = 0; // when something was heard last
  #socket = null;
  #tries = 0;
  #timer = 0;

  constructor(handlers) {
    Object.assign(this, handlers);
    window.addEventListener("offline", () => this.#again());
    window.addEventListener("online", () => this.open());
    // A page that comes back into view, or out of the browser's memory, does not wait for its turn.
    document.addEventListener("visibilitychange", () => document.hidden || this.#soon());
    window.addEventListener("pageshow", ({ persisted }) => persisted && this.#soon());
    setInterval(() => this.state === "live" && Date.now() - this.heard > SILENCE && this.#again(), 1000);
  }

  open() {
    this.#drop();
    this.#become();
    const socket = (this.#socket = new WebSocket(this.address));
    this.#timer = setTimeout(() => this.#again(), SILENCE);
    socket.onopen = () => this.opened();
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    socket.onclose = ({ code }) => (code >= 4400 && code < 4500 ? this.#refuse(code) : this.#again());
  }

  /** Says it if there is somebody to hear it; the caller says it all again in `opened`. */
  send(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #hear(frame) {
    clearTimeout(this.#timer);
    this.heard = Date.now();
    this.#tries = 0;
    this.framed(frame);
    if (this.state !== "live") this.#become({ state: "live" });
  }

  /** Full jitter: a thousand pages that lost the same server do not come back in the same moment. */
  #again() {
    this.#drop();
    const wait = 200 + Math.random() * Math.min(LONGEST, 1000 * 2 ** this.#tries++);
    this.#timer = setTimeout(() => this.open(), wait);
    this.#become({ at: Date.now() + wait });
  }

  #soon() {
    if (this.state !== "live") this.open();
  }

  #refuse(code) {
    this.#drop();
    this.#become({ state: "offline" });
    this.refused(code);
  }

  #drop() {
    clearTimeout(this.#timer);
    if (!this.#socket) return;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.#socket = null;
  }

  /** A browser that says it is offline may be wrong (a machine may have no network but itself): tries go on. */
  #become({ state = navigator.onLine ? "reconnecting" : "offline", at = null } = {}) {
    this.since = state === "offline" ? (this.since ?? Date.now()) : null;
    Object.assign(this, { state, at });
    this.changed();
  }
}
