// Thumbs under a draft, with a reason and a privacy flag. No free text: it would be personal data outside the CRM.

import { badge, button, h } from "./dom.js";
import { w } from "./words.js";

/** `given` is what the agent said before, or null; `rate(body)` sends, and is true when it was kept. */
export function feedbackView(given, rate) {
  const more = h("div");
  const done = h("span.small", given?.privacy && badge(w.privacyKept, "warn"));
  const send = async (body) => {
    if (!(await rate(body))) return;
    given = body;
    reflect();
    done.textContent = w.thanks;
  };
  const thumb = (rating, icon) =>
    button(h("span", h("span", { "aria-hidden": "true" }, `${icon} `), w[rating]), () => press(rating), {
      "data-rating": rating,
    });
  const press = (rating) => {
    send({ rating, reason: "", privacy: given?.privacy ?? false });
    more.replaceChildren(form(rating, given?.privacy, submit));
  };
  const submit = (body) => {
    more.replaceChildren();
    thumbs.find((one) => one.dataset.rating === body.rating).focus();
    send(body);
  };
  const thumbs = [thumb("up", "👍"), thumb("down", "👎")];
  const reflect = () => {
    for (const one of thumbs) one.setAttribute("aria-pressed", String(one.dataset.rating === given?.rating));
  };
  reflect();
  return h(
    "section.feedback",
    { "aria-labelledby": "feedback-title" },
    h("div.row", h("h3", { id: "feedback-title" }, w.useful), thumbs, done),
    more,
  );
}

function form(rating, flagged, submit) {
  const option = ([value, text]) => h("label", h("input", { type: "radio", name: "reason", value }), h("span", text));
  const onsubmit = (event) => {
    event.preventDefault();
    const said = new FormData(event.target);
    submit({ rating, reason: said.get("reason") ?? "", privacy: said.has("privacy") });
  };
  const privacy = h("input", { type: "checkbox", name: "privacy", checked: flagged });
  const reasons = h("fieldset", h("legend", w.why), h("div.boxes", Object.entries(w.reasons).map(option)));
  return h(
    "form",
    { onsubmit },
    rating === "down" && reasons,
    h("div.boxes", h("label", privacy, h("span", w.privacy))),
    h("button.button", w.send),
  );
}
