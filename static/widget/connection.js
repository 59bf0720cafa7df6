// A chat's line to its Portal: the visitor, a socket that comes back, what is not acknowledged (docs/chat-protocol.md).

const PATIENCE = 10_000; // ms without an awaited answer after which a line is taken for dead
const FIRST_DELAY = 1_000;
const LONGEST_DELAY = 30_000;
const LARGEST_FRAME = 64_000; // bytes; the server refuses more than 65,536
const FINAL = { 4403: "forbidden", 4404: "not_found" }; // close codes after which there is no coming back
const PASSING = ["rate_limited", "unavailable"]; // what is refused for now, and is sent again
const LIMIT_REASONS = ["expired", "max_duration"];

/** Ended by someone, not by a limit: only the latter goes on by itself. */
export const endedByHand = (session) => session?.state === "ended" && !LIMIT_REASONS.includes(session.end_reason);

/** What was not done. `code` is one of the API's, or `disconnected`. */
export class Refusal extends Error {
  constructor({ code, detail }) {
    super(detail || code);
    this.code = code;
  }
}

const kept = new Map();

/** One remembered text. Where the browser forbids storage (private windows, frames) until the page goes. */
export const shelf = (area, key) => ({
  get value() {
    if (kept.has(key)) return kept.get(key);
    try {
      return globalThis[area].getItem(key);
    } catch {
      return null;
    }
  },
  set value(text) {
    try {
      if (text) globalThis[area].setItem(key, text);
      else globalThis[area].removeItem(key);
      kept.delete(key);
    } catch {
      kept.set(key, text);
    }
  },
});

// randomUUID is there on https and localhost only.
const newId = () => crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(4)).join("-");

/** Whose things they are in a browser of several people: the `sub` of an identity. */
const whose = (identity) => {
  try {
    return `/${JSON.parse(atob(identity.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).sub}`;
  } catch {
    return "";
  }
};

// Tabs that open at the same moment must become one visitor.
const alone = (name, deed) => (globalThis.navigator?.locks ? navigator.locks.request(name, deed) : deed());

export class Connection {
  agent = null;
  thread = null;
  seq = 0; // of the last entry of the history that was handed on
  serverNow = null;
  status = "closed"; // closed · connecting · open · refused

  #address;
  #listener;
  #visitor; // the token of somebody nobody vouches for
  #token;
  #refusedToken = null;
  #shelf;
  #queue; // messages without an acknowledgement, oldest first
  #sent = new Set(); // client ids written to the present socket
  #waiting = new Map(); // client id → {resolve, reject}
  #socket = null;
  #running = false;
  #opened = false;
  #shown = null; // the thread whose history was handed on
  #turn = 0; // of getting a line: a later one makes the earlier ones void
  #attempt = 0;
  #readyAt = 0;
  #retry = 0;
  #watch = 0;

  /**
   * `listener` has `status()`, `ready(frame, fresh)`, `entry(entry, live)` for each new line of the history,
   * `frame(frame)` for the rest, `refused(refusal, message)`, `language` (a tag, asked when a session may start) and
   * `identity` (a JWT, always of the same person).
   */
  constructor(server, agent, listener) {
    const place = `portal-chat:${server}/${agent}`;
    this.key = place + whose(listener.identity);
    this.#address = { server, agent, place };
    this.#listener = listener;
    this.#visitor = shelf("localStorage", place);
    this.#token = shelf("localStorage", this.key);
    this.#shelf = shelf("sessionStorage", `${this.key}:queue`);
    this.#queue = JSON.parse(this.#shelf.value ?? "[]");
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    this.#connect();
  }

  stop() {
    this.#running = this.#opened = false;
    this.#hangUp();
    this.#tell("closed");
  }

