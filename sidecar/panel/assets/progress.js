// What is being done right now: one sentence, and for a draft the steps as the sidecar reports them.

import { announce, button, h } from "./dom.js";
import { say, w } from "./words.js";

const SLOW_MS = 4000;

/** `stop`, if given, ends the waiting. `onstep({step, count})` moves on; `done()` before the view is taken away. */
export function progressView(text, stop = null) {
  const steps = Object.fromEntries(stop ? Object.keys(w.steps).map((name) => [name, stepView(name)]) : []);
  const late = h("span.slow");
  const view = h(
    "div.progress",
    h("p", h("strong", text), late),
    stop && h("ol.steps", Object.values(steps)),
    stop && button(w.stop, stop, { kind: "quiet", id: "stop" }),
  );
  announce(text);
  const slow = setTimeout(() => {
    late.textContent = ` ${w.slow}`;
    announce(w.slow);
  }, SLOW_MS);
  const onstep = ({ step, count }) => {
    if (!steps[step]) return;
    for (const item of Object.values(steps)) {
      if (item === steps[step]) break;
      item.className = "past";
      item.removeAttribute("aria-current");
    }
    steps[step].replaceWith((steps[step] = stepView(step, count)));
  };
  return { view, onstep, done: () => clearTimeout(slow) };
}

function stepView(name, count) {
  const found = count > 0 && w.found[name] && say(w.found[name], count);
  const running = count !== undefined;
  return h(
    `li.${running ? "now" : "next"}`,
    { "data-step": name, "aria-current": running && "step" },
    w.steps[name],
    found && h("span.found", found),
  );
}
