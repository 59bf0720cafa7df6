/* Runs before the first paint, as a plain script in <head>: the chosen theme must be on <html> before anything is drawn. */
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch {
    // Storage is switched off in this browser: the system's theme holds.
  }
})();
