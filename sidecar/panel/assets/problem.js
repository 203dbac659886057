// What went wrong, in the sidecar's own words, and the way on.

import { announce, button, byId, h } from "./dom.js";

export function clearProblem() {
  byId("problem").replaceChildren();
}

/** `ways` are further buttons as [text, onclick]; without a session the way on is to log in again. */
export function showProblem(problem, installation, ways = []) {
  const back = `/login?${new URLSearchParams({ installation, return_to: `/${location.hash}` })}`;
  const exits =
    problem.status === 401
      ? [h("a", { class: "button primary", href: back }, "Log in again")]
      : ways.map(([text, onclick]) => button(text, onclick));
  const small = [problem.rule && `Rule: ${problem.rule}`, problem.request && `Request: ${problem.request}`].filter(
    Boolean,
  );
  byId("problem").replaceChildren(
    h(
      "section",
      { class: "problem", tabindex: "-1", id: "problem-box", "aria-labelledby": "problem-title" },
      h("h2", { id: "problem-title" }, problem.title),
      problem.detail && h("p", {}, problem.detail),
      small.length > 0 && h("p", { class: "small" }, small.join(" · ")),
      h("p", { class: "row" }, exits, button("Dismiss", clearProblem, { kind: "quiet" })),
    ),
  );
  announce(`${problem.title}. ${problem.detail}`);
  byId("problem-box").focus();
}
