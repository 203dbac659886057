// Before and after of what a draft writes, and the bar with the one button that writes it.

import { badge, button, crmLink, h } from "./dom.js";
import { UNDO, count, shortDay, stateSentence } from "./words.js";

const OPEN = new Set(["draft", "applying", "unknown"]);

export function changeView(draft) {
  const change = draft.change;
  if (!change) return null;
  const done = !OPEN.has(draft.state);
  const undo = change.undoable
    ? (UNDO[change.target] ?? "Yes.")
    : h("strong", { class: "bad" }, "No: what is written stays.");
  return h(
    "section",
    { class: "change", "aria-labelledby": "change-title" },
    h("h2", { id: "change-title" }, done ? "The change" : "What Apply would change"),
    h(
      "dl",
      {},
      h(
        "div",
        {},
        h("dt", {}, "Where"),
        h("dd", {}, change.label, change.url && [" ", crmLink(change.url, "open in CRM", change.label)]),
      ),
      h("div", {}, h("dt", {}, "Who can read it"), h("dd", {}, change.audience)),
      h("div", {}, h("dt", {}, "Can it be undone"), h("dd", {}, undo)),
    ),
    change.target === "tasks" ? tasks(change) : compare(change, done),
  );
}

function compare(change, done) {
  const creates = change.target !== "summary_field";
  const side = (title, text, empty) =>
    h(
      "div",
      { class: "side" },
      h("h3", {}, title),
      text ? h("p", { class: "text" }, text) : h("p", { class: "text none" }, empty),
    );
  return h(
    "div",
    { class: "compare" },
    side("Before", change.before, creates ? "Nothing: a new entry is created." : "Empty."),
    side(done ? "As written" : "After", change.after[0]?.body, "Nothing to write."),
  );
}

function tasks(change) {
  if (!change.after.length) return h("p", { class: "none" }, "Nothing to write.");
  return h(
    "ol",
    { class: "tasks" },
    change.after.map((task) =>
      h("li", {}, h("span", {}, task.subject), task.due && badge(`Due ${shortDay(task.due)}`, "due")),
    ),
  );
}

/** The bar at the foot. `does` holds apply, undo, discard, again and look as functions without arguments. */
export function bar(draft, does) {
  const change = draft.change;
  const lost = draft.claims.some((claim) => claim.grounding === "hidden" || claim.grounding === "stale");
  const act = (text, what, kind = "") => button(text, what, { kind, "data-change": true });
  const again = act("Draft again", does.again);
  const buttons = {
    draft: () => {
      if (!change || !change.after.length) return [act("Discard", does.discard, "quiet")];
      if (lost) return [act("Discard", does.discard, "quiet"), again];
      const text = change.target === "tasks" ? `Create ${count(change.after.length, "task")}` : "Apply";
      return [
        act("Discard", does.discard, "quiet"),
        button(text, does.apply, { kind: "primary", "data-change": true, id: "apply" }),
      ];
    },
    applied: () => [again, change?.undoable && button("Undo", does.undo, { "data-change": true, id: "undo" })],
    applying: () => [act("Look again", does.look)],
    undoing: () => [act("Look again", does.look)],
    unknown: () => [act("Discard", does.discard, "quiet"), act("Look again", does.look)],
  }[draft.state]?.() ?? [again];
  return h(
    "footer",
    { class: "bar" },
    h("p", {}, footnote(draft, lost)),
    h("p", { id: "doing" }),
    h("div", { class: "row" }, buttons),
  );
}

function footnote(draft, lost) {
  const change = draft.change;
  if (draft.state !== "draft") return stateSentence(draft);
  if (!change) return "You cannot write to this record: this draft is for reading.";
  if (lost) return "A source has changed or is gone: draft again before you apply.";
  if (!change.after.length) return "There is nothing to write.";
  return [
    h("strong", {}, change.label),
    " · ",
    change.undoable ? "can be undone" : h("strong", { class: "bad" }, "cannot be undone"),
    h("br"),
    `Read by ${change.audience}`,
  ];
}
