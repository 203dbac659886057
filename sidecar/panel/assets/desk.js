// The desk: keeps what is on show in the address (#case=…&draft=…), and runs one change at a time.

import * as api from "./api.js";
import { address, DRAFTS, showChooser } from "./chooser.js";
import { bar, changeView } from "./change.js";
import { $, $$, announce, byId, h } from "./dom.js";
import { draftView } from "./draft.js";
import { listen } from "./keys.js";
import { clearProblem, showProblem } from "./problem.js";
import { progressView } from "./progress.js";
import { receiptView } from "./receipt.js";
import { showHead, showPast, showRecord, showWelcome } from "./record.js";
import { mark, showSources } from "./sources.js";
import { offerLanguage, speak, w } from "./words.js";

const FRESH_MS = 60_000;
const NOWHERE = { object: "", id: "", draft: "" };
const desk = { me: null, actions: [], lists: {}, drafts: null, tab: "", at: NOWHERE, draft: null };
let running = false;
let read = 0;

function route() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const [[key, id] = []] = [...asked];
  const object = key === "case" ? desk.me.case_object : key;
  const known = desk.me.objects.some((one) => one.object === object);
  if (!known || !/^([A-Za-z0-9]{15}([A-Za-z0-9]{3})?|[0-9]{1,19})$/.test(id)) return NOWHERE;
  return { object, id, draft: asked.get("draft") ?? "" };
}

/** Show what the address names. */
async function open() {
  const before = desk.at;
  desk.at = route();
  clearProblem();
  document.body.classList.toggle("chosen", desk.at.id !== "");
  if (desk.draft?.id !== desk.at.draft) clear();
  if (desk.at.id && desk.at.id !== before.id && desk.tab !== DRAFTS) desk.tab = desk.at.object;
  if (!desk.at.id) showWelcome(desk.tab === DRAFTS ? desk.me.case_object : desk.tab);
  else if (desk.at.id !== before.id) showRecord(desk, line(), run);
  name();
  byId("title").focus();
  choose();
  lists();
  if (desk.at.draft && !desk.draft) await work(w.opening, () => api.load(desk.at.draft));
}

const line = () => desk.lists[desk.at.object]?.find((one) => one.record.id === desk.at.id);
const choose = () => showChooser(desk, turn);

function turn(tab) {
  desk.tab = tab;
  choose();
  lists();
}

/**
 * Read what the columns need: the list on show and the drafts if they are not there yet (or `again`), and the drafts on
 * this record. What is read again only because time has passed fails without a word.
 */
async function lists(again = { records: false, drafts: false }) {
  const { tab, at } = desk;
  const object = tab === DRAFTS ? at.object : tab;
  await attempt(async () => {
    if (object && (again.records || !desk.lists[object])) desk.lists[object] = await api.records(object);
    if (again.drafts || !desk.drafts) desk.drafts = await api.drafts();
    choose();
    const past = at.id && (await api.drafts({ record: at.id }));
    if (past && at.id === desk.at.id) showPast(desk, past);
    name();
  }, again.drafts);
}

/** Whether it went well; a failure beside the draft leaves the draft on show. */
async function attempt(step, silent = false) {
  try {
    await step();
    return true;
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
    if (!silent && !running) showProblem(error, desk.me?.installation ?? "", [[w.tryAgain, () => location.reload()]]);
    return false;
  }
}

/** The window carries the record's name; one that is not among the newest gets it from its draft. */
function name() {
  if (desk.at.id) showHead(desk, line());
  document.title = `${byId("title").textContent} | Private Assistant`;
}

function clear() {
  desk.draft = null;
  byId("sources").replaceChildren();
  if (desk.at.id) byId("work").replaceChildren(h("p.hint", w.hint));
}

