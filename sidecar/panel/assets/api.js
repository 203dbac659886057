// Calls the sidecar's API. Every change carries the session's CSRF token.

import { w } from "./words.js";

const PATIENCE_MS = 120_000;
let csrf = "";

/** The sidecar said no, or did not answer (status 0). The body is its problem document (RFC 9457). */
export class Problem extends Error {
  constructor(body) {
    super(body.title);
    this.status = body.status ?? 0;
    this.title = body.title;
    this.detail = body.detail ?? "";
    this.rule = body.rule ?? "";
    this.request = body.request ?? "";
  }
}

/** The agent did not want to wait any longer. */
export class Stopped extends Error {}

const own = ([title, detail], status = 0) => new Problem({ title, detail, status });

async function call(method, path, { body, digest, stop, onstep } = {}) {
  const headers = { Accept: onstep ? "text/event-stream, application/json;q=0.5" : "application/json" };
  if (body) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (digest) headers["If-Match"] = `"${digest}"`;
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const signal = stop ? AbortSignal.any([stop, patience]) : patience;
  try {
    const sent = body && JSON.stringify(body);
    const answer = await fetch(path, { method, headers, body: sent, cache: "no-store", signal });
    if (answer.headers.get("Content-Type")?.startsWith("text/event-stream")) return await follow(answer.body, onstep);
    const found = await answer.json().catch(() => null);
    if (answer.ok && found) return found;
    throw found ? new Problem({ status: answer.status, ...found }) : own(w.unread, answer.status);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw stop?.aborted ? new Stopped() : own(w.silent);
  }
}

/** Server-Sent Events: each "progress" goes to `onstep`, then one "draft" or "problem" ends the stream. */
async function follow(body, onstep) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const events = (text + part.value).split(/\r?\n\r?\n/);
    text = events.pop();
    for (const { event, data } of events.map(parse)) {
      if (event === "progress") onstep(data);
      if (event === "draft") return data;
      if (event === "problem") throw new Problem(data);
    }
  }
  throw own(w.silent);
}

/** One event's fields; a comment line (a sign of life) has none. */
function parse(block) {
  const fields = { event: "", data: "" };
  for (const line of block.split(/\r?\n/)) {
    const [, name, value] = /^(event|data): ?(.*)$/.exec(line) ?? [];
    if (name) fields[name] += value;
  }
  return { event: fields.event, data: fields.data && JSON.parse(fields.data) };
}

export async function me() {
  const found = await call("GET", "/v1/me");
  csrf = found.csrf;
  return found;
}

/** A key that makes a repeated request for the same click return the same draft. */
export const newKey = () =>
  crypto.getRandomValues(new Uint32Array(6)).reduce((key, part) => key + part.toString(36), "");

const at = (id, step = "") => `/v1/drafts/${encodeURIComponent(id)}${step}`;
const list = (path, query) => call("GET", `${path}?${new URLSearchParams(query)}`);

export const actions = async () => (await call("GET", "/v1/actions")).actions;
export const records = async (object) => (await list("/v1/records", { object, limit: 100 })).records;
export const drafts = async (query = {}) => (await list("/v1/drafts", query)).drafts;
export const create = (body, stop, onstep) => call("POST", "/v1/drafts", { body, stop, onstep });
export const load = (id) => call("GET", at(id));
export const edit = (draft, claim, text) =>
  call("PATCH", at(draft.id), { body: { edits: [{ claim, text }] }, digest: draft.digest });
export const apply = (draft) => call("POST", at(draft.id, "/apply"), { digest: draft.digest });
export const undo = (draft) => call("POST", at(draft.id, "/undo"));
export const discard = (draft) => call("POST", at(draft.id, "/discard"));
export const feedback = (draft, body) => call("POST", at(draft.id, "/feedback"), { body });
export const logout = () => call("POST", "/v1/logout");
