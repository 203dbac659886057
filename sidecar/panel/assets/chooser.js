// The left column: a tab for each object with the agent's newest records and a filter, and a tab for her drafts.

import { announce, badge, button, byId, h } from "./dom.js";
import { capital, known, moment, noun, plain, plural, say, sentence, w } from "./words.js";

export const DRAFTS = "drafts";
let wanted = "";

/** The address of a record, or of a draft on it. The case object is written "case" in every CRM. */
export const address = (desk, { object, id }, draft) =>
  `#${object === desk.me.case_object ? "case" : object}=${id}${draft ? `&draft=${draft}` : ""}`;

/** `desk.lists` holds records by object, none while they are read; `turn(tab)` shows another tab. */
export function showChooser(desk, turn) {
  const { id, href } = document.activeElement;
  const list = h("ul.lines");
  const tab = (name, text) =>
    button(text, () => turn(name), { id: `tab-${name}`, "aria-pressed": String(desk.tab === name) });
  const filter = h("input", {
    type: "search",
    id: "filter",
    "aria-label": say(w.filter, plural(desk.tab)),
    placeholder: w.filterHint,
    autocomplete: "off",
    value: wanted,
    oninput: (event) => {
      wanted = event.target.value;
      announce(say(w.shown, fill(list, desk)));
    },
  });
  byId("chooser").replaceChildren(
    h("div.tabs", desk.me.objects.map(({ object }) => tab(object, capital(plural(object)))), tab(DRAFTS, w.myDrafts)),
    ...(desk.tab === DRAFTS ? [] : [h("div.filter", filter)]),
    list,
  );
  fill(list, desk);
  const stops = [...byId("chooser").querySelectorAll("button, input, a")];
  stops.find((one) => (id ? one.id === id : href && one.href === href))?.focus();
}

/** Arrow keys go through the list, from its filter too. */
export function walk(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !event.target.matches("#filter, .lines a")) return;
  const stops = [byId("filter"), ...byId("chooser").querySelectorAll(".lines a")].filter(Boolean);
  const next = stops[stops.indexOf(event.target) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function fill(list, desk) {
  const all = desk.tab === DRAFTS ? desk.drafts : desk.lists[desk.tab];
  if (!all) return list.replaceChildren(...Array.from({ length: 6 }, () => h("li.ghost")));
  const lines =
    desk.tab === DRAFTS
      ? all.map((draft) => draftLine(draft, desk, about(draft, desk)))
      : all.filter(matches).map((line) => recordLine(line, desk));
  list.replaceChildren(...(lines.length ? lines : [h("li.nothing", nothing(all, desk.tab))]));
  return lines.length;
}

function nothing(all, tab) {
  if (tab === DRAFTS) return w.noDrafts;
  return all.length ? say(w.noMatch, noun(tab)) : say(w.noneHere, plural(tab));
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

const TONES = { applying: "warn", applied: "good", undoing: "warn", unknown: "bad" };
export const stateBadge = (state) => badge(w.states[state], TONES[state]);

/** A record; if the agent has a draft on it that is still open or was written, the list says so. */
function recordLine({ record, status, priority }, desk) {
  const { number, subject } = parts(record.title);
  const last = desk.drafts?.find((draft) => draft.record.id === record.id)?.state;
  const meta = [number, plain(status)].filter(Boolean).map((text) => h("span", text));
  if (priority) meta.push(badge(plain(priority), urgent(priority)));
  if (last && !["discarded", "expired", "undone"].includes(last)) meta.push(stateBadge(last));
  return line(address(desk, record), record.id === desk.at.id, subject, h("span.meta", meta));
}

function about(draft, desk) {
  const known = desk.lists[draft.record.object]?.find((line) => line.record.id === draft.record.id);
  const text = known ? parts(known.record.title).subject : `${capital(noun(draft.record.object))} ${draft.record.id}`;
  return h("span.about", text);
}

/** A draft in a list: what was asked, on which record (unless that is clear), how it stands, and since when. */
export function draftLine(draft, desk, ...more) {
  const title = desk.actions.find((action) => action.action === draft.action)?.title ?? sentence(draft.action);
  const time = h("time", { datetime: draft.created }, moment(draft.created));
  const meta = h("span.meta", stateBadge(draft.state), draft.edited && badge(w.edited), time);
  return line(address(desk, draft.record, draft.id), draft.id === desk.at.draft, title, ...more, meta);
}

function line(href, current, title, ...more) {
  return h("li", h("a", { href, "aria-current": current && "true" }, h("span.title", known(title) || title), more));
}
