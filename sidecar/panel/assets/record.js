// The head of the main column: which case this is, the scoped buttons, and what a draft may use.

import { badge, button, byId, crmLink, h } from "./dom.js";
import { parts, urgent } from "./chooser.js";
import { Noun, TARGETS, field, noun, object } from "./words.js";

/** `line` is the case in the chooser, or null when it is not among the newest; `run(action, options)` drafts. */
export function showRecord(line, caseId, actions, run) {
  const { number, subject } = parts(line?.record.title ?? `${Noun()} ${caseId}`);
  const options = actions.length ? settings(actions) : null;
  const start = (action) => run(action, read(options, action));
  const head = [
    h("a", { href: "#", class: "back" }, `← All ${noun()}s`),
    h(
      "header",
      { class: "record" },
      h(
        "div",
        { class: "meta" },
        number && h("span", {}, `${Noun()} ${number}`),
        line && h("span", {}, line.status),
        line?.priority && badge(line.priority, urgent(line.priority)),
        line && crmLink(line.record.link, "Open in CRM", subject),
      ),
      h("h1", { tabindex: "-1", id: "title" }, subject),
    ),
    h(
      "div",
      { class: "ask" },
      actions.map((action) =>
        button(action.title, () => start(action), { "data-change": true, "data-action": action.action }),
      ),
    ),
    options,
  ];
  byId("record").replaceChildren(...head.filter(Boolean));
}

export function showWelcome() {
  byId("record").replaceChildren();
  byId("work").replaceChildren(
    h(
      "section",
      { class: "welcome" },
      h("h1", { tabindex: "-1", id: "title" }, `Choose a ${noun()}`),
      h("p", {}, "Then press a button: you get a draft in which every sentence shows where it was read."),
      h(
        "ul",
        {},
        h("li", {}, "It is read with your own rights, at the moment you press."),
        h("li", {}, "You see what was left out and what was masked, and why."),
        h("li", {}, "Nothing is written to the CRM until you press Apply."),
      ),
    ),
  );
}

/** One disclosure for all buttons: the union of their purposes, targets and fields. */
function settings(actions) {
  const purposes = Object.assign({}, ...actions.map((action) => action.purposes));
  const targets = [...new Set(actions.flatMap((action) => action.targets))];
  const fields = {};
  for (const action of actions) {
    for (const [name, names] of Object.entries(action.fields))
      fields[name] = [...new Set([...(fields[name] ?? []), ...names])];
  }
  const summary = h("summary", {}, "What a draft may use");
  const box = h(
    "details",
    { class: "settings", onchange: () => count(box, summary) },
    summary,
    h(
      "div",
      { class: "pair" },
      choice("purpose", "Purpose", Object.entries(purposes)),
      choice("target", "Write to", [
        ["", "Best place there is"],
        ...targets.map((name) => [name, TARGETS[name] ?? name]),
      ]),
    ),
    Object.entries(fields).map(([name, names]) =>
      h(
        "fieldset",
        {},
        h("legend", {}, object(name)),
        h(
          "div",
          { class: "boxes" },
          names.map((one) => check(name, one)),
        ),
      ),
    ),
  );
  return box;
}

function choice(name, label, entries) {
  return h(
    "label",
    {},
    h("span", {}, label),
    h(
      "select",
      { name },
      entries.map(([value, text]) => h("option", { value }, text)),
    ),
  );
}

function check(object_, name) {
  return h(
    "label",
    {},
    h("input", { type: "checkbox", name: `${object_}.${name}`, checked: true }),
    h("span", {}, field(name)),
  );
}

function excluded(box) {
  return [...box.querySelectorAll("input:not(:checked)")].map((input) => input.name);
}

function count(box, summary) {
  const off = excluded(box).length;
  summary.textContent = off ? `What a draft may use (${off} switched off)` : "What a draft may use";
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