function show(draft, focus) {
  desk.draft = draft;
  name();
  const action = desk.actions.find((one) => one.action === draft.action);
  const change = (text, step) => () => work(text, () => step(draft), { reload: true });
  const does = {
    apply: change(w.writing, api.apply),
    undo: change(w.takingBack, api.undo),
    look: change(w.looking, (known) => api.load(known.id)),
    discard: change(w.discarding, async (known) => api.load((await api.discard(known)).id)),
    again: () => $(`[data-action="${CSS.escape(draft.action)}"]`)?.click(),
    edit: (index, text) =>
      work(w.savingWords, () => api.edit(draft, index, text), { reload: true, focus: `#claim-${index} [data-edit]` }),
    rate: (body) => attempt(() => api.feedback(draft, body).then(() => announce(w.thanks))),
  };
  byId("work").replaceChildren(
    ...[draftView(draft, action, does), changeView(draft), receiptView(draft), bar(draft, does)].filter(Boolean),
  );
  showSources(draft);
  const first = $(".chip");
  first?.setAttribute("aria-pressed", "true");
  if (first) mark(draft, draft.claims[Number(first.dataset.claim)].citation);
  ((focus && $(focus)) || byId("state")).focus({ preventScroll: !focus });
}

/** Draft: the key makes a repeated request for this click return the same draft. */
function run(action, options) {
  const { object, id } = desk.at;
  const record = { crm: desk.me.crm, object, id };
  const body = { action: action.action, record, ...options, idempotency_key: api.newKey() };
  const send = () => {
    history.replaceState(null, "", address(desk, record));
    clear();
    const stop = new AbortController();
    return work(w.drafting, (onstep) => api.create(body, stop.signal, onstep), { again: send, stop });
  };
  return send();
}

/** One change at a time: buttons rest, progress shows at once, a problem keeps what was on show. */
async function work(text, step, { reload = false, again = null, focus = "", stop = null } = {}) {
  if (running) return;
  const here = location.hash;
  running = true;
  rest(true);
  clearProblem();
  const progress = progressView(text, stop && (() => stop.abort()));
  byId(desk.draft ? "doing" : "work").replaceChildren(progress.view);
  let problem = null;
  let draft = null;
  try {
    draft = await step(progress.onstep);
  } catch (error) {
    if (!(error instanceof api.Problem || error instanceof api.Stopped)) throw error;
    problem = error;
  } finally {
    progress.done();
    running = false;
    progress.view.remove();
    rest(false);
  }
  if (here !== location.hash) return open();
  if (problem instanceof api.Stopped) return stopped();
  if (problem) return fail(problem, { reload, again });
  history.replaceState(null, "", address(desk, desk.at, draft.id));
  desk.at = route();
  show(draft, focus);
  announce(byId("state").textContent);
  await lists({ drafts: true });
}

function stopped() {
  clear();
  announce(w.stopped);
  byId("work").prepend(h("p.hint", { id: "state", tabindex: "-1" }, w.stopped));
  byId("state").focus();
}

function fail(problem, { reload, again }) {
  const ways = [];
  if (reload && desk.draft) ways.push([w.loadAgain, () => work(w.opening, () => api.load(desk.draft.id))]);
  if (again && [0, 429, 502, 503].includes(problem.status)) ways.push([w.tryAgain, again]);
  if (!desk.draft) clear();
  showProblem(problem, desk.me.installation, ways);
}

function rest(resting) {
  byId("work").setAttribute("aria-busy", String(resting));
  for (const one of $$("[data-change]")) one.disabled = resting;
}

/** A desk that comes back into view reads its lists again; what is on show stays. */
function wake() {
  if (document.hidden || running || Date.now() - read < FRESH_MS) return;
  read = Date.now();
  lists({ records: true, drafts: true });
}

async function begin() {
  const ready = await attempt(async () => {
    [desk.me, desk.actions] = await Promise.all([api.me(), api.actions()]);
  });
  if (!ready) return;
  speak(desk.me.objects);
  desk.tab = desk.me.case_object;
  const { name: who, attributes, installation } = desk.me;
  const rights = attributes.access === "account-level" && w.byRule;
  const place = [attributes.profile ?? rights, installation].filter(Boolean).join(" · ");
  byId("who").replaceChildren(h("strong", who), h("span", place));
  read = Date.now();
  byId("chooser").setAttribute("aria-label", w.chooser);
  byId("sources").setAttribute("aria-label", w.sources);
  addEventListener("hashchange", open);
  addEventListener("visibilitychange", wake);
  await open();
}

const leave = () =>
  api.logout().then(
    () => location.assign("/"),
    (problem) => (problem.status === 401 ? location.assign("/") : showProblem(problem, desk.me?.installation ?? "")),
  );

byId("logout").addEventListener("click", leave);
byId("skip").addEventListener("click", () => (byId("title") ?? byId("main")).focus());
offerLanguage(byId("language"), w.pages);
listen();
begin();
