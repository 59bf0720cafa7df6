/*
 * The Sessions tab, live (4-architecture.md, "Live pages"). The table is server HTML; the server tells which rows are
 * different by now and brings them drawn by the same template. Here they are only put in their place.
 *
 *   #live[data-agent][data-query][data-now]   the table's card; its other data-* are the words said here
 *   tr[data-id][data-version][data-state][data-place]   a row; the list is sorted by place, descending
 *   [data-count]   a number to keep right      [data-connection]   the chip      #transfers   the strip above the table
 *
 *   → watch {query, agent, rows: {id: [row_version, state]}}   what is asked for, and what is here already
 *   → refresh         look at the whole page now
 *   → forget {ids}    these rows are not here any more
 *   ← rows {seq, rows: [{id, row_version, state, place, fits, html} or {id, gone}], until?, counts, late?, standing_in?, server_now}
 *     `until`: the place where this page ends and the next one begins, null on the last page
 *   ← error {code, detail}
 */
import { Connection } from "./live/connection.js";
import { Strip, meaning, parsed as fragment } from "./live/drawn.js";
import { Selection } from "./live/selection.js";

const card = document.getElementById("live");
const table = card.querySelector("table");
const body = table.tBodies[0];
const form = document.getElementById("deed");
const chip = document.querySelector("[data-connection]");
const pauseButton = document.getElementById("pause-updates");
const pill = document.getElementById("pill");
const status = document.getElementById("live-status");
const older = document.getElementById("older");
const empty = document.getElementById("nothing");
const strip = new Strip(document.getElementById("transfers"), { instead: card });

const MARK_FOR = 2000; // ms
const SPEAK_EVERY = 10_000; // ms
const MOST_LEFT = 50; // rows that have left the view and are still shown
const MOST_WAITING = 200; // new rows that wait; the oldest of more would be on the next page anyway
const RANK = { live: 0, idle: 1, paused: 2, ended: 3 }; // time alone moves a state on without a new row version
const plural = new Intl.PluralRules(document.documentElement.lang || "en");
const clock = new Intl.DateTimeFormat(document.documentElement.lang || "en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** The words of a data attribute, with `what` put in; of two forms, "one|other", the one for this number. */
function words(name, what = "") {
  const forms = card.dataset[name].split("|");
  return forms[plural.select(Number(what)) === "one" ? 0 : forms.length - 1].replace("{}", () => what);
}

const selection = new Selection(table, document.getElementById("bulk"), { say: words });
const tell = (type, detail) => document.dispatchEvent(new CustomEvent(type, { detail }));

/* ── rows ─────────────────────────────────────────────────────────────── */
const shown = new Map(); // id → its <tr>
const waiting = new Map(); // id → a new row that would move others under the pointer
for (const row of body.rows) shown.set(row.dataset.id, row);
let until = card.dataset.until || null;

const parsed = (html) => fragment(html).firstElementChild;

const marks = new WeakMap();

function mark(cell) {
  clearTimeout(marks.get(cell));
  cell.classList.add("changed");
  marks.set(cell, setTimeout(() => cell.classList.remove("changed"), MARK_FOR));
}

/** Changes what is different and leaves the rest alone: a row keeps its place, its focus and its half-read words. */
function redraw(old, made) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  [...made.cells].forEach((cell, column) => {
    const here = old.cells[column];
    if (meaning(here) === meaning(cell)) return;
    here.replaceChildren(...cell.childNodes);
    if (cell.dataset.label) here.dataset.label = cell.dataset.label;
    if (!cell.classList.contains("act")) mark(here);
  });
  for (const { name, value } of made.attributes) old.setAttribute(name, value);
  old.classList.toggle("left", made.classList.contains("left"));
  if (focused && !focused.isConnected) refocus(old, focused.name === "id" ? "[name=id]" : `[data-deed="${focused.dataset.deed}"]`);
}

function refocus(row, same) {
  const button = row.querySelector(same) ?? row.querySelector("[data-deed]");
  if (!button) row.tabIndex = -1;
  (button ?? row).focus({ preventScroll: true });
}

function insert(made) {
  const next = [...body.rows].find((row) => row.dataset.place < made.dataset.place);
  body.insertBefore(made, next ?? null);
  shown.set(made.dataset.id, made);
  [...made.cells].forEach(mark);
}

function remove(id) {
  waiting.delete(id);
  shown.get(id)?.remove();
  shown.delete(id);
}

function isOlder(row, { version, state }) {
  return row.row_version < Number(version) || (row.row_version === Number(version) && RANK[row.state] < RANK[state]);
}

