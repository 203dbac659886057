// The desk: keeps what is on show in the address (#case=…&draft=…), and runs one change at a time.

import * as api from "./api.js";
import { address, showChooser } from "./chooser.js";
import { bar, changeView } from "./change.js";
import { announce, byId, h } from "./dom.js";
import { draftView } from "./draft.js";
import { clearProblem, showProblem } from "./problem.js";
import { receiptView } from "./receipt.js";
import { showRecord, showWelcome } from "./record.js";
import { mark, showSources } from "./sources.js";
import { noun, speak } from "./words.js";

const SLOW_MS = 4000;
const HINT = "Press a button above. You see a draft first; nothing is written until you press Apply.";
const drafting = () => `Reading the ${noun()} as you, then checking every sentence against its source…`;
const desk = { me: null, actions: [], records: null, drafts: null, at: { case: "", draft: "" }, draft: null };
let running = false;

function route() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const id = asked.get("case") ?? "";
  return /^([A-Za-z0-9]{15}([A-Za-z0-9]{3})?|[0-9]{1,19})$/.test(id) ? { case: id, draft: asked.get("draft") ?? "" } : { case: "", draft: "" };
}

/** Show what the address names. */
async function open() {
  const before = desk.at;
  desk.at = route();
  clearProblem();
  showChooser(desk);
  document.body.classList.toggle("chosen", desk.at.case !== "");
  if (desk.draft?.id !== desk.at.draft) clear(desk.at.case);
  if (!desk.at.case) {
    showWelcome();
    name();
  }
  if (desk.at.case && desk.at.case !== before.case) head();
  byId("title").focus();
  if (desk.at.draft && !desk.draft) await work("Opening the draft…", () => api.load(desk.at.draft));
}

function head() {
  const line = desk.records?.find((one) => one.record.id === desk.at.case) ?? null;
  showRecord(line, desk.at.case, desk.actions, run);
  name();
}

/** The window carries the case's name; a case that is not among the newest gets it from its draft. */
function name() {
  const title = byId("title");
  if (desk.draft && !desk.records.some((line) => line.record.id === desk.at.case))
    title.textContent = desk.draft.record.title;
  document.title = `${title.textContent} | Private Assistant`;
}

function clear(chosen) {
  desk.draft = null;
  byId("sources").replaceChildren();
  if (chosen) byId("work").replaceChildren(h("p", { class: "hint" }, HINT));
}

function show(draft, focus) {
  desk.draft = draft;
  name();
  const action = desk.actions.find((one) => one.action === draft.action);
  const change = (text, step) => () => work(text, () => step(draft), { reload: true });
  const does = {
    apply: change("Writing to the CRM…", api.apply),
    undo: change("Taking it back…", api.undo),
    look: change("Looking again…", (known) => api.load(known.id)),
    discard: change("Discarding…", async (known) => api.load((await api.discard(known)).id)),
    again: () => document.querySelector(`[data-action="${CSS.escape(draft.action)}"]`)?.click(),
  };
  const edit = (index, text) =>
    work("Saving your words…", () => api.edit(draft, index, text), {
      reload: true,
      focus: `#claim-${index} [data-edit]`,
    });
  byId("work").replaceChildren(
    draftView(draft, action, edit),
    receiptView(draft),
    ...[changeView(draft)].filter(Boolean),
    bar(draft, does),
  );
  showSources(draft);
  const first = document.querySelector(".chip");
  first?.setAttribute("aria-pressed", "true");
  if (first) mark(draft, draft.claims[Number(first.dataset.claim)].citation);
  ((focus && document.querySelector(focus)) || byId("state")).focus({ preventScroll: !focus });
}

/** Draft: the key makes a repeated request for this click return the same draft. */
function run(action, options) {
  const record = { crm: desk.me.crm, object: desk.me.case_object, id: desk.at.case };
  const body = { action: action.action, record, ...options, idempotency_key: api.newKey() };
  const send = () => {
    history.replaceState(null, "", address(desk.at.case));
    clear();
    return work(drafting(), () => api.create(body), { again: send });
  };
  return send();
}

/** One change at a time: buttons rest, progress shows at once, a problem keeps what was on show. */
async function work(text, step, { reload = false, again = null, focus = "" } = {}) {
  if (running) return;
  const here = location.hash;
  running = true;
  rest(true);
  clearProblem();
  announce(text);
  const bar_ = h("p", { class: "progress" }, h("span", {}, text));
  byId(desk.draft ? "doing" : "work").replaceChildren(bar_);
  const slow = setTimeout(
    () => bar_.append(h("span", { class: "slow" }, " The CRM takes its time. You can wait.")),
    SLOW_MS,
  );
  let problem = null;
  let draft = null;
  try {
    draft = await step();
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
    problem = error;
  } finally {
    clearTimeout(slow);
    running = false;
    bar_.remove();
    rest(false);
  }
  if (here !== location.hash) return open();
  if (problem) return fail(problem, { reload, again });
  history.replaceState(null, "", address(desk.at.case, draft.id));
  desk.at = route();
  show(draft, focus);
  announce(byId("state").textContent);
  await refresh();
}

function fail(problem, { reload, again }) {
  const ways = [];
  if (reload && desk.draft)
    ways.push(["Load the draft again", () => work("Opening the draft…", () => api.load(desk.draft.id))]);
  if (again && [0, 429, 502, 503].includes(problem.status)) ways.push(["Try again", again]);
  if (!desk.draft) clear(desk.at.case);
  showProblem(problem, desk.me.installation, ways);
}

function rest(resting) {
  byId("work").setAttribute("aria-busy", String(resting));
  for (const one of document.querySelectorAll("[data-change]")) one.disabled = resting;
}

/** The lists beside the draft. A failure there leaves the draft on show. */
async function refresh() {
  try {
    desk.drafts = await api.drafts();
    showChooser(desk);
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
  }
}

/** Said only when it is not the agent's own rights that the CRM enforces. */
const rights = (me) => me.attributes.access === "account-level" && "access by rule (account-level app)";

async function begin() {
  try {
    desk.me = await api.me();
    speak(desk.me.noun);
    byId("who").replaceChildren(
      h("strong", {}, desk.me.name),
      h("span", {}, [desk.me.attributes.profile, desk.me.installation, rights(desk.me)].filter(Boolean).join(" · ")),
    );
    showChooser(desk);
    [desk.actions, desk.records, desk.drafts] = await Promise.all([api.actions(), api.records(), api.drafts()]);
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
    desk.records ??= [];
    desk.drafts ??= [];
    showChooser(desk);
    return showProblem(error, desk.me?.installation ?? "", [["Try again", () => location.reload()]]);
  }
  addEventListener("hashchange", open);
  await open();
}

async function leave() {
  try {
    await api.logout();
  } catch (error) {
    if (!(error instanceof api.Problem) || error.status !== 401) return showProblem(error, desk.me?.installation ?? "");
  }
  location.assign("/");
}

byId("logout").addEventListener("click", leave);
byId("skip").addEventListener("click", () => (byId("title") ?? byId("main")).focus());
begin();