  /** The network may be back: tries now. */
  hurry() {
    if (this.#retry) this.#connect();
  }

  /** The network is gone: sockets take long to notice. */
  drop() {
    if (this.#socket) this.#lost();
  }

  /** The person sees the chat: starts a session where there is none. */
  open() {
    this.#opened = true;
    this.start();
    if (this.status === "open") this.#sendOpen();
  }

  /** What is not acknowledged in the thread on view; everything while that is not known. */
  get pending() {
    return this.#queue.filter((message) => !this.thread || !message.thread || message.thread === this.thread);
  }

  /** Queues `{kind, text?, event?, payload?}` → it, with its `client_id`, and the promise of its `ack`. */
  submit(message) {
    const queued = { client_id: newId(), thread: this.thread, ...message };
    const { size } = new Blob([JSON.stringify(queued)]);
    if (size > LARGEST_FRAME) throw new Refusal({ code: "invalid", detail: "Too large" });
    this.#queue.push(queued);
    this.#save();
    const acknowledged = this.#answer(queued.client_id);
    this.start();
    this.#flush();
    return { queued, acknowledged };
  }

  /** A deed → the promise of its `ack`. Deeds are for now: without a line they are refused. */
  command(type, fields = {}) {
    if (this.status !== "open") return Promise.reject(new Refusal({ code: "disconnected" }));
    const id = newId();
    const answered = this.#answer(id);
    this.#write({ type, client_id: id, ...fields });
    return answered;
  }

  typing() {
    if (this.status === "open") this.#write({ type: "typing" });
  }

  // ── getting a line

  async #connect() {
    clearTimeout(this.#retry);
    this.#retry = 0;
    this.#tell("connecting");
    const turn = ++this.#turn;
    const current = () => this.#running && turn === this.#turn;
    try {
      if (!this.agent || this.#refusedToken) await alone(this.#address.place, () => this.#enrol());
      if (current()) this.#dial();
    } catch (problem) {
      if (current()) this.#missed(problem);
    }
  }

  /** Asks who this visitor is. A refused token is left behind, unless another tab has got a new one by now. What was
   * said before somebody is identified comes along, if they have room for it. */
  async #enrol() {
    const { identity, language } = this.#listener;
    const known = this.#visitor.value ?? this.#token.value;
    const token = known === this.#refusedToken ? null : known;
    const response = await fetch(`${this.#address.server}/api/v1/chat/${encodeURIComponent(this.#address.agent)}`, {
      method: "POST",
      credentials: "omit",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ visitor_token: token ?? undefined, identity, language }),
      signal: AbortSignal.timeout(PATIENCE),
    });
    const answer = await response.json().catch(() => ({}));
    if (token && (response.status === 401 || answer.open_sessions)) {
      this.#refusedToken = token;
      return this.#enrol();
    }
    if (!response.ok) throw Object.assign(new Refusal(answer), { response });
    return this.#enrolled(answer);
  }

  #enrolled({ visitor_token, agent, thread, server_now }) {
    // A new visitor may not write to the threads of the one before: what was not acknowledged goes along.
    if (this.#refusedToken) for (const message of this.#queue) message.thread = null;
    if (!this.#refusedToken) this.#visitor.value = null;
    this.#refusedToken = null;
    this.#token.value = visitor_token;
    if (thread !== this.thread) this.seq = 0;
    Object.assign(this, { agent, thread, serverNow: server_now });
  }

  #missed(problem) {
    const status = problem.response?.status ?? 0;
    const passing = status < 400 || status >= 500 || status === 429;
    if (passing) this.#later(1000 * (problem.response?.headers.get("Retry-After") ?? 0));
    else this.#giveUp(problem);
  }

