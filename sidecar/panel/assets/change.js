// Before and after of what a draft writes, and the bar with the one button that writes it.

import { announce, badge, button, crmLink, h, said } from "./dom.js";
import { meaning } from "./draft.js";
import { say, shortDay, w } from "./words.js";

const OPEN = new Set(["draft", "applying", "unknown"]);
const TITLED = new Set(["completed_task", "email_draft"]);

export function changeView(draft) {
  const change = draft.change;
  if (!change) return null;
  const done = !OPEN.has(draft.state);
  const undo = change.undoable ? (w.undoHow[change.target] ?? w.yes) : h("strong.bad", w.stays);
  const line = (name, ...what) => h("div", h("dt", name), h("dd", ...what));
  return h(
    "section.change",
    { "aria-labelledby": "change-title" },
    h("h2", { id: "change-title" }, done ? w.change : w.wouldChange),
    h(
      "dl",
      line(w.where, change.label, change.url && [" ", crmLink(change.url, w.openInCrm, change.label)]),
      line(w.readers, said(change.audience)),
      line(w.undoable, undo),
    ),
    change.target === "tasks" ? tasks(change) : compare(change, done),
    absent(draft.claims.filter((claim) => claim.reserved)),
  );
}

function compare(change, done) {
  const [{ subject, body } = {}] = change.after;
  const empty = (text) => h("p.text.none", text);
  return h(
    "div.compare",
    h(
      "div.side",
      h("h3", w.before),
      change.before ? h("p.text", change.before) : empty(change.target === "summary_field" ? w.empty : w.created),
    ),
    h(
      "div.side",
      h("div.row", h("h3", done ? w.written : w.after), body && copy(body)),
      subject && TITLED.has(change.target) && h("p.small", `${w.subject}: ${subject}`),
      body ? h("p.text", body) : empty(w.nothing),
    ),
  );
}

function copy(text) {
  const put = () => navigator.clipboard.writeText(text).then(() => announce((it.textContent = w.copied)));
  const it = button(w.copy, put, { kind: "quiet" });
  return it;
}

function tasks(change) {
  if (!change.after.length) return h("p.none", w.nothing);
  const line = ({ subject, body, due }) => {
    const more = body && body !== subject && [copy(body), h("p.text", body)];
    return h("li", h("span", subject), due && badge(say(w.due, shortDay(due)), "due"), more);
  };
  return h("ol.tasks", change.after.map(line));
}

/** Sentences that are in the draft and not in what is written: their readers could not see the source. */
function absent(claims) {
  if (!claims.length) return null;
  const line = (claim) => h("li", h("s", claim.text), h("span.small", said(claim.reserved)));
  return h("div.absent", h("h3", say(w.absent, claims.length)), h("ul", claims.map(line)));
}

/** The bar at the foot. `does` holds apply, undo, discard, again and look as functions without arguments. */
export function bar(draft, does) {
  const change = draft.change;
  const lost = draft.claims.some((claim) => claim.grounding === "hidden" || claim.grounding === "stale");
  const act = (what, kind = "", id = null, text = w[what]) =>
    button(text, does[what], { kind, id, "data-change": true });
  const discard = act("discard", "quiet");
  const tasks = change?.target === "tasks" && say(w.createTasks, change.after.length);
  const ready = change?.after.length > 0;
  const buttons = {
    draft: () => [discard, ready && (lost ? act("again") : act("apply", "primary", "apply", tasks || w.apply))],
    applied: () => [act("again"), change?.undoable && act("undo", "", "undo")],
    applying: () => [act("look")],
    undoing: () => [act("look")],
    unknown: () => [discard, act("look")],
  }[draft.state]?.() ?? [act("again")];
  return h("footer.bar", h("p", footnote(draft, lost)), h("div", { id: "doing" }), h("div.row", buttons));
}

function footnote(draft, lost) {
  const change = draft.change;
  if (draft.state !== "draft") return meaning(draft);
  if (!change) return w.readOnly;
  if (lost) return w.lost;
  if (!change.after.length) return w.nothing;
  const undo = change.undoable ? w.canUndo : h("strong.bad", w.cannotUndo);
  return [h("strong", said(change.label)), " · ", undo, h("br"), w.readBy, said(change.audience)];
}