/** One row of a frame. A row that no longer fits the filter stays, dimmed, until the next refresh. */
function put(row) {
  if (row.gone) return remove(row.id);
  const here = shown.get(row.id);
  if (here) {
    if (isOlder(row, here.dataset)) return;
    if (row.state === "ended" && here.dataset.state !== "ended") heard.ended += 1;
    redraw(here, parsed(row.html));
  } else if (!row.fits) {
    waiting.delete(row.id);
  } else {
    waiting.set(row.id, row);
    letGo(waiting);
  }
}

/** Keeps what waits within bounds, however long somebody rests on the table. */
function letGo(rows) {
  if (rows.size <= MOST_WAITING) return;
  const fresh = [...rows.values()].filter(({ id, gone }) => !gone && !shown.has(id));
  fresh.sort((one, other) => (one.place < other.place ? -1 : 1));
  const ids = fresh.slice(0, -MOST_WAITING).map(({ id }) => id);
  for (const id of ids) rows.delete(id);
  if (ids.length) connection.send({ type: "forget", ids });
}

function draw(rows) {
  const before = waiting.size;
  rows.forEach(put);
  heard.new += Math.max(waiting.size - before, 0);
  if (!busy()) settle();
  paint();
}

/** Lets waiting rows in, and rows out that are on the next page by now. */
function settle() {
  strip.show();
  for (const row of waiting.values()) insert(parsed(row.html));
  waiting.clear();
  const left = [...body.querySelectorAll("tr.left")].slice(MOST_LEFT);
  forget([...shown.values()].filter((row) => left.includes(row) || (until && row.dataset.place < until)));
}

/** Puts rows away, and says so: the server goes on telling of what it takes to be here. */
function forget(rows) {
  if (!rows.length) return;
  const ids = rows.map((row) => row.dataset.id);
  ids.forEach(remove);
  connection.send({ type: "forget", ids });
}

function paint() {
  pill.hidden = waiting.size === 0;
  pill.textContent = waiting.size ? words("new", waiting.size) : "";
  empty.hidden = shown.size > 0;
  table.hidden = shown.size === 0;
  older.hidden = !until;
  selection.drawn({ more: until !== null });
  if (until) older.href = `?${new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(card.dataset.query)), cursor: until })}`;
  tell("portal:paint");
}

/* ── somebody is at the table: nothing may move under them ────────────── */
let pointing = false;
for (const place of [card, strip.place]) {
  place.addEventListener("pointerenter", ({ pointerType }) => (pointing = pointerType !== "touch"));
  place.addEventListener("pointerleave", () => (pointing = false));
}

function busy() {
  return (
    pointing ||
    selection.size > 0 ||
    body.contains(document.activeElement) ||
    document.querySelector("dialog[open]") !== null ||
    card.getBoundingClientRect().top < 0
  );
}

pill.addEventListener("click", () => {
  settle();
  paint();
  if (card.getBoundingClientRect().top < 0) card.scrollIntoView();
});

// Where the table is scrolled past, its new rows are still heard of.
new IntersectionObserver(([strip]) => pill.classList.toggle("floating", !strip.isIntersecting)).observe(pill.parentElement);

/* ── frames ───────────────────────────────────────────────────────────── */
const heard = { new: 0, ended: 0 }; // since the status line spoke last
const held = new Map(); // id → row, while updates are paused
let news = null; // counts, late and standing_in of the latest frame
let paused = false;
let seq = null; // of the latest frame; null while the answer to `watch` has not come
let again = false; // that answer is what was missed

function framed(frame) {
  if (frame.type === "error") return tell("portal:toast", { text: frame.detail, level: "bad" });
  if (frame.seq !== (seq ?? 0) + 1) return seq === null || watch(); // a gap: have everything told again
  seq = frame.seq;
  tell("portal:clock", { server_now: frame.server_now });
  if (again) speak(words("caughtUp", frame.rows.length));
  again = false;
  if ("until" in frame) until = frame.until;
  news = { ...news, ...frame };
  if ("transfers" in frame) strip.offer(frame.transfers);
  for (const row of frame.rows) held.set(row.id, row);
  letGo(held);
  if (!paused) apply();
}

function apply() {
  for (const place of document.querySelectorAll("[data-count]")) place.textContent = news.counts[place.dataset.count];
  document.getElementById("late").hidden = !news.late;
  document.getElementById("standing-in").hidden = !news.standing_in;
  draw([...held.values()]);
  held.clear();
}

function watch() {
  seq = null;
  const rows = {};
  for (const [id, { dataset }] of shown) rows[id] = [Number(dataset.version), dataset.state];
  for (const row of [...waiting.values(), ...held.values()]) if (!row.gone) rows[row.id] = [row.row_version, row.state];
  connection.send({ type: "watch", query: card.dataset.query, agent: card.dataset.agent || null, rows });
}

