// Makes elements. Strings become text nodes: nothing that a record says is ever read as HTML.

import { known, w } from "./words.js";

/**
 * h("p.small", { id: "x" }, "text"): classes follow the tag, properties may be left out. Of these, on… are listeners,
 * true and false set or leave out an attribute, the rest are attributes. Children that are falsy are left out.
 */
export function h(kind, properties, ...children) {
  if (properties?.constructor !== Object) return h(kind, {}, properties, ...children);
  const [tag, ...classes] = kind.split(".");
  const element = document.createElement(tag);
  element.classList.add(...classes);
  for (const [name, value] of Object.entries(properties)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child || child === 0));
  return element;
}

export const byId = (id) => document.getElementById(id);
export const $ = (selector) => document.querySelector(selector);
export const $$ = (selector) => [...document.querySelectorAll(selector)];

/** Say something to a screen reader without moving its place. */
export function announce(text) {
  byId("live").textContent = text;
}

/** A link into the CRM's own pages; plain text when the address is not a web address. */
export function crmLink(address, text, name) {
  if (!/^https?:\/\//.test(address)) return text ? h("span", text) : null;
  const label = `${text}${name ? `: ${name}` : ""} (${w.newTab})`;
  const properties = { href: address, target: "_blank", rel: "noopener noreferrer", "aria-label": label };
  return h("a.out", properties, text);
}

export function button(text, onclick, { kind = "", ...properties } = {}) {
  return h(`button.button${kind && `.${kind}`}`, { type: "button", onclick, ...properties }, text);
}

export function badge(text, tone = "") {
  return h(`span.badge${tone && `.${tone}`}`, text);
}

/** Words for those who do not see the page. */
export const unseen = (text) => h("span.unseen", text);

/** Words that the server gives: in the page's language when the dictionary knows them, else in English. */
export const said = (text) => h("span", { lang: !known(text) && "en" }, known(text) || text);
