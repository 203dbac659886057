// More than sixty different calls of jsforce; prints what each of them gave as one JSON object.
// Usage: node calls.mjs '{"url", "clientId", "clientSecret", "redirectUri", "agent", "admin", "assertion", "case", "other"}'
import { Connection, OAuth2 } from "@jsforce/jsforce-node";

import { consent } from "./consent.mjs";

const given = JSON.parse(process.argv[2]);
const seen = {};
const version = "66.0";
const root = `/services/data/v${version}`;
const oauth2 = new OAuth2({
  loginUrl: given.url,
  clientId: given.clientId,
  clientSecret: given.clientSecret,
  redirectUri: given.redirectUri,
  useVerifier: true,
});

async function call(name, work) {
  try {
    seen[name] = (await work()) ?? null;
  } catch (error) {
    seen[name] = error.errorCode ?? error.message;
  }
}

async function logIn(username, scope = "api refresh_token openid") {
  const url = oauth2.getAuthorizationUrl({ scope });
  const back = await consent(url, "/services/oauth2/authorize", username);
  const connection = new Connection({ oauth2, version });
  await connection.authorize(back.get("code"));
  return connection;
}

const ben = await logIn(given.agent);
const nora = await logIn(given.admin);
const name = "Harlow & Daughters";

// Who am I, and what is there.
await call("authorize", () => typeof ben.accessToken);
await call("identity", async () => (await ben.identity()).username);
await call("describeGlobal", async () => (await ben.describeGlobal()).maxBatchSize);
await call("describe", async () => (await ben.describe("Case")).keyPrefix);
await call("sobject describe", async () => (await ben.sobject("ContentVersion").describe()).deletable);
await call("limits", async () => (await ben.limits()).DailyApiRequests.Max);
await call("limitInfo", () => ben.limitInfo.apiUsage.limit);
await call("tabs", () => ben.tabs());
await call("versions", async () => (await ben.request("/services/data")).at(-1).version);
await call("root", async () => (await ben.request(root)).query);

// Queries.
await call("query", async () => (await ben.query("SELECT Id FROM Case")).totalSize);
await call("query count", async () => (await nora.query("SELECT COUNT() FROM Case")).totalSize);
await call("query group", async () => (await nora.query("SELECT Status, COUNT(Id) n FROM Case GROUP BY Status")).records.length);
await call("query parent", async () => {
  const found = await ben.query(`SELECT Contact.Account.Name FROM Case WHERE Id = '${given.case}'`);
  return found.records[0].Contact.Account.Name;
});
await call("query children", async () => {
  const found = await ben.query(`SELECT (SELECT Id FROM EmailMessages) FROM Case WHERE Id = '${given.case}'`);
  return found.records[0].EmailMessages.totalSize;
});
await call("query events", () => new Promise((resolve, reject) => {
  let records = 0;
  nora.query("SELECT Id FROM Case").on("record", () => { records += 1; }).on("end", () => resolve(records)).on("error", reject).run({ autoFetch: true });
}));
await call("query bad field", () => ben.query("SELECT Damage_Estimate__c FROM Case"));
await call("query bad object", () => ben.query("SELECT Id FROM Boat__c"));
await call("query malformed", () => ben.query("SELECT Id FROM Case WHERE"));
await call("find", async () => (await nora.sobject("Account").find({ Name: name }, "Id, Name")).length);
await call("find like", async () => (await nora.sobject("Account").find({ Name: { $like: "Pel%" } }, ["Name"]))[0].Name);
await call("findOne", async () => (await nora.sobject("Contact").findOne({ LastName: "Vaughan" }, "Email")).Email);
await call("count", () => nora.sobject("Case").count({ Status: "New" }));
await call("select", async () => (await ben.sobject("Case").select("Subject").where({ Id: given.case })).length);
await call("sort and limit", async () => (await nora.sobject("Case").find().select("CaseNumber").sort("-CaseNumber").limit(1))[0].CaseNumber);
await call("skip", async () => (await nora.sobject("Case").find({}, "CaseNumber").sort({ CaseNumber: 1 }).skip(1).limit(1))[0].CaseNumber);
await call("include", async () => {
  const found = await ben.sobject("Case").find({ Id: given.case }, "Id").include("CaseComments").select("CommentBody").end();
  return found[0].CaseComments.totalSize;
});
await call("search", async () => (await ben.search("FIND {outboard} IN ALL FIELDS RETURNING Case(Id)")).searchRecords.length);
await call("parameterizedSearch", async () => {
  const body = { q: "idris", sobjects: [{ name: "Contact", fields: ["Name"] }] };
  return (await ben.requestPost(`${root}/parameterizedSearch`, body)).searchRecords[0].Name;
});

