// The head of the main column: which record this is, its scoped buttons, what a draft may use, and its earlier drafts.

import { badge, button, byId, crmLink, h, said } from "./dom.js";
import { draftLine, parts, urgent } from "./chooser.js";
import { field, known, noun, object, plain, plural, say, w } from "./words.js";

/** `line` is the record in the chooser, or none when it is not among the newest; `run(action, options)` drafts. */
export function showRecord(desk, line, run) {
  const actions = desk.actions.filter((action) => action.object === desk.at.object);
  const options = actions.length ? settings(actions) : null;
  const ask = (action, index) =>
    button(said(action.title), () => run(action, read(options, action)), {
      "data-change": true,
      "data-action": action.action,
      "aria-keyshortcuts": localStorage.getItem("keys") !== "off" && String(index + 1),
    });
  const head = [
    h("a.back", { href: "#" }, say(w.all, plural(desk.at.object))),
    h("header.record", { id: "head" }),
    h("div.ask", { role: "group", "aria-label": w.actions }, actions.length ? actions.map(ask) : w.noActions),
    h("div.more", options, h("div", { id: "past" })),
  ];
  byId("record").replaceChildren(...head);
  showHead(desk, line);
}

/** What the CRM's list says of the record, as soon as it is there. */
export function showHead({ at, draft, lists }, line) {
  const unnamed = lists[at.object] ? `${object(at.object)} ${at.id}` : "…";
  const title = line?.record.title ?? draft?.record.title ?? unnamed;
  const { number, subject } = parts(title);
  const focused = document.activeElement === byId("title");
  byId("head").replaceChildren(
    h(
      "div.meta",
      h("span", `${object(at.object)} ${number}`),
      line?.status && h("span", plain(line.status)),
      line?.priority && badge(plain(line.priority), urgent(line.priority)),
      line && crmLink(line.record.link, w.openInCrm, subject),
    ),
    h("h1", { tabindex: "-1", id: "title" }, subject),
  );
  if (focused) byId("title").focus();
}

/** The agent's earlier drafts on this record: `drafts` are newest first. */
export function showPast(desk, drafts) {
  const list = h("ul.lines", drafts.map((draft) => draftLine(draft, desk)));
  const open = Boolean(byId("past").querySelector("[open]"));
  const box = h("details.settings", { open }, h("summary", say(w.history, drafts.length)), list);
  byId("past").replaceChildren(...(drafts.length ? [box] : []));
}

export function showWelcome(tab) {
  byId("record").replaceChildren();
  byId("work").replaceChildren(
    h(
      "section.welcome",
      h("h1", { tabindex: "-1", id: "title" }, say(w.welcome, noun(tab))),
      h("p", w.welcomeLead),
      h("ul", w.welcomeLines.map((text) => h("li", text))),
    ),
  );
}

/** One disclosure for all buttons: the union of their purposes, targets and fields. */
function settings(actions) {
  const purposes = Object.assign({}, ...actions.map((action) => action.purposes));
  const targets = [...new Set(actions.flatMap((action) => action.targets))];
  const fields = {};
  for (const [name, names] of actions.flatMap((action) => Object.entries(action.fields)))
    fields[name] = [...new Set([...(fields[name] ?? []), ...names])];
  const summary = h("summary");
  const group = ([name, names]) =>
    h("fieldset", h("legend", object(name)), h("div.boxes", names.map((one) => check(name, one))));
  const box = h(
    "details.settings",
    { onchange: () => summarize(box, summary) },
    summary,
    h(
      "div.pair",
      choice("purpose", w.purpose, Object.entries(purposes), actions[0].purpose),
      choice("target", w.writeTo, [["", w.bestPlace], ...targets.map((name) => [name, w.targets[name] ?? name])]),
    ),
    Object.entries(fields).map(group),
  );
  summarize(box, summary);
  return box;
}

function choice(name, label, entries, first = "") {
  const options = entries.map(([value, text]) => h("option", { value, selected: value === first }, known(text) || text));
  return h("label", h("span", label), h("select", { name }, options));
}

const check = (object_, name) =>
  h("label", h("input", { type: "checkbox", name: `${object_}.${name}`, checked: true }), h("span", field(name)));

const excluded = (box) => [...box.querySelectorAll("input:not(:checked)")].map((input) => input.name);

function summarize(box, summary) {
  const off = excluded(box).length;
  const purpose = box.querySelector("[name=purpose]").selectedOptions[0].textContent;
  summary.replaceChildren(off ? `${w.settings} (${say(w.switchedOff, off)})` : w.settings, `: ${purpose}`);
}

/** The options that concern this action, in the words of the API. */
function read(box, action) {
  const purpose = box.querySelector("[name=purpose]").value;
  const target = box.querySelector("[name=target]").value;
  const fields = excluded(box).filter((name) => {
    const [object_, ...rest] = name.split(".");
    return action.fields[object_]?.includes(rest.join("."));
  });
  return {
    ...(purpose in action.purposes && { purpose }),
    ...(action.targets.includes(target) && { target }),
    exclude_fields: fields,
  };
}
