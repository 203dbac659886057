// The middle of the desk: a draft's sentences by section, each with its source, its confidence, and the agent's pen.

import { badge, button, h } from "./dom.js";
import { glance } from "./receipt.js";
import { mark, ordinal, writer } from "./sources.js";
import { STATES, day, percent, sentence, shortDay, stateSentence } from "./words.js";

/** `edit(index, text)` saves the agent's own words; null removes the sentence. */
export function draftView(draft, action, edit) {
  const editable = draft.state === "draft" && draft.change !== null;
  const titles = action?.sections ?? {};
  const present = new Set(draft.claims.map((claim) => claim.section));
  const sections = [
    ...Object.keys(titles).filter((name) => present.has(name)),
    ...[...present].filter((name) => !(name in titles)),
  ];
  const [state, tone] = STATES[draft.state];
  return h(
    "article",
    { class: "draft", "aria-labelledby": "draft-title" },
    h(
      "header",
      {},
      h("h2", { id: "draft-title" }, action?.title ?? sentence(draft.action)),
      badge(state, tone),
      draft.edited && badge("Edited by you"),
      h("p", { class: "state", id: "state", tabindex: "-1" }, stateSentence(draft)),
      glance(draft),
    ),
    draft.warnings.length > 0 &&
      h(
        "ul",
        { class: "warnings" },
        draft.warnings.map((text) => h("li", {}, text)),
      ),
    sections.map((name) =>
      h(
        "section",
        { class: "part" },
        h("h3", {}, titles[name] ?? sentence(name)),
        h(
          "ul",
          {},
          draft.claims.map(
            (claim, index) => claim.section === name && claimView(draft, claim, index, editable && edit),
          ),
        ),
      ),
    ),
  );
}

function claimView(draft, claim, index, edit) {
  const item = h("li", { class: `claim ${claim.grounding}`, id: `claim-${index}` });
  const read = () => item.replaceChildren(...sentenceView(draft, claim, index, edit && write, edit));
  const write = () =>
    item.replaceChildren(
      pen(claim, {
        save: (text) => edit(index, text),
        cancel: () => {
          read();
          item.querySelector("[data-edit]").focus();
        },
      }),
    );
  read();
  return item;
}

function sentenceView(draft, claim, index, write, edit) {
  if (claim.grounding === "hidden") {
    return [
      h(
        "p",
        { class: "hidden" },
        "The source of this sentence is no longer yours to see, so the sentence is not shown.",
      ),
    ];
  }
  return [
    h("p", { class: "sentence" }, claim.text),
    h(
      "div",
      { class: "meta" },
      chip(draft, claim, index),
      claim.due && badge(`Due ${shortDay(claim.due)}`, "due"),
      GROUNDING[claim.grounding] ? badge(...GROUNDING[claim.grounding]) : confidence(claim.confidence),
      write &&
        h(
          "span",
          { class: "pen" },
          button("Edit", write, {
            kind: "quiet",
            "data-edit": true,
            "data-change": true,
            "aria-label": `Edit sentence ${index + 1}`,
          }),
          button("Remove", () => edit(index, null), {
            kind: "quiet",
            "data-change": true,
            "aria-label": `Remove sentence ${index + 1}`,
          }),
        ),
    ),
  ];
}

const GROUNDING = {
  edited: ["Your words", "mine"],
  stale: ["Source has changed", "bad"],
  unsupported: ["Not supported", "bad"],
};

function chip(draft, claim, index) {
  const source = draft.sources.find((one) => one.number === claim.citation.source);
  if (!source) return null;
  const number = ordinal(draft, source.number);
  const show = (move) => (event) => {
    for (const other of document.querySelectorAll(".chip"))
      other.setAttribute("aria-pressed", String(other === event.currentTarget));
    mark(draft, claim.citation, { move });
  };
  return h(
    "button",
    {
      type: "button",
      class: "chip",
      "aria-pressed": "false",
      "data-claim": String(index),
      "aria-label": `Source ${number}: ${writer(source)}${source.when ? `, ${day(source.when)}` : ""}. Show the quote.`,
      onclick: show(true),
      onfocus: show(false),
    },
    h("span", { class: "number" }, String(number)),
    h("span", { class: "by" }, writer(source)),
    source.when && h("span", { class: "when" }, shortDay(source.when)),
  );
}

function confidence(share) {
  const label = `Confidence ${percent(share)}`;
  return h(
    "span",
    { class: "confidence", title: `${label}: how well the sentence fits its section and its source` },
    h("meter", {
      min: "0",
      max: "1",
      low: "0.5",
      high: "0.8",
      optimum: "1",
      value: String(share),
      "aria-label": label,
    }),
    h("span", { "aria-hidden": "true" }, percent(share)),
  );
}

function pen(claim, { save, cancel }) {
  const area = h(
    "textarea",
    { rows: "3", maxlength: "2000", "aria-label": "Your words for this sentence", required: true },
    claim.text,
  );
  const send = () => (area.value.trim() && area.value.trim() !== claim.text ? save(area.value.trim()) : cancel());
  area.addEventListener("keydown", (event) => {
    if (event.key === "Escape") cancel();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
  });
  queueMicrotask(() => {
    area.focus();
    area.setSelectionRange(area.value.length, area.value.length);
  });
  return h(
    "div",
    { class: "editor" },
    area,
    h(
      "p",
      { class: "row" },
      button("Save", send, { "data-change": true }),
      button("Cancel", cancel, { kind: "quiet" }),
      h("span", { class: "small" }, "Checked again for data that may not be written."),
    ),
  );
}