// One record.
const task = { WhatId: given.case, Subject: "Order gasket", Status: "Not Started" };
await call("create", async () => (seen.task = (await ben.create("Task", task)).id) && true);
await call("retrieve", async () => (await ben.retrieve("Task", seen.task)).Subject);
await call("retrieve fields", async () => Object.keys(await ben.sobject("Task").retrieve(seen.task, { fields: ["Id"] })).length);
await call("update", async () => (await ben.update("Task", { Id: seen.task, Status: "Completed" })).success);
await call("record retrieve", async () => (await ben.sobject("Task").record(seen.task).retrieve()).IsClosed);
await call("record update", async () => (await ben.sobject("Task").record(seen.task).update({ Priority: "High" })).success);
await call("recent", async () => (await ben.recent()).some((item) => item.Id === seen.task));
await call("recent of one", async () => (await ben.sobject("Task").recent()).length > 0);
await call("destroy", async () => (await ben.destroy("Task", seen.task)).success);
await call("destroyed", () => ben.sobject("Task").retrieve(seen.task));
await call("record destroy", async () => {
  const made = await ben.sobject("Task").create(task);
  return (await ben.sobject("Task").record(made.id).destroy()).success;
});
delete seen.task;
await call("hidden record", () => ben.retrieve("Case", given.other));
await call("read-only field", () => ben.update("Case", { Id: given.case, Priority: "Low" }));
await call("required field", () => ben.create("CaseComment", { CommentBody: "x" }));
await call("comment", async () => (await ben.create("CaseComment", { ParentId: given.case, CommentBody: "Ordered." })).success);
await call("draft", async () => {
  const draft = { ParentId: given.case, Status: "5", Subject: "Re", TextBody: "Soon." };
  return (await ben.create("EmailMessage", draft)).success;
});
await call("upsert", async () => (await ben.upsert("Writeback__c", { Key__c: "k 1", Kind__c: "task" }, "Key__c")).created);
await call("upsert again", async () => (await ben.upsert("Writeback__c", { Key__c: "k 1", Kind__c: "note" }, "Key__c")).created);
await call("request put", () => ben.requestPut(`${root}/limits`, {}));
await call("request patch", () => ben.requestPatch(`${root}/sobjects/Case/${given.case}`, { Status: "Closed" }, { headers: { "Sforce-Auto-Assign": "FALSE" } }));
await call("request get", async () => (await ben.requestGet(`${root}/sobjects/Case/${given.case}`)).Status);

// Collections and composites.
const pair = [{ ...task, Subject: "a" }, { ...task, Subject: "b" }];
let ids = [];
await call("create many", async () => (ids = (await ben.create("Task", pair)).map((result) => result.id)).length);
await call("retrieve many", async () => (await ben.retrieve("Task", ids)).map((record) => record.Subject).join());
await call("update many", async () => (await ben.update("Task", ids.map((Id) => ({ Id, Status: "Completed" })))).every((result) => result.success));
await call("allOrNone", () => ben.create("Task", [{ Subject: "x" }, { Nonsense__c: 1 }], { allOrNone: true }).then((all) => all.map((one) => one.errors[0].statusCode ?? one.errors[0].errorCode)));
await call("upsert many", async () => (await ben.upsert("Writeback__c", [{ Key__c: "k2" }, { Key__c: "k3" }], "Key__c")).map((result) => result.created));
await call("destroy many", async () => (await ben.destroy("Task", ids)).every((result) => result.success));
await call("composite", async () => {
  const parts = [
    { method: "POST", url: `${root}/sobjects/Task`, referenceId: "t", body: task },
    { method: "GET", url: `${root}/sobjects/Task/@{t.id}`, referenceId: "back" },
  ];
  const answer = await ben.requestPost(`${root}/composite`, { allOrNone: true, compositeRequest: parts });
  return answer.compositeResponse.map((part) => part.httpStatusCode);
});
await call("batch", async () => {
  const parts = [{ method: "GET", url: `v${version}/limits` }, { method: "GET", url: `v${version}/nothing` }];
  return (await ben.requestPost(`${root}/composite/batch`, { batchRequests: parts })).results.map((part) => part.statusCode);
});
await call("tree", async () => {
  const record = { attributes: { type: "Account", referenceId: "a" }, Name: "Mole", Contacts: { records: [{ attributes: { type: "Contact", referenceId: "c" }, LastName: "Mole" }] } };
  return (await nora.requestPost(`${root}/composite/tree/Account`, { records: [record] })).results.length;
});
await call("updated", async () => (await nora.sobject("Case").updated(new Date(Date.now() - 86_400_000), new Date())).ids.length >= 0);
await call("deleted", async () => (await nora.deleted("Task", new Date(Date.now() - 86_400_000), new Date())).deletedRecords.length >= 0);
await call("scanAll", async () => (await ben.query("SELECT Id FROM Task WHERE IsDeleted = true", { scanAll: true })).totalSize);

