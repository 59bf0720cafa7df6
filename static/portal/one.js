/*
 * One session. Nothing here is needed to read or to write.
 *
 *   The log ([role=log]#said) begins at its end and stays there, unless one has scrolled away from it.
 *   #write: Ctrl+Enter sends; what is typed is not changed while it is on its way.
 */
const on = (type, does) => document.addEventListener(type, does);
const NEAR = 40; // px

const log = document.getElementById("said");
const toEnd = () => log.scrollTo({ top: log.scrollHeight });
let atEnd = true;

if (log?.matches("[data-newest]") && !location.hash) toEnd();
on("htmx:beforeSwap", () => { atEnd = !log || log.scrollHeight - log.scrollTop - log.clientHeight < NEAR; });
on("htmx:afterSwap", () => atEnd && log?.matches("[data-newest]") && toEnd());

on("keydown", (event) => {
  if (event.target.id !== "text" || event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});

const box = (event) => (event.target instanceof Element && event.target.id === "write" ? event.target.querySelector("#text") : null);
on("htmx:beforeRequest", (event) => { const text = box(event); if (text) text.readOnly = true; });
on("htmx:afterRequest", (event) => { const text = box(event); if (text) text.readOnly = false; });
on("said", () => document.getElementById("text")?.focus());
