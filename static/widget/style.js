// The widget's looks. Pages adjust them with --portal-chat-* custom properties and ::part (docs/widget.md).

const CSS = `
:host {
  color-scheme: light dark;
  --accent: var(--portal-chat-accent, light-dark(#2f5bd8, #8fb0ff));
  --accent-ink: var(--portal-chat-accent-ink, light-dark(#fff, #0d1526));
  --paper: var(--portal-chat-paper, light-dark(#fbfbfa, #0f1216));
  --card: var(--portal-chat-card, light-dark(#fff, #1b2028));
  --ink: var(--portal-chat-ink, light-dark(#171b22, #e7eaf0));
  --quiet: var(--portal-chat-quiet, light-dark(#545d6b, #a3acba));
  --line: var(--portal-chat-line, light-dark(#e4e4e0, #272d36));
  --edge: var(--portal-chat-edge, light-dark(#868e9b, #6d7786));
  --bad: var(--portal-chat-bad, light-dark(#b42318, #ff9a8f));
  --radius: var(--portal-chat-radius, 14px);
  --offset: var(--portal-chat-offset, 20px);
}
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
:host([hidden]), [hidden] { display: none !important; }
:host([inline]) { display: block; height: 100%; min-height: 20rem; }
.launcher, .panel {
  all: initial; color-scheme: inherit; color: var(--ink);
  font: 15px/1.45 var(--portal-chat-font,
    ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif);
}
* { box-sizing: border-box; }
button, textarea, select { font: inherit; color: inherit; margin: 0; }
button { border: 0; background: none; border-radius: 8px; cursor: pointer; min-width: 24px; min-height: 24px; }
button:disabled { cursor: default; color: var(--quiet); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
svg {
  width: 22px; height: 22px; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round;
  stroke-linejoin: round; display: block;
}
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.launcher, .panel {
  position: fixed; z-index: var(--portal-chat-layer, 2147483000); inset-block-end: var(--offset);
  inset-inline-end: var(--offset);
}
.launcher {
  display: grid; place-items: center; width: 56px; height: 56px; border-radius: 50%;
  background: var(--accent); color: var(--accent-ink); box-shadow: 0 4px 16px #0004;
}
.launcher svg { width: 26px; height: 26px; }
.unread {
  position: absolute; inset-block-start: -2px; inset-inline-end: -2px;
  min-width: 22px; padding: 0 6px; border-radius: 11px;
  background: var(--bad); color: light-dark(#fff, #0d1526); font-size: 13px; font-weight: 600; line-height: 22px;
}
.panel {
  display: block; width: min(var(--portal-chat-width, 384px), 100vw - 2 * var(--offset));
  height: min(var(--portal-chat-height, 640px), 100dvh - 2 * var(--offset));
  border: 1px solid var(--line); border-radius: var(--radius); overflow: hidden;
  background: var(--paper); box-shadow: 0 12px 40px #0003; animation: rise 150ms ease-out;
}
:host([inline]) .panel {
  position: static; width: 100%; height: 100%; z-index: auto; animation: none;
  border: 0; border-radius: inherit; box-shadow: none;
}
@keyframes rise { from { opacity: 0; translate: 0 8px; } }
.chat { position: relative; display: flex; flex-direction: column; height: 100%; }

header {
  display: flex; align-items: center; gap: 4px; padding: 8px 8px 8px 16px;
  border-block-end: 1px solid var(--line); background: var(--card);
}
[dir="rtl"] header { padding: 8px 16px 8px 8px; }
.title { flex: 1; min-width: 0; font-weight: 650; overflow-wrap: anywhere; }
.about { display: block; color: var(--quiet); font-size: 13px; font-weight: 400; }
.icon { display: grid; place-items: center; width: 40px; height: 40px; color: var(--quiet); }
.icon[aria-expanded] svg { stroke-width: 3.5; }
.icon:hover { background: var(--paper); color: var(--ink); }

.menu {
  position: absolute; z-index: 1; inset-block-start: 52px; inset-inline-end: 8px;
  display: grid; width: min(280px, 100% - 16px); padding: 6px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; box-shadow: 0 8px 24px #0003;
}
.menu button { text-align: start; padding: 8px 10px; min-height: 36px; }
.menu button:not(:disabled):hover { background: var(--paper); }
.menu label { display: grid; gap: 4px; padding: 8px 10px; color: var(--quiet); font-size: 13px; }
.menu select {
  padding: 7px 8px; border: 1px solid var(--edge); border-radius: 6px; background: var(--paper);
  color: var(--ink); font-size: 15px;
}
.menu p { margin: 0; padding: 8px 10px; }
.menu .firm { color: var(--bad); font-weight: 600; }

.log {
  flex: 1; min-height: 0; overflow-y: auto; overscroll-behavior: contain; padding: 16px; display: flex;
  flex-direction: column; gap: 10px;
}
.log:focus-visible { outline-offset: -2px; }
.row { display: grid; max-width: min(85%, 36rem); justify-items: start; align-self: flex-start; gap: 3px; }
.row.user { align-self: flex-end; justify-items: end; }
.text {
  padding: 8px 12px; border-radius: var(--radius); background: var(--card); border: 1px solid var(--line);
  white-space: pre-wrap; overflow-wrap: anywhere;
}
.user .text { background: var(--accent); border-color: var(--accent); color: var(--accent-ink); }
.meta {
  display: flex; gap: 6px; color: var(--quiet); font-size: 12px; font-variant-numeric: tabular-nums;
  padding: 0 4px;
}
.chat:not([data-state="paused"]) .held, .bot:has(+ .bot) .meta, .user:has(+ .user) .meta:not(.keep) { display: none; }
.sending .text { opacity: .75; }
.choices { display: flex; flex-wrap: wrap; gap: 6px; }
.choices button {
  padding: 5px 12px; border: 1px solid var(--accent); border-radius: 16px; color: var(--accent);
  min-height: 32px;
}
.choices button:hover { background: var(--accent); color: var(--accent-ink); }
.divider {
  display: flex; align-items: center; gap: 12px; margin: 6px 0; color: var(--quiet); font-size: 13px;
  text-align: center;
}
.divider::before, .divider::after { content: ""; flex: 1 0 16px; border-block-start: 1px solid var(--line); }
.typing {
  display: flex; gap: 4px; padding: 14px 12px; border-radius: var(--radius); background: var(--card);
  border: 1px solid var(--line); align-self: flex-start;
}
.typing i { width: 6px; height: 6px; border-radius: 50%; background: var(--quiet); animation: blink 1.2s infinite; }
.typing i:nth-child(2) { animation-delay: .2s; }
.typing i:nth-child(3) { animation-delay: .4s; }
@keyframes blink { 30% { opacity: .25; } 60% { opacity: 1; } }
.newer {
  position: absolute; inset-block-start: -44px; inset-inline: 0; margin-inline: auto; width: max-content;
  padding: 5px 14px; border-radius: 16px; background: var(--card); border: 1px solid var(--edge);
  box-shadow: 0 2px 8px #0003;
}

footer { position: relative; border-block-start: 1px solid var(--line); background: var(--card); }
.state {
  display: flex; align-items: center; gap: 8px; padding: 8px 16px; color: var(--quiet); font-size: 14px;
  border-block-end: 1px solid var(--line);
}
.state span { flex: 1; }
.state:not(:has(span:not(:empty))) { padding: 0; border: 0; }
.state button {
  border: 1px solid var(--accent); color: var(--accent); padding: 4px 12px; min-height: 32px; font-weight: 600;
  white-space: nowrap;
}
.error { margin: 0; padding: 8px 16px 0; color: var(--bad); font-size: 14px; }
.error:empty { padding: 0; }
form { display: flex; align-items: flex-end; gap: 6px; padding: 10px; margin: 0; }
textarea {
  flex: 1; min-width: 0; height: 42px; max-height: 144px; padding: 9px 12px; resize: none;
  border: 1px solid var(--edge); border-radius: 10px; background: var(--paper); font-size: 16px;
  line-height: 22px;
}
textarea::placeholder { color: var(--quiet); opacity: 1; }
textarea:focus-visible { outline-offset: 0; }
.send {
  display: grid; place-items: center; width: 42px; height: 42px; border-radius: 10px; background: var(--accent);
  color: var(--accent-ink); flex: none;
}
[dir="rtl"] .send svg { scale: -1 1; }
.chat[data-state="unavailable"] form { display: none; }

@media (max-width: 480px) {
  :host(:not([inline])) .panel { inset: 0; width: 100%; height: 100dvh; border: 0; border-radius: 0; }
}
@media (prefers-reduced-motion: reduce) {
  .panel, .typing i { animation: none; }
}
`;

export const style = new CSSStyleSheet();
style.replaceSync(CSS);