// Bulk, files, Chatter.
nora.bulk2.pollInterval = 250;
await call("bulk query", async () => (await (await nora.bulk2.query("SELECT Id, Owner.Name FROM Case")).toArray()).length);
await call("bulk queryAll", async () => (await (await nora.bulk2.query("SELECT Id FROM Task", { scanAll: true })).toArray()).length > 0);
await call("bulk job by hand", async () => {
  const made = await nora.requestPost(`${root}/jobs/query`, { query: "SELECT Id FROM Account", operation: "query" });
  const states = [made.state];
  const job = nora.bulk2.job("query", { id: made.id });
  await job.poll();
  states.push((await job.check()).state, (await (await job.result()).toArray()).length > 0);
  await job.delete();
  return states;
});
await call("bulk abort", async () => {
  const made = await nora.requestPost(`${root}/jobs/query`, { query: "SELECT Id FROM Account", operation: "query" });
  return (await nora.bulk2.job("query", { id: made.id }).abort()).state;
});
await call("bulk refused", () => nora.bulk2.query("SELECT Id, (SELECT Id FROM Contacts) FROM Account"));
let file;
await call("upload", async () => {
  const body = { PathOnClient: "tide.txt", VersionData: Buffer.from("High at noon").toString("base64"), FirstPublishLocationId: given.case };
  file = (await ben.create("ContentVersion", body)).id;
  return file.slice(0, 3);
});
await call("blob", async () => {
  const chunks = [];
  for await (const chunk of ben.sobject("ContentVersion").record(file).blob("VersionData")) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
});
await call("links", async () => (await ben.query(`SELECT ContentDocument.Title FROM ContentDocumentLink WHERE LinkedEntityId = '${given.case}'`)).records[0].ContentDocument.Title);
await call("links unfiltered", () => ben.query("SELECT Id FROM ContentDocumentLink"));
await call("chatter me", async () => (await ben.chatter.resource("/users/me").retrieve()).username);
await call("chatter post", async () => {
  const body = { body: { messageSegments: [{ type: "Text", text: "Done." }] }, feedElementType: "FeedItem", subjectId: given.case };
  return (await ben.chatter.resource("/feed-elements").create(body)).type;
});
await call("chatter feed", async () => (await ben.chatter.resource(`/feeds/record/${given.case}/feed-elements`).retrieve()).elements.length);
await call("feed query", async () => (await ben.query(`SELECT Body FROM FeedItem WHERE ParentId = '${given.case}'`)).records[0].Body);

// Coming and going.
await call("refreshToken", async () => {
  const answer = await oauth2.refreshToken(ben.refreshToken);
  ben.refreshToken = answer.refresh_token;
  return answer.token_type;
});
await call("jwt bearer", async () => {
  const connection = new Connection({ oauth2: new OAuth2({ loginUrl: given.url }), version });
  await connection.authorize({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion: given.assertion });
  return (await connection.query("SELECT COUNT() FROM Case")).totalSize;
});
await call("login by SOAP", async () => {
  const connection = new Connection({ loginUrl: given.url, version: "60.0" });
  await connection.login(given.agent, "anything");
  return (await connection.query("SELECT COUNT() FROM Case")).totalSize;
});
await call("login by SOAP refused", () => new Connection({ loginUrl: given.url, version: "60.0" }).login("ghost@x.example", "x"));
await call("logout", async () => {
  const token = ben.accessToken;
  await ben.logout(true);
  return new Connection({ instanceUrl: given.url, accessToken: token, version }).query("SELECT Id FROM Case");
});

console.log(JSON.stringify(seen));
