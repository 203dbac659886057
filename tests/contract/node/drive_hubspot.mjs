// Drives @hubspot/api-client through OAuth, records, limits and settings, and prints what it saw as one JSON object.
// Usage: node drive_hubspot.mjs '{"url", "clientId", "clientSecret", "redirectUri", "user", "ticketId"}'
import assert from "node:assert/strict";

import { Client } from "@hubspot/api-client";

import { consent as allow } from "./consent.mjs";

const given = JSON.parse(process.argv[2]);
const seen = {};
const scopes = [
  "oauth", "tickets", "crm.objects.contacts.read", "crm.objects.contacts.write", "crm.objects.companies.read",
  "crm.objects.deals.read", "crm.objects.owners.read",
];

const consent = (address) => allow(address, "/oauth/authorize", given.user);

async function refused(promise) {
  try {
    await promise;
  } catch (error) {
    return { code: error.code, category: error.body?.category, message: error.body?.message, status: error.body?.status };
  }
  return "accepted";
}

// OAuth: the client builds the address for the real host; only the host is changed.
const hubspot = new Client({ basePath: given.url });
const real = hubspot.oauth.getAuthorizationUrl(given.clientId, given.redirectUri, scopes.join(" "), undefined, "s&1");
const back = await consent(real.replace("https://app.hubspot.com", given.url));
assert.equal(back.get("state"), "s&1");
const token = await hubspot.oauth.tokensApi.create(
  "authorization_code", back.get("code"), given.redirectUri, given.clientId, given.clientSecret,
);
assert.ok(token.accessToken.length > 300);
seen.token = [token.tokenType, token.expiresIn];
const replay = await refused(
  hubspot.oauth.tokensApi.create(
    "authorization_code", back.get("code"), given.redirectUri, given.clientId, given.clientSecret,
  ),
);
seen.replay = replay.status;
const fresh = await hubspot.oauth.tokensApi.create(
  "refresh_token", undefined, undefined, given.clientId, given.clientSecret, token.refreshToken,
);
seen.sameRefreshToken = fresh.refreshToken === token.refreshToken;
const about = await hubspot.oauth.accessTokensApi.get(fresh.accessToken);
seen.about = [about.user, about.hubId, about.tokenType];
const refresh = await hubspot.oauth.refreshTokensApi.get(fresh.refreshToken);
seen.refresh = [refresh.user, refresh.clientId === given.clientId];

// Records as that user.
seen.noToken = (await refused(new Client({ basePath: given.url }).crm.tickets.basicApi.getPage())).category;
hubspot.setAccessToken(fresh.accessToken);
const page = await hubspot.crm.tickets.basicApi.getPage(10, undefined, ["subject"], undefined, ["contacts"]);
seen.tickets = page.results.map((ticket) => ticket.properties.subject);
const ticket = await hubspot.crm.tickets.basicApi.getById(given.ticketId, ["subject", "hs_pipeline_stage"]);
seen.ticket = ticket.properties.subject;
const note = await hubspot.crm.objects.notes.basicApi.create({
  properties: { hs_timestamp: "2026-11-24T09:00:00.000Z", hs_note_body: "<p>Checked.</p>" },
  associations: [
    { to: { id: given.ticketId }, types: [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 228 }] },
  ],
});
seen.note = note.properties.hs_note_body;
const found = await hubspot.crm.tickets.searchApi.doSearch({ filterGroups: [], properties: ["subject"], limit: 10 });
seen.found = found.total;
seen.owners = (await hubspot.crm.owners.ownersApi.getPage()).results.length;

// What the app was not granted, and what ended.
const users = await refused(hubspot.settings.users.usersApi.getPage());
seen.users = [users.code, users.category];
await hubspot.oauth.refreshTokensApi.archive(fresh.refreshToken);
seen.archived = (
  await refused(
    hubspot.oauth.tokensApi.create(
      "refresh_token", undefined, undefined, given.clientId, given.clientSecret, fresh.refreshToken,
    ),
  )
).status;
console.log(JSON.stringify({ ...seen, accessToken: fresh.accessToken }));
