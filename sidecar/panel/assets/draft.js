// The middle of the desk: a draft's sentences by section, each with its source, its confidence, and the agent's pen.

import { $$, badge, button, h, said, unseen } from "./dom.js";
import { stateBadge } from "./chooser.js";
import { feedbackView } from "./feedback.js";
import { glance } from "./receipt.js";
import { mark, ordinal, writer } from "./sources.js";
import { moment, percent, say, sentence, shortDay, w } from "./words.js";

/** What a draft's state means for the agent. */
export const meaning = ({ state, change, expires }) =>
  [
    say(w.meanings[state], change ? say(w.quoted, change.label) : w.theCrm, moment(expires), change?.key),
    state === "applied" && change?.undoable && w.undoLater,
  ]
    .filter(Boolean)
    .join(" ");

/** `edit(index, text)` saves the agent's own words, null removes the sentence; `rate(body)` sends feedback. */
export function draftView(draft, action, { edit, rate }) {
  const editable = draft.state === "draft" && draft.change !== null;
  const titles = action?.sections ?? {};
  const present = new Set(draft.claims.map((claim) => claim.section));
  const warnings = draft.warnings.filter((text) => text !== draft.fallback);
  const names = new Set([...Object.keys(titles).filter((name) => present.has(name)), ...present]);
  const part = (name) =>
    h(
      "section.part",
      h("h3", said(titles[name] ?? sentence(name))),
      h(
        "ul",
        draft.claims.map((claim, index) => claim.section === name && claimView(draft, claim, index, editable && edit)),
      ),
    );
  return h(
    "article.draft",
    { "aria-labelledby": "draft-title" },
    h(
      "header",
      h("h2", { id: "draft-title" }, said(action?.title ?? sentence(draft.action))),
      stateBadge(draft.state),
      draft.edited && badge(w.edited),
      h("p.state", { id: "state", tabindex: "-1" }, meaning(draft)),
      glance(draft),
    ),
    draft.fallback && h("p.warnings", { id: "fallback" }, h("strong", w.fallback), " ", said(draft.fallback)),
    warnings.length > 0 && h("ul.warnings", warnings.map((text) => h("li", said(text)))),
    draft.state === "draft" && names.size === 0 && h("p.hint", w.nothingFound),
    [...names].map(part),
    draft.state !== "expired" && feedbackView(draft.feedback, rate),
  );
}

function claimView(draft, claim, index, edit) {
  const item = h(`li.claim.${claim.grounding}${claim.reserved && ".reserved"}`, { id: `claim-${index}` });
  const read = () => item.replaceChildren(...sentenceView(draft, claim, index, edit && write, edit));
  const cancel = () => {
    read();
    item.querySelector("[data-edit]").focus();
  };
  const write = () => item.replaceChildren(pen(claim, (text) => edit(index, text), cancel));
  read();
  return item;
}

function sentenceView(draft, claim, index, write, edit) {
  if (claim.grounding === "hidden") return [h("p.hidden", w.hidden)];
  const quiet = { kind: "quiet", "data-change": true };
  const marked = w.grounding[claim.grounding];
  const parts = [
    h("p.sentence", claim.text),
    h(
      "div.meta",
      chip(draft, claim, index),
      claim.due && badge(say(w.due, shortDay(claim.due)), "due"),
      marked ? badge(marked, claim.grounding === "edited" ? "mine" : "bad") : confidence(claim.confidence),
      write &&
        h(
          "span.pen",
          button(w.edit, write, { ...quiet, "data-edit": true, "aria-label": say(w.editOne, index + 1) }),
          button(w.remove, () => edit(index, null), { ...quiet, "aria-label": say(w.removeOne, index + 1) }),
        ),
    ),
  ];
  if (claim.reserved) parts.push(h("p.reason", badge(w.reserved, "warn"), " ", said(claim.reserved)));
  return parts;
}

function chip(draft, claim, index) {
  const source = draft.sources.find((one) => one.number === claim.citation.source);
  if (!source) return null;
  const number = ordinal(draft, source.number);
  const show = (move) => (event) => {
    for (const other of $$(".chip")) other.setAttribute("aria-pressed", String(other === event.currentTarget));
    mark(draft, claim.citation, { move });
  };
  return h(
    "button.chip",
    {
      type: "button",
      "aria-pressed": "false",
      "data-claim": String(index),
      onclick: show(true),
      onfocus: show(false),
    },
    unseen(`${w.source} `),
    h("span.number", String(number)),
    " ",
    h("span.by", writer(source)),
    " ",
    source.when && h("span.when", shortDay(source.when)),
    unseen(w.showQuote),
  );
}

/** In words and as a number; the bar beside them only repeats it. */
function confidence(share) {
  const level = share >= 0.8 ? "high" : share >= 0.5 ? "fair" : "low";
  return h(
    "span.confidence",
    { title: w.confidenceHint },
    h("meter", { low: "0.5", high: "0.8", optimum: "1", value: String(share), "aria-hidden": "true" }),
    h("span", unseen(`${w.confidence}: `), `${w.levels[level]} ${percent(share)}`),
  );
}

function pen(claim, save, cancel) {
  const area = h("textarea", { rows: "3", maxlength: "2000", "aria-label": w.pen, required: true }, claim.text);
  const send = () => (area.value.trim() && area.value.trim() !== claim.text ? save(area.value.trim()) : cancel());
  area.addEventListener("keydown", (event) => {
    if (event.key === "Escape") cancel();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
  });
  queueMicrotask(() => {
    area.focus();
    area.setSelectionRange(area.value.length, area.value.length);
  });
  const buttons = [button(w.save, send, { "data-change": true }), button(w.cancel, cancel, { kind: "quiet" })];
  return h("div.editor", area, h("p.row", buttons, h("span.small", w.penHint)));
}
