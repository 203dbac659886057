// What stayed out of a draft: fields that the policy left out, values that were masked, instructions that were refused.

import { byId, h } from "./dom.js";
import { count, field, masked, object, reason, rule } from "./words.js";

const values = (draft) => draft.masked.reduce((sum, item) => sum + item.count, 0);

/** The same in one line at the head of the draft; it leads to the whole. */
export function glance(draft) {
  const found = [
    draft.withheld.length && `${count(draft.withheld.length, "field")} left out`,
    values(draft) && `${count(values(draft), "value")} masked`,
    draft.flags.length && `suspicious text in ${count(places(draft.flags).length, "place")}`,
  ].filter(Boolean);
  if (!found.length) return null;
  return h(
    "button",
    { type: "button", class: "glance", onclick: unfold, "aria-label": `${found.join(", ")}. Show what stayed out.` },
    found.map((text) => h("span", {}, text)),
  );
}

function unfold() {
  for (const box of document.querySelectorAll(".receipt details")) box.open = true;
  byId("receipt-title").scrollIntoView({ block: "start" });
  byId("receipt-title").focus({ preventScroll: true });
}

export function receiptView(draft) {
  const took = Object.values(draft.timings_ms).reduce((sum, part_) => sum + part_, 0);
  const hidden = draft.masked.filter((item) => !item.restored);
  const shown = draft.masked.filter((item) => item.restored);
  return h(
    "section",
    { class: "receipt", "aria-labelledby": "receipt-title" },
    h("h2", { id: "receipt-title", tabindex: "-1" }, "What stayed out"),
    part(
      count(draft.withheld.length, "field"),
      "left out by the policy",
      draft.withheld.map((item) =>
        h(
          "li",
          {},
          h("strong", {}, `${object(item.object)}: ${field(item.field)}`),
          ` ${reason(item.reason)}. `,
          h("code", {}, item.rule),
        ),
      ),
    ),
    part(count(values(draft), "value"), "masked before anything was drafted", [
      hidden.length > 0 && h("li", {}, h("strong", {}, "Masked for good: "), hidden.map(masked).join(", "), "."),
      shown.length > 0 &&
        h(
          "li",
          {},
          h("strong", {}, "Shown to you again where the draft needs them: "),
          shown.map(masked).join(", "),
          ".",
        ),
    ]),
    part(
      count(places(draft.flags).length, "place"),
      "with suspicious text, never followed as an instruction",
      places(draft.flags).map(suspicion),
    ),
    h(
      "p",
      { class: "small" },
      `Allowed by rule ${draft.rule} for “${draft.purpose.replaceAll("_", " ")}”. `,
      `Template ${draft.template}, reasoner ${draft.reasoner}, `,
      `${count(draft.round_trips, "round trip")} to the CRM, ${Math.round(took)} ms.`,
    ),
  );
}

function part(figure, what, lines) {
  const some = lines.filter(Boolean);
  const head = [h("strong", {}, figure), ` ${what}`];
  return some.length ? h("details", {}, h("summary", {}, head), h("ul", {}, some)) : h("p", { class: "none" }, head);
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

function suspicion({ flag, rules }) {
  return h(
    "li",
    {},
    h("strong", {}, `${object(flag.record.object)}, ${field(flag.field).toLowerCase()}: `),
    [...rules].join("; "),
    ".",
  );
}