/* ── the status line: one sentence at most every ten seconds ──────────── */
let spoke = 0;

function speak(sentence) {
  status.textContent = sentence;
  spoke = Date.now();
}

function speakUp() {
  if (Date.now() - spoke < SPEAK_EVERY || paused) return;
  const parts = Object.entries(heard).filter(([, number]) => number);
  if (parts.length) speak(parts.map(([what, number]) => words(`status${what}`, number)).join(", "));
  else if (status.textContent) status.textContent = "";
  heard.new = heard.ended = 0;
}

/* ── the chip and the pause ───────────────────────────────────────────── */
const seconds = (ms) => Math.max(0, Math.round(ms / 1000));

function showConnection() {
  const { state, at, since, heard: last } = connection;
  const readings = {
    live: () => (paused ? words("paused") : words("live", seconds(Date.now() - last))),
    reconnecting: () => (at ? words("retry", Math.max(1, seconds(at - Date.now()))) : words("reconnecting")),
    offline: () => words("offline", clock.format(since)),
  };
  chip.dataset.connection = state === "live" && paused ? "paused" : state;
  const reading = readings[state]();
  if (chip.textContent !== reading) chip.textContent = reading;
  const button = !paused ? words("pause") : held.size ? words("resumeWith", held.size) : words("resume");
  if (pauseButton.textContent !== button) pauseButton.textContent = button;
}

pauseButton.addEventListener("click", () => {
  paused = !paused;
  table.toggleAttribute("data-frozen", paused);
  if (!paused && news) apply();
  showConnection();
});

/* ── refresh: the same page as new, without losing the place ──────────── */
document.getElementById("refresh").addEventListener("click", (event) => {
  if (connection.state !== "live" || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (paused) pauseButton.click();
  forget([...body.querySelectorAll("tr.left")]);
  settle();
  paint();
  connection.send({ type: "refresh" });
});

/* ── deeds: over HTTP, so that they work while the socket is down ─────── */
let deed = null; // what was clicked

// The row may be drawn anew while the question is open: what was clicked is kept, with the state it was shown in.
function clicked(event) {
  const button = event.target.closest?.("[data-deed]");
  if (!button) return;
  // The second click of a double click would meet the button that came in place of the first.
  if (event.detail > 1) return event.preventDefault();
  deed = { url: button.formAction, seen: button.value, inStrip: strip.place.contains(button) };
  if (button.dataset.deed === "end") form.dataset.confirm = words("endTitle", button.closest("tr").dataset.name);
  else delete form.dataset.confirm;
}

document.addEventListener("click", clicked, true);

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const sent = new FormData(form);
  sent.set("seen_state", deed.seen);
  form.elements.namedItem("reason")?.remove();
  const { url, inStrip } = deed;
  try {
    await answered(await fetch(url, { method: "POST", body: sent, headers: { Accept: "application/json" }, redirect: "manual" }), inStrip);
  } catch {
    tell("portal:toast", { text: document.body.dataset.unreachable, level: "bad" });
  }
});

async function answered(response, inStrip) {
  if (response.type === "opaqueredirect") return location.reload(); // signed out meanwhile
  if (!/json/.test(response.headers.get("content-type") ?? "")) {
    return tell("portal:toast", { text: document.body.dataset.failed, level: "bad" });
  }
  const { row, detail, transfers, server_now } = await response.json();
  tell("portal:clock", { server_now });
  tell("portal:toast", { text: detail, level: response.ok ? "good" : "bad" });
  if (transfers !== undefined) strip.offer(transfers);
  if (inStrip) strip.show(); // it is where the pointer is; what it was pressed for is gone
  draw(row ? [row] : []);
}

/* ── begin ────────────────────────────────────────────────────────────── */
// The page was drawn at `now` by the server's clock; that was when its first byte arrived here.
const [arrival] = performance.getEntriesByType("navigation");
const age = performance.now() - (arrival?.responseStart ?? 0);
tell("portal:clock", { server_now: new Date(Date.parse(card.dataset.now) + age).toISOString() });
tell("portal:paint");

let opened = false;
const connection = new Connection({
  address: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/sessions/`,
  opened() {
    again = opened;
    opened = true;
    watch();
  },
  framed,
  changed: showConnection,
  // The page itself says why: signed out, not yours any more. Never heard at all, it would only go round.
  refused: () => connection.heard && location.reload(),
});
connection.open();
setInterval(() => {
  showConnection();
  speakUp();
}, 1000);

for (const select of document.querySelectorAll("#filters select")) select.addEventListener("change", () => select.form.requestSubmit());
