// A user at the sandbox's consent page, without a browser.
import assert from "node:assert/strict";

/** Press Allow as `user`; the query of the address that the app is sent back to. */
export async function consent(authorizeUrl, path, user) {
  const page = await (await fetch(authorizeUrl)).text();
  const form = new URLSearchParams({ user, decision: "allow" });
  for (const [, name, value] of page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)) {
    form.set(name, value.replaceAll("&amp;", "&"));
  }
  const answer = await fetch(new URL(path, authorizeUrl), { method: "POST", body: form, redirect: "manual" });
  assert.equal(answer.status, 302);
  return new URL(answer.headers.get("location")).searchParams;
}
