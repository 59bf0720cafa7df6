/*
 * One deed on many sessions: how far it is, while it is done. Without this the same form gets the result as a page.
 *
 *   ← lines of {done, of} after each batch, and {html} at the end: the result as the page would show it
 */
const form = document.getElementById("bulk-confirm");
const place = document.getElementById("bulk-work");
const far = form?.querySelector(".far");

async function* lines(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const parts = (rest + read.value).split("\n");
    rest = parts.pop();
    for (const part of parts) yield JSON.parse(part);
  }
}

function show({ done, of }) {
  far.querySelector("progress").value = done;
  far.querySelector('[role="status"]').textContent = form.dataset.progress.replace("{}", done).replace("{}", of);
}

function finish(html) {
  const template = document.createElement("template");
  template.innerHTML = html; // the server's fragment: whatever a user typed is escaped in it
  place.replaceChildren(template.content);
  const heading = place.querySelector("h2");
  document.querySelector("h1").textContent = heading.textContent;
  document.querySelector("header.page p").textContent = ""; // what it would do
  heading.focus();
}

function broken(text) {
  document.dispatchEvent(new CustomEvent("portal:toast", { detail: { text, level: "bad" } }));
}

async function work(body) {
  // form.action is the field of that name.
  const response = await fetch(form.getAttribute("action"), { method: "POST", body, headers: { Accept: "application/x-ndjson" }, redirect: "manual" });
  // Another question, or none of ours: the page itself says what it is.
  if (!/ndjson/.test(response.headers.get("content-type") ?? "")) return false;
  for await (const line of lines(response.body)) {
    if (line.html) return finish(line.html) ?? true;
    show(line);
  }
  throw new Error("The answer has no end.");
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = new FormData(form);
  const buttons = form.querySelector(".savebar");
  buttons.hidden = true;
  far.hidden = false;
  try {
    if (!(await work(body))) form.submit(); // nothing was done: it is asked for once more as a page
  } catch {
    buttons.hidden = far.hidden = false;
    broken(form.dataset.broken);
  }
});
