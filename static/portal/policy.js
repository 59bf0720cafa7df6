/*
 * Says back what is typed: "1 hour 30 minutes" under a box with 1h30, and what it means beside the form. The server is
 * asked, so that there is one set of rules; without this module it says the same after Save.
 *
 *   <form data-preview="address">  is sent there as it stands; what comes back replaces the elements of the same ids.
 */
const WAIT = 200; // milliseconds without a key

/** Only what differs is written: a status that says the same is not said again. */
function put(said) {
  const place = document.getElementById(said.id);
  if (!place) return;
  if (said.className && place.className !== said.className) place.className = said.className;
  if (place.innerHTML !== said.innerHTML) place.innerHTML = said.innerHTML;
}

async function ask(form, signal) {
  const response = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form), signal });
  if (!response.ok) return;
  const answer = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const said of answer.body.children) put(said);
}

for (const form of document.querySelectorAll("form[data-preview]")) {
  let timer;
  let asking;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    asking?.abort();
    timer = setTimeout(() => {
      asking = new AbortController();
      // Out of reach or overtaken by the next key: what was said last stays, and Save says the rest.
      ask(form, asking.signal).catch(() => {});
    }, WAIT);
  });
}
