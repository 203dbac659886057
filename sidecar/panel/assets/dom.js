// Makes elements. Strings become text nodes: nothing that a record says is ever read as HTML.

/** `properties`: on… are listeners, true and false set or leave out an attribute, the rest are attributes. */
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child || child === 0));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Say something to a screen reader without moving its place. */
export function announce(text) {
  byId("live").textContent = text;
}

/** A link into the CRM's own pages; plain text when the address is not a web address. */
export function crmLink(address, text, name) {
  if (!/^https?:\/\//.test(address)) return text ? h("span", {}, text) : null;
  const label = name ? `${text}: ${name} (new tab)` : `${text} (new tab)`;
  return h(
    "a",
    { href: address, target: "_blank", rel: "noopener noreferrer", class: "out", "aria-label": label },
    text,
  );
}

export function button(text, onclick, { kind = "", ...properties } = {}) {
  return h("button", { type: "button", class: `button ${kind}`, onclick, ...properties }, text);
}

export function badge(text, tone = "") {
  return h("span", { class: `badge ${tone}` }, text);
}
