// The left column: the agent's newest cases with a filter, or her drafts.

import { badge, byId, h } from "./dom.js";
import { Noun, STATES, moment, noun, sentence } from "./words.js";

let view = "cases";
let wanted = "";

export const address = (caseId, draftId) => `#case=${caseId}${draftId ? `&draft=${draftId}` : ""}`;

/** `desk` has `records`, `drafts` (null while loading), `actions` and `at` ({case, draft} on show). */
export function showChooser(desk) {
  const focused = document.activeElement?.id;
  const list = h("ul", { class: "lines" });
  const filter = h("input", {
    type: "search",
    id: "filter",
    placeholder: "Number, words, status…",
    autocomplete: "off",
    value: wanted,
    oninput: (event) => {
      wanted = event.target.value;
      fill(list, desk);
    },
  });
  const tab = (name, text) =>
    h(
      "button",
      { type: "button", id: `tab-${name}`, "aria-pressed": String(view === name), onclick: () => turn(desk, name) },
      text,
    );
  byId("chooser").replaceChildren(
    h("div", { class: "tabs" }, tab("cases", `${Noun()}s`), tab("drafts", "My drafts")),
    ...(view === "cases" ? [h("div", { class: "filter" }, h("label", { for: "filter" }, `Filter ${noun()}s`), filter)] : []),
    list,
  );
  fill(list, desk);
  if (focused && byId("chooser").querySelector(`#${CSS.escape(focused)}`)) byId(focused).focus();
}

function turn(desk, name) {
  view = name;
  showChooser(desk);
}

function fill(list, desk) {
  const all = view === "cases" ? desk.records : desk.drafts;
  if (all === null) return list.replaceChildren(...Array.from({ length: 6 }, () => h("li", { class: "ghost" })));
  const lines =
    view === "cases"
      ? all.filter(matches).map((line) => caseLine(line, desk))
      : all.map((draft) => draftLine(draft, desk));
  list.replaceChildren(...(lines.length ? lines : [h("li", { class: "nothing" }, nothing(all))]));
}

function nothing(all) {
  if (view === "drafts") return `No drafts yet. Choose a ${noun()} and press a button.`;
  return all.length ? `No ${noun()} matches.` : `The CRM shows you no ${noun()}s.`;
}

function matches({ record, status, priority }) {
  const text = `${record.title} ${status} ${priority}`.toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** "00001026 · Subject" -> its number and its subject. */
export function parts(title) {
  const [, number, subject] = /^(\d+) · (.+)$/s.exec(title) ?? [null, "", title];
  return { number, subject };
}

export const urgent = (priority) => (/^(high|critical|urgent)$/i.test(priority) ? "bad" : "");

function caseLine({ record, status, priority }, desk) {
  const { number, subject } = parts(record.title);
  const meta = h(
    "span",
    { class: "meta" },
    h("span", {}, number),
    h("span", {}, status),
    badge(priority, urgent(priority)),
  );
  return line(address(record.id), record.id === desk.at.case, subject, meta);
}

function draftLine(draft, desk) {
  const known = desk.records?.find((line) => line.record.id === draft.record.id);
  const title = desk.actions.find((action) => action.action === draft.action)?.title ?? sentence(draft.action);
  const about = known ? parts(known.record.title).subject : draft.record.id;
  const state = h(
    "span",
    { class: "meta" },
    badge(...STATES[draft.state]),
    h("time", { datetime: draft.created }, moment(draft.created)),
  );
  return line(
    address(draft.record.id, draft.id),
    draft.id === desk.at.draft,
    title,
    h("span", { class: "about" }, about),
    state,
  );
}

function line(href, current, title, ...more) {
  return h("li", {}, h("a", { href, "aria-current": current && "true" }, h("span", { class: "title" }, title), more));
}
