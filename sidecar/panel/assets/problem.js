// What went wrong, in the sidecar's own words, and the way on.

import { announce, button, byId, h, said } from "./dom.js";
import { known, say, w } from "./words.js";

export function clearProblem() {
  byId("problem").replaceChildren();
}

/** `ways` are further buttons as [text, onclick]; without a session the way on is to log in again. */
export function showProblem(problem, installation, ways = []) {
  const back = `/login?${new URLSearchParams({ installation, return_to: `/${location.hash}` })}`;
  const exits =
    problem.status === 401
      ? [h("a.button.primary", { href: back }, w.logInAgain)]
      : ways.map(([text, onclick]) => button(text, onclick));
  const named = ["rule", "request"].filter((name) => problem[name]).map((name) => say(w[name], problem[name]));
  const words = problem.status ? said : (text) => text;
  byId("problem").replaceChildren(
    h(
      "section.problem",
      { tabindex: "-1", id: "problem-box", "aria-labelledby": "problem-title" },
      h("h2", { id: "problem-title" }, words(problem.title)),
      problem.detail && h("p", words(problem.detail)),
      named.length > 0 && h("p.small", named.join(" · ")),
      h("p.row", exits, button(w.dismiss, clearProblem, { kind: "quiet" })),
    ),
  );
  announce(`${known(problem.title) || problem.title}. ${problem.detail}`);
  byId("problem-box").focus();
}
