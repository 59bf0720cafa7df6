/*
 * HTML that the server has drawn, and what it says.
 */
export function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html; // the server's fragment: whatever a user typed is escaped in it
  return template.content;
}

/** What is in an element or a fragment, whatever the clock has painted into it. */
export function meaning(drawn) {
  const copy = document.createElement("div");
  copy.append(...drawn.cloneNode(true).childNodes);
  for (const time of copy.querySelectorAll("time")) {
    time.textContent = "";
    time.removeAttribute("title");
  }
  return copy.innerHTML.trim();
}
