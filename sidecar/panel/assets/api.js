// Calls the sidecar's API. Every change carries the session's CSRF token.

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

async function call(method, path, { body, digest } = {}) {
  const headers = { Accept: "application/json" };
  if (body) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (digest) headers["If-Match"] = `"${digest}"`;
  let answer;
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), cache: "no-store", signal });
  } catch {
    throw new Problem({ title: "The sidecar does not answer", detail: "Check your connection, then load again." });
  }
  const found = await answer.json().catch(() => null);
  if (answer.ok && found) return found;
  const unread = { title: "The sidecar gave an answer that cannot be read", detail: "Load again in a moment." };
  throw new Problem({ status: answer.status, ...(found ?? unread) });
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

export const actions = async () => (await call("GET", "/v1/actions")).actions;
export const records = async () => (await call("GET", "/v1/records?limit=100")).records;
export const drafts = async () => (await call("GET", "/v1/drafts")).drafts;
export const create = (body) => call("POST", "/v1/drafts", { body });
export const load = (id) => call("GET", at(id));
export const edit = (draft, claim, text) =>
  call("PATCH", at(draft.id), { body: { edits: [{ claim, text }] }, digest: draft.digest });
export const apply = (draft) => call("POST", at(draft.id, "/apply"), { digest: draft.digest });
export const undo = (draft) => call("POST", at(draft.id, "/undo"));
export const discard = (draft) => call("POST", at(draft.id, "/discard"));
export const logout = () => call("POST", "/v1/logout");
