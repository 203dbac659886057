// What stayed out of a draft: fields that the policy left out, values that were masked, instructions that were refused.

import { h } from "./dom.js";
import { count, field, masked, object, reason, rule } from "./words.js";

export function receiptView(draft) {
  const values = draft.masked.reduce((sum, item) => sum + item.count, 0);
  const hidden = draft.masked.filter((item) => !item.restored);
  const shown = draft.masked.filter((item) => item.restored);
  return h("section", { class: "receipt", "aria-labelledby": "receipt-title" },
    h("h2", { id: "receipt-title" }, "What stayed out"),
    part(count(draft.withheld.length, "field"), "left out by the policy", draft.withheld.map((item) =>
      h("li", {}, h("strong", {}, `${object(item.object)}: ${field(item.field)}`), ` ${reason(item.reason)}. `, h("code", {}, item.rule)))),
    part(count(values, "value"), "masked before anything was drafted", [
      hidden.length > 0 && h("li", {}, h("strong", {}, "Masked for good: "), hidden.map(masked).join(", "), "."),
      shown.length > 0 && h("li", {}, h("strong", {}, "Shown to you again where the draft needs them: "), shown.map(masked).join(", "), "."),
    ]),
    part(count(draft.flags.length, "instruction"), "found in records and refused", flags(draft.flags)),
    h("p", { class: "small" },
      `Allowed by rule ${draft.rule} for “${draft.purpose.replaceAll("_", " ")}”. Template ${draft.template}, reasoner ${draft.reasoner}, `,
      `${count(draft.round_trips, "round trip")} to the CRM, ${Math.round(Object.values(draft.timings_ms).reduce((a, b) => a + b, 0))} ms.`,
    ),
  );
}

function part(figure, what, lines) {
  const some = lines.filter(Boolean);
  const head = [h("strong", {}, figure), ` ${what}`];
  return some.length ? h("details", {}, h("summary", {}, head), h("ul", {}, some)) : h("p", { class: "none" }, head);
}

/** One line for each record and field, however many detectors fired there. */
function flags(all) {
  const places = new Map();
  for (const flag of all) {
    const key = `${flag.record.object} ${flag.record.id} ${flag.field}`;
    places.set(key, { flag, rules: new Set([...(places.get(key)?.rules ?? []), rule(flag.rule)]) });
  }
  return [...places.values()].map(({ flag, rules }) =>
    h("li", {}, h("strong", {}, `${object(flag.record.object)}, ${field(flag.field).toLowerCase()}: `), [...rules].join("; "), "."));
}
