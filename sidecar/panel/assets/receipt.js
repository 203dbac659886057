// What stayed out of a draft: fields that the policy left out, values that were masked, instructions that were refused.

import { $$, byId, h, said, unseen } from "./dom.js";
import { field, masked, object, reason, rule, say, w } from "./words.js";

const values = (draft) => draft.masked.reduce((sum, item) => sum + item.count, 0);
const reserved = (draft) => draft.claims.filter((claim) => claim.reserved).length;

/** The same in one line at the head of the draft; it leads to the whole. */
export function glance(draft) {
  const figures = {
    reserved: reserved(draft),
    withheld: draft.withheld.length,
    masked: values(draft),
    flags: places(draft.flags).length,
  };
  const found = Object.keys(figures)
    .filter((name) => figures[name])
    .map((name) => say(w.glance[name], figures[name]));
  if (!found.length) return null;
  const parts = found.map((text) => [h("span", text), " "]);
  return h("button.glance", { type: "button", onclick: unfold }, parts.flat(), unseen(w.glance.show));
}

function unfold() {
  for (const box of $$(".receipt details")) box.open = true;
  byId("receipt-title").scrollIntoView({ block: "start" });
  byId("receipt-title").focus({ preventScroll: true });
}

export function receiptView(draft) {
  const took = Object.values(draft.timings_ms).reduce((sum, lap) => sum + lap, 0);
  const kept = (title, items) => items.length > 0 && h("li", h("strong", title), items.map(masked).join(", "), ".");
  const left = ({ object: of, field: name, reason: why, rule: by }) =>
    h("li", h("strong", `${object(of)}: ${field(name)}`), " ", said(reason(why)), ". ", h("code", by));
  const origin = [draft.rule, draft.purpose.replaceAll("_", " "), draft.template, draft.reasoner, draft.round_trips];
  return h(
    "section.receipt",
    { "aria-labelledby": "receipt-title" },
    h("h2", { id: "receipt-title", tabindex: "-1" }, w.receipt),
    part("withheld", draft.withheld.length, draft.withheld.map(left)),
    part("masked", values(draft), [
      kept(w.maskedForGood, draft.masked.filter((item) => !item.restored)),
      kept(w.maskedShown, draft.masked.filter((item) => item.restored)),
    ]),
    part("flags", places(draft.flags).length, places(draft.flags).map(suspicion)),
    h("p.small", say(w.origin, ...origin, Math.round(took))),
  );
}

function part(name, number, lines) {
  const [figure, what] = w.left[name];
  const some = lines.filter(Boolean);
  const head = [h("strong", say(figure, number)), ` ${what}`];
  return some.length ? h("details", h("summary", head), h("ul", some)) : h("p.none", head);
}

/** One place for each record and field, however many detectors fired there. */
function places(all) {
  const found = new Map();
  for (const flag of all) {
    const key = `${flag.record.object} ${flag.record.id} ${flag.field}`;
    found.set(key, { flag, rules: new Set([...(found.get(key)?.rules ?? []), rule(flag.rule)]) });
  }
  return [...found.values()];
}

const suspicion = ({ flag, rules }) =>
  h("li", h("strong", `${object(flag.record.object)}, ${field(flag.field)}: `), [...rules].join("; "), ".");