  #dial() {
    const socket = new WebSocket(`${this.#address.server.replace(/^http/, "ws")}/ws/chat/`);
    this.#socket = socket;
    this.#sent.clear();
    this.#watch = setTimeout(() => this.drop(), PATIENCE);
    socket.onopen = () =>
      this.#write({ type: "hello", token: this.#token.value, thread: this.thread, after: this.seq });
    socket.onmessage = (event) => socket === this.#socket && this.#receive(JSON.parse(event.data));
    socket.onclose = (event) => socket === this.#socket && this.#lost(event);
  }

  #lost(event) {
    this.#hangUp();
    const code = FINAL[event?.code];
    if (code) this.#giveUp(new Refusal({ code, detail: event.reason }));
    else this.#later(0);
  }

  /** Backoff with full jitter; a line that did not last counts as a failure. */
  #later(least) {
    this.#tell("connecting");
    const lasted = this.#readyAt && Date.now() - this.#readyAt > PATIENCE;
    this.#readyAt = 0;
    this.#attempt = lasted ? 0 : this.#attempt + 1;
    const most = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#attempt);
    this.#retry = setTimeout(() => this.#connect(), least + Math.random() * most);
  }

  #giveUp(refusal) {
    this.#running = false;
    this.#tell("refused");
    this.#listener.refused(refusal);
  }

  #hangUp() {
    clearTimeout(this.#retry);
    clearTimeout(this.#watch);
    this.#retry = 0;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    const queued = new Set(this.#queue.map((message) => message.client_id));
    for (const [id, { reject }] of this.#waiting) {
      if (queued.has(id)) continue;
      this.#waiting.delete(id);
      reject(new Refusal({ code: "disconnected" }));
    }
  }

  #tell(status) {
    if (status === this.status) return;
    this.status = status;
    this.#listener.status();
  }

  // ── what comes

  #receive(frame) {
    this.serverNow = frame.server_now ?? this.serverNow;
    switch (frame.type) {
      case "ready":
        return this.#ready(frame);
      case "message":
      case "divider":
        return this.#append(frame, true);
      case "error":
        return this.#refused(frame);
      case "ack":
        this.#settle(frame.client_id)?.resolve(frame);
        break;
      case "cleared":
        this.seq = Math.max(this.seq, frame.seq);
    }
    return this.#listener.frame(frame);
  }

  #ready(frame) {
    const fresh = frame.thread !== this.#shown;
    if (fresh) this.seq = 0;
    this.thread = this.#shown = frame.thread;
    for (const message of this.#queue) message.thread ??= frame.thread;
    this.#save();
    clearTimeout(this.#watch);
    this.#readyAt = Date.now();
    this.#tell("open");
    this.#listener.ready(frame, fresh);
    for (const entry of frame.messages) this.#append(entry, !fresh);
    this.seq = Math.max(this.seq, frame.seq);
    // Written to a session that is over, it opens the next one and is answered instead of greeted.
    if (frame.session) this.#flush();
    if (this.#opened && (fresh || !endedByHand(frame.session))) this.#sendOpen();
    this.#flush();
  }

  #append(entry, live) {
    if (entry.seq <= this.seq) return;
    this.seq = entry.seq;
    this.#settle(entry.client_id)?.resolve({ client_id: entry.client_id, message_id: entry.id, seq: entry.seq });
    this.#listener.entry({ kind: "divider", ...entry }, live);
  }

  #refused(frame) {
    const refusal = new Refusal(frame);
    if (frame.code === "unauthenticated") {
      this.#refusedToken = this.#token.value;
    } else if (PASSING.includes(frame.code) && this.#sent.delete(frame.client_id)) {
      setTimeout(() => this.#flush(), FIRST_DELAY * 2);
    } else {
      const message = this.#queue.find((queued) => queued.client_id === frame.client_id);
      this.#listener.refused(refusal, message);
      this.#settle(frame.client_id)?.reject(refusal);
    }
  }

  // ── what goes

  #sendOpen() {
    this.#write({ type: "open", language: this.#listener.language });
  }

  #flush() {
    if (this.status !== "open") return;
    for (const message of this.#queue) {
      if (this.#sent.has(message.client_id)) continue;
      this.#sent.add(message.client_id);
      this.#write({ type: "message", ...message });
    }
  }

  #write(frame) {
    this.#socket.send(JSON.stringify(frame));
    if (frame.client_id) this.#expect();
  }

  /** Everything written or answered renews the patience: it runs out on a silent line only. */
  #expect() {
    clearTimeout(this.#watch);
    if (this.#waiting.size || this.#sent.size) this.#watch = setTimeout(() => this.drop(), PATIENCE);
  }

  #answer(id) {
    const answered = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    answered.catch(() => {}); // also told to the listener: nobody has to wait for it
    return answered;
  }

  #settle(id) {
    if (!id) return undefined;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    this.#sent.delete(id);
    if (this.#queue.some((message) => message.client_id === id)) {
      this.#queue = this.#queue.filter((message) => message.client_id !== id);
      this.#save();
    }
    this.#expect();
    return waiting;
  }

  #save() {
    this.#shelf.value = this.#queue.length ? JSON.stringify(this.#queue) : null;
  }
}
