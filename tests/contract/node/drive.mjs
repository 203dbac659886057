// Drives jsforce through everything the sandbox promises and prints what it saw as one JSON object.
// Usage: node drive.mjs '{"loginUrl", "clientId", "clientSecret", "redirectUri", "username", "caseId"}'
import assert from "node:assert/strict";

import { Connection, OAuth2 } from "@jsforce/jsforce-node";

import { consent as allow } from "./consent.mjs";

const given = JSON.parse(process.argv[2]);
const seen = {};

const consent = (address) => allow(address, "/services/oauth2/authorize", given.username);

async function refused(promise) {
  try {
    await promise;
  } catch (error) {
    return error.errorCode ?? error.name;
  }
  return "accepted";
}

// The web-server flow: jsforce sends a code_challenge without a method, and a chunked token request.
const oauth2 = new OAuth2({
  loginUrl: given.loginUrl,
  clientId: given.clientId,
  clientSecret: given.clientSecret,
  redirectUri: given.redirectUri,
  useVerifier: true,
});
const back = await consent(oauth2.getAuthorizationUrl({ scope: "api refresh_token openid", state: "s&1" }));
assert.equal(back.get("state"), "s&1");
const connection = new Connection({ oauth2, version: "66.0" });
await connection.authorize(back.get("code"));
const refreshToken = connection.refreshToken;
assert.ok(connection.accessToken && refreshToken);

const identity = await connection.identity();
seen.identity = { username: identity.username, organization: identity.organization_id };

// Query and queryMore.
const first = await connection.query("SELECT Id, Name FROM Account ORDER BY Name", {
  headers: { "Sforce-Query-Options": "batchSize=200" },
});
const second = await connection.queryMore(first.nextRecordsUrl);
seen.query = { total: first.totalSize, first: first.records.length, second: second.records.length, done: second.done };
const fetched = await connection.query("SELECT Id FROM Account", { autoFetch: true, maxFetch: 1000 });
seen.autoFetch = fetched.records.length;
const parent = await connection.query(
  "SELECT Subject, Contact.Name, (SELECT Id FROM EmailMessages) FROM Case WHERE Id = '" + given.caseId + "'",
);
seen.parent = { contact: parent.records[0].Contact.Name, emails: parent.records[0].EmailMessages.totalSize };

// One record.
const task = { WhatId: given.caseId, Subject: "Order gasket", Status: "Not Started", Priority: "Normal" };
const made = await connection.sobject("Task").create(task);
await connection.sobject("Task").update({ Id: made.id, Status: "Completed" });
seen.task = (await connection.sobject("Task").retrieve(made.id)).Status;
await connection.sobject("Task").destroy(made.id);
seen.gone = await refused(connection.sobject("Task").retrieve(made.id));

// Collections: one good record and one bad one, with and without allOrNone.
const pair = [task, { Subject: "x", Nonsense__c: 1 }];
const mixed = await connection.sobject("Task").create(pair);
seen.collection = mixed.map((result) => (result.success ? "ok" : result.errors[0].errorCode ?? result.errors[0].statusCode));
const strict = await connection.sobject("Task").create(pair, { allOrNone: true }).catch((error) => error);
seen.allOrNone = strict.errorCode ?? strict.map((result) => result.errors[0].errorCode ?? result.errors[0].statusCode);
const many = await connection.sobject("Case").retrieve([given.caseId, "500TW0000000099"]);
seen.retrieved = many.map((record) => record && record.Subject);

// Upsert by external id: created once, updated after.
const key = { Key__c: "jsforce-1", Kind__c: "task" };
seen.upsert = [];
for (let turn = 0; turn < 2; turn += 1) {
  const result = await connection.sobject("Writeback__c").upsert(key, "Key__c");
  seen.upsert.push(result.created);
}

// Composite, as the write-back does it.
const composite = await connection.requestPost("/services/data/v66.0/composite", {
  allOrNone: true,
  compositeRequest: [
    { method: "POST", url: "/services/data/v66.0/sobjects/Task", referenceId: "t", body: task },
    { method: "GET", url: "/services/data/v66.0/sobjects/Task/@{t.id}", referenceId: "back" },
  ],
});
seen.composite = composite.compositeResponse.map((part) => part.httpStatusCode);

// A bulk query in one page, a file, a search, Chatter.
connection.bulk2.pollInterval = 300;
const exported = await connection.bulk2.query("SELECT Id, Name, Owner.Name FROM Account ORDER BY Name");
const rows = await exported.toArray();
seen.bulk = { rows: rows.length, first: rows[0].Name, owner: rows[0]["Owner.Name"] };
seen.bulkRefused = await refused(connection.bulk2.query("SELECT COUNT(Id) FROM Account GROUP BY Name"));
const file = await connection.sobject("ContentVersion").create({
  PathOnClient: "tide.txt",
  VersionData: Buffer.from("High at noon").toString("base64"),
  FirstPublishLocationId: given.caseId,
});
const chunks = [];
for await (const chunk of connection.sobject("ContentVersion").record(file.id).blob("VersionData")) {
  chunks.push(chunk);
}
seen.file = Buffer.concat(chunks).toString();
const hits = await connection.search("FIND {outboard} RETURNING Case(Subject)");
seen.search = hits.searchRecords.map((record) => record.Subject);
const post = await connection.chatter.resource("/feed-elements").create({
  body: { messageSegments: [{ type: "Text", text: "Done." }] },
  feedElementType: "FeedItem",
  subjectId: given.caseId,
});
const me = await connection.chatter.resource("/users/me").retrieve();
seen.chatter = { post: post.body.text, me: me.username };

// Errors.
seen.badField = await refused(connection.query("SELECT Nonsense__c FROM Case"));
seen.badType = await refused(connection.query("SELECT Id FROM Nonsense"));

// A dead access token: jsforce refreshes by itself and repeats the call; the third argument is the rotated token.
let rotated;
connection.on("refresh", (_token, response) => {
  rotated = response.refresh_token;
});
connection.accessToken = "00DTW0000000001!dead";
seen.afterRefresh = (await connection.query("SELECT Id FROM Case")).totalSize;
assert.ok(rotated && rotated !== refreshToken);

// Replaying the retired refresh token kills the family.
seen.replay = await refused(oauth2.refreshToken(refreshToken));
seen.family = await refused(oauth2.refreshToken(rotated));

// A fresh login, revoked.
const again = await consent(oauth2.getAuthorizationUrl({ scope: "api refresh_token" }));
const token = await oauth2.requestToken(again.get("code"));
await oauth2.revokeToken(token.refresh_token);
seen.revoked = await refused(oauth2.refreshToken(token.refresh_token));

console.log(JSON.stringify(seen));
