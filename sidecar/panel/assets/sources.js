// The right column: the cited passages with the quote marked, and the records that were consulted beside them.

import { announce, badge, button, byId, crmLink, h } from "./dom.js";
import { ROLES, field, moment, object, percent, rule } from "./words.js";

/** Numbers as shown: 1, 2, 3… in the order of the record's history. */
export const ordinal = (draft, number) => draft.sources.findIndex((source) => source.number === number) + 1;

export const writer = (source) => source.author || `${object(source.record.object)}, ${place(source)}`;

const place = (source) => (source.page ? `page ${source.page}` : field(source.field).toLowerCase());

export function showSources(draft) {
  const parts = [];
  if (draft.sources.length) parts.push(cited(draft.sources, draft.record.id));
  if (draft.related.length) parts.push(consulted(draft.related));
  byId("sources").replaceChildren(...parts);
}

function cited(sources, caseId) {
  return h(
    "section",
    { "aria-labelledby": "sources-title" },
    h("h2", { id: "sources-title" }, "Sources"),
    h("p", { class: "small" }, "What the draft quotes, as the policy let it through."),
    sources.map((source, index) => card(source, index + 1, caseId)),
  );
}

function consulted(related) {
  return h(
    "section",
    { "aria-labelledby": "related-title", class: "related" },
    h("h2", { id: "related-title" }, "Also consulted"),
    h("p", { class: "small" }, "Related records that the CRM shows you today, nearest first."),
    h("ul", {}, related.map(relative)),
  );
}

function card(source, number, caseId) {
  const named = source.record.id !== caseId && source.record.title !== source.record.id;
  return h(
    "article",
    { class: "source", id: `source-${source.number}`, "aria-label": `Source ${number}`, tabindex: "-1" },
    h(
      "header",
      {},
      h("span", { class: "number" }, String(number)),
      h("strong", {}, writer(source)),
      badge(ROLES[source.role] ?? source.role, `role-${source.role}`),
      source.related && badge("Related record"),
      source.when && h("time", { datetime: source.when }, moment(source.when)),
    ),
    named && h("p", { class: "of" }, source.record.title),
    h("blockquote", {}, source.text),
    source.flags.length > 0 && h("p", { class: "warning" }, `Looks manipulated: ${source.flags.map(rule).join(", ")}.`),
    h(
      "footer",
      {},
      crmLink(source.record.link, `${object(source.record.object)} in CRM`, writer(source)),
      button("Back to the sentence", () => document.querySelector(".chip[aria-pressed=true]")?.focus(), {
        kind: "quiet return",
      }),
    ),
  );
}

function relative({ record, score }) {
  return h(
    "li",
    {},
    h("span", { class: "kind" }, object(record.object)),
    crmLink(record.link, record.title, object(record.object)),
    h("span", { class: "score", title: "Similarity of meaning" }, percent(score)),
  );
}

/**
 * Mark the quote of a citation in its source. Offsets count Unicode code points, as the API's do; a JavaScript string
 * counts UTF-16 units, so the text is cut as an array of code points. `move` brings the source into view.
 */
export function mark(draft, citation, { move = false } = {}) {
  const source = draft.sources.find((one) => one.number === citation.source);
  for (const one of draft.sources) byId(`source-${one.number}`).querySelector("blockquote").textContent = one.text;
  for (const one of document.querySelectorAll(".source.active")) one.classList.remove("active");
  if (!source) return;
  const points = Array.from(source.text);
  const cut = (from, to) => points.slice(from, to).join("");
  const box = byId(`source-${source.number}`);
  box.classList.add("active");
  box
    .querySelector("blockquote")
    .replaceChildren(cut(0, citation.start), h("mark", {}, cut(citation.start, citation.end)), cut(citation.end));
  if (!move) return;
  box.scrollIntoView({ block: "nearest" });
  announce(`Source ${ordinal(draft, source.number)}, ${writer(source)}: ${citation.quote}`);
}
