// What went wrong with a passkey, in words, where one looks: allauth's own scripts announce it as an event.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const { cancelled, failed, numbers } = document.getElementById("passkey-words").dataset;
  const named = !/^[\d.]+$|^\[/.test(location.hostname); // an address of numbers has no passkeys, in any browser
  const text = !named ? numbers : event.detail.exception.name === "NotAllowedError" ? cancelled : failed;
  document.body.dispatchEvent(new CustomEvent("portal:toast", { bubbles: true, detail: { text, level: "bad" } }));
});
