// Without a mouse: arrow keys in the list, single keys that can be switched off (WCAG 2.1.4), and the help on them.

import { walk } from "./chooser.js";
import { $, $$, button, byId, h } from "./dom.js";
import { w } from "./words.js";

const on = () => localStorage.getItem("keys") !== "off";

export function listen() {
  byId("help").addEventListener("click", help);
  addEventListener("keydown", (event) => {
    walk(event);
    const busy = event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented;
    if (busy || !on() || event.target.matches("input, select, textarea") || $("dialog[open]")) return;
    const act = ACTS[event.key] ?? (/^[1-9]$/.test(event.key) && (() => $$("[data-action]")[event.key - 1]?.click()));
    if (!act) return;
    event.preventDefault();
    act();
  });
}

const ACTS = {
  "?": help,
  "/": () => byId("filter")?.focus(),
  j: () => sentence(1),
  k: () => sentence(-1),
  e: () => $(".chip[aria-pressed=true]")?.closest(".claim").querySelector("[data-edit]")?.click(),
  a: () => (byId("apply") ?? byId("undo"))?.focus(),
  s: () => byId("stop")?.click(),
};

/** Go on from the sentence that has the focus, or begin with the one that is marked. */
function sentence(step) {
  const chips = $$(".chip");
  const here = chips.indexOf(document.activeElement.closest?.(".claim")?.querySelector(".chip"));
  const next = here < 0 ? $(".chip[aria-pressed=true]") : chips[here + step];
  next?.focus();
}

function help() {
  const line = ([key, text]) => h("div", h("dt", key.split("  ").map((one) => h("kbd", one))), h("dd", text));
  const flip = (event) => localStorage.setItem("keys", event.target.checked ? "on" : "off");
  const dialog = h(
    "dialog",
    { "aria-labelledby": "help-title", onclose: () => dialog.remove() },
    h("h2", { id: "help-title" }, w.keysTitle),
    h("p", w.keysLead),
    h("dl", Object.entries(w.keys).map(line)),
    h("label", h("input", { type: "checkbox", id: "keys", checked: on(), onchange: flip }), w.keysSwitch),
    h("p.row", button(w.close, () => dialog.close(), { autofocus: true })),
  );
  document.body.append(dialog);
  dialog.showModal();
}
