/*
 * What every page does beyond HTML. Nothing here is needed to read a page or to send a form.
 *
 *   theme        [data-set-theme="auto|light|dark"]
 *   dialogs      [data-dialog="id"] opens <dialog id>, [data-close] closes the one around it
 *   questions    <form data-confirm="Title" data-confirm-detail data-confirm-label data-confirm-reason="label" data-danger>, plain or htmx
 *   times        <time datetime data-relative>, <time datetime data-countdown>, <time datetime data-clock="time|date|both">;
 *                they stand still inside [data-frozen]; [data-zone] gets the name of the zone they are in;
 *                event `portal:clock` {server_now} corrects this machine's clock; event `portal:paint` writes new
 *                ones at once instead of at the next second
 *   toasts       event `portal:toast` {text, level: good|bad}, also from a server's HX-Trigger header
 *   copy         [data-copy="#id"]
 */
const root = document.documentElement;
const words = document.body.dataset;
const on = (type, does, target = document) => target.addEventListener(type, does);
const closest = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null);

/* ── theme ────────────────────────────────────────────────────────────── */
function showTheme() {
  const chosen = root.dataset.theme ?? "auto";
  for (const button of document.querySelectorAll("[data-set-theme]")) {
    button.setAttribute("aria-pressed", String(button.dataset.setTheme === chosen));
  }
}

function setTheme(theme) {
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // Not kept, but it holds for this page.
  }
  showTheme();
}

on("storage", ({ key, newValue }) => key === "theme" && setTheme(newValue ?? "auto"), window);

/* ── dialogs and questions ────────────────────────────────────────────── */
const asked = new WeakSet();

/** Asks with the form's own words. Resolves with {reason} or null. */
function ask(form) {
  const dialog = document.getElementById("confirm");
  const part = (name) => dialog.querySelector(`[data-part="${name}"]`);
  part("title").textContent = form.dataset.confirm;
  part("detail").textContent = form.dataset.confirmDetail ?? "";
  part("yes").textContent = form.dataset.confirmLabel ?? form.querySelector("button")?.textContent.trim() ?? "OK";
  part("yes").classList.toggle("danger", "danger" in form.dataset);
  part("reason").hidden = !form.dataset.confirmReason;
  part("reason-label").textContent = form.dataset.confirmReason ?? "";
  part("reason-text").value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes" ? { reason: part("reason-text").value } : null), { once: true });
  });
}

function giveReason(form, reason) {
  if (!form.dataset.confirmReason) return;
  let input = form.elements.namedItem("reason");
  if (!input) {
    input = Object.assign(document.createElement("input"), { type: "hidden", name: "reason" });
    form.append(input);
  }
  input.value = reason;
}

// In the capture phase, before htmx sees the submit: both kinds of forms are asked the same way.
document.addEventListener(
  "submit",
  async (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.dataset.confirm || asked.delete(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const answer = await ask(form);
    if (!answer || !form.isConnected) return;
    giveReason(form, answer.reason);
    asked.add(form);
    form.requestSubmit(event.submitter?.isConnected ? event.submitter : null);
  },
  true,
);

/* ── times ────────────────────────────────────────────────────────────── */
let ahead = 0; // milliseconds the server's clock is ahead of this one
const now = () => Date.now() + ahead;
const language = root.lang || undefined;
const full = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "long" });
const clocks = {
  time: new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
  date: new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year: "numeric" }),
  both: new Intl.DateTimeFormat(language, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
};

function span(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

function digits(seconds) {
  const [d, h, m, s] = [seconds / 86400, (seconds / 3600) % 24, (seconds / 60) % 60, seconds % 60].map(Math.floor);
  const two = (n) => String(n).padStart(2, "0");
  if (d) return `${d} d ${h} h`;
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

function reading(element, at) {
  const seconds = Math.round((at - now()) / 1000);
  if ("countdown" in element.dataset) return seconds > 0 ? words.in.replace("{}", digits(seconds)) : words.now;
  if ("relative" in element.dataset) return seconds > 0 ? words.in.replace("{}", span(seconds)) : words.ago.replace("{}", span(-seconds));
  return (clocks[element.dataset.clock] ?? clocks.both).format(at);
}

function paint(element) {
  const at = Date.parse(element.dateTime);
  if (Number.isNaN(at) || element.closest("[data-frozen]")) return;
  const text = reading(element, at);
  if (element.textContent !== text) element.textContent = text;
  if (!element.title) element.title = full.format(at);
}

// Clocks are painted once; a title tells those that have been.
const DUE = "time:is([data-relative], [data-countdown], [data-clock]:not([title]))";
const paintTimes = () => document.querySelectorAll(DUE).forEach(paint);

on("portal:paint", paintTimes);
on("htmx:afterSwap", paintTimes);

on("portal:clock", ({ detail }) => {
  const server = Date.parse(detail.server_now);
  if (!Number.isNaN(server)) ahead = server - Date.now();
});

/* ── toasts ───────────────────────────────────────────────────────────── */
function toast({ text, level }) {
  const made = document.getElementById("toast").content.cloneNode(true).firstElementChild;
  made.querySelector("p").textContent = text;
  if (level) made.classList.add(level);
  document.getElementById("toasts").append(made);
  // A refusal stays until it is read and closed; a confirmation goes by itself.
  if (level !== "bad") setTimeout(() => made.remove(), 6000);
}

function problem(xhr) {
  if (!/json/.test(xhr.getResponseHeader("content-type") ?? "")) return words.failed;
  const { detail, title } = JSON.parse(xhr.responseText);
  return detail || title || words.failed;
}

on("portal:toast", ({ detail }) => toast(detail));
on("htmx:responseError", ({ detail }) => toast({ text: problem(detail.xhr), level: "bad" }));
on("htmx:sendError", () => toast({ text: words.unreachable, level: "bad" }));

/* ── clicks ───────────────────────────────────────────────────────────── */
async function copy(button) {
  await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
  toast({ text: words.copied, level: "good" });
}

on("click", (event) => {
  const set = closest(event, "[data-set-theme]");
  if (set) setTheme(set.dataset.setTheme);
  const open = closest(event, "[data-dialog]");
  if (open) document.getElementById(open.dataset.dialog)?.showModal();
  const close = closest(event, "[data-close]");
  close?.closest("dialog")?.close();
  close?.closest(".toast")?.remove();
  const copied = closest(event, "[data-copy]");
  if (copied) copy(copied);
});

// The navigation is a popover on a phone only: a window made wide gets the one that stays.
on("change", ({ matches }) => matches && document.getElementById("nav")?.hidePopover?.(), matchMedia("(min-width: 901px)"));

// On a phone the tabs scroll: the current one is to be seen.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
for (const place of document.querySelectorAll("[data-zone]")) place.textContent = full.resolvedOptions().timeZone;
showTheme();
paintTimes();
setInterval(paintTimes, 1000);
