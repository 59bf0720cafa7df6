/*
 * My sessions: the pages keep themselves current (htmx, [data-current]). Nothing here is needed to read or to do anything.
 *
 *   A choice that is half made ([open] below the element) stays; only what is said about the session ([data-words]) is
 *   written anew beside it. While Portal is away, [data-stale] says so, once, in place of a toast for every try.
 */
const on = (type, does) => document.addEventListener(type, does, true);
const current = (event) => (event.target instanceof Element ? event.target.closest("[data-current]") : null);

on("htmx:beforeSwap", (event) => {
  const { target, serverResponse } = event.detail;
  if (!target?.matches("[data-current]") || !target.querySelector("details[open]")) return;
  event.detail.shouldSwap = false;
  const fresh = new DOMParser().parseFromString(serverResponse, "text/html");
  for (const words of fresh.querySelectorAll("[data-words]")) document.getElementById(words.id)?.replaceWith(words);
  document.dispatchEvent(new Event("portal:paint"));
});

for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  on(failure, (event) => {
    if (!current(event)) return;
    event.stopPropagation();
    stale(true);
  });
}

on("htmx:afterRequest", (event) => {
  if (current(event) && event.detail.successful) stale(false);
});

function stale(is) {
  for (const note of document.querySelectorAll("[data-stale]")) note.hidden = !is;
}
