// The right column: the cited passages with the quote marked, and the records that were consulted beside them.

import { $, $$, announce, badge, button, byId, crmLink, h } from "./dom.js";
import { field, moment, object, percent, rule, say, w } from "./words.js";

/** Numbers as shown: 1, 2, 3… in the order of the record's history. */
export const ordinal = (draft, number) => draft.sources.findIndex((source) => source.number === number) + 1;

export const writer = (source) => source.author || `${object(source.record.object)}, ${place(source)}`;

const place = (source) => (source.page ? say(w.page, source.page) : field(source.field));

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
    h("h2", { id: "sources-title" }, w.sources),
    h("p.small", w.sourcesLead),
    sources.map((source, index) => card(source, index + 1, caseId)),
  );
}

function consulted(related) {
  return h(
    "section.related",
    { "aria-labelledby": "related-title" },
    h("h2", { id: "related-title" }, w.consulted),
    h("p.small", w.consultedLead),
    h("ul", related.map(relative)),
  );
}

function card(source, number, caseId) {
  const named = source.record.id !== caseId && source.record.title !== source.record.id;
  return h(
    "article.source",
    { id: `source-${source.number}`, "aria-label": `${w.source} ${number}`, tabindex: "-1" },
    h(
      "header",
      h("span.number", String(number)),
      h("strong", writer(source)),
      badge(w.roles[source.role] ?? source.role, `role-${source.role}`),
      source.related && badge(w.related),
      source.when && h("time", { datetime: source.when }, moment(source.when)),
    ),
    named && h("p.of", source.record.title),
    h("blockquote", source.text),
    source.flags.length > 0 && h("p.warning", say(w.manipulated, source.flags.map(rule).join(", "))),
    h(
      "footer",
      crmLink(source.record.link, say(w.inCrm, object(source.record.object)), writer(source)),
      button(w.back, () => $(".chip[aria-pressed=true]")?.focus(), { kind: "quiet.return" }),
    ),
  );
}

function relative({ record, score }) {
  return h(
    "li",
    h("span.kind", object(record.object)),
    crmLink(record.link, record.title, object(record.object)),
    h("span.score", { title: w.similarity }, percent(score)),
  );
}

/**
 * Mark the quote of a citation in its source. Offsets count Unicode code points, as the API's do; a JavaScript string
 * counts UTF-16 units, so the text is cut as an array of code points. `move` brings the source into view.
 */
export function mark(draft, citation, { move = false } = {}) {
  const source = draft.sources.find((one) => one.number === citation.source);
  for (const one of draft.sources) byId(`source-${one.number}`).querySelector("blockquote").textContent = one.text;
  for (const one of $$(".source.active")) one.classList.remove("active");
  if (!source) return;
  const points = Array.from(source.text);
  const cut = (from, to) => points.slice(from, to).join("");
  const box = byId(`source-${source.number}`);
  box.classList.add("active");
  box
    .querySelector("blockquote")
    .replaceChildren(cut(0, citation.start), h("mark", cut(citation.start, citation.end)), cut(citation.end));
  if (!move) return;
  box.scrollIntoView({ block: "nearest" });
  announce(`${w.source} ${ordinal(draft, source.number)}, ${writer(source)}: ${citation.quote}`);
}
