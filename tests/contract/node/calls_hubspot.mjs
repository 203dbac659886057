// More than sixty different calls of @hubspot/api-client; prints what each of them gave as one JSON object.
// Usage: node calls_hubspot.mjs '{"url", "control", "clientId", "clientSecret", "developerKey", "appId", "serviceKey",
//   "redirectUri", "user", "userId", "ownerId", "ticket", "mine", "theirs", "contact", "otherContact", "email",
//   "device", "serial"}'
import { Client } from "@hubspot/api-client";

import { consent as allow } from "./consent.mjs";

const given = JSON.parse(process.argv[2]);
const seen = {};
const now = "2026-11-24T09:00:00.000Z";
const client = (more = {}) => new Client({ basePath: given.url, ...more });

async function call(name, work) {
  try {
    seen[name] = (await work()) ?? null;
  } catch (error) {
    seen[name] = error.code ? `${error.code} ${error.body?.category ?? error.body?.status}` : String(error);
  }
}

async function behindTheirBacks(mutation, body) {
  const answer = await fetch(`${given.control}/orgs/meridian/mutations/${mutation}`, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
}

const consent = (address) => allow(address, "/oauth/authorize", given.user);

// Coming in.
const oauth = client().oauth;
const scopes = [
  "oauth", "tickets", "crm.objects.contacts.read", "crm.objects.contacts.write", "crm.objects.companies.read",
  "crm.objects.custom.read", "crm.objects.owners.read", "sales-email-read",
].join(" ");
const code = (scope = scopes) =>
  consent(oauth.getAuthorizationUrl(given.clientId, given.redirectUri, scope, "settings.users.read", "s").replace("https://app.hubspot.com", given.url));
const exchange = (found, secret = given.clientSecret, back = given.redirectUri) =>
  oauth.tokensApi.create("authorization_code", found, back, given.clientId, secret);
const refresh = (token) => oauth.tokensApi.create("refresh_token", undefined, undefined, given.clientId, given.clientSecret, token);
const back = await code();
let token = await exchange(back.get("code"));
await call("oauth state", () => back.get("state"));
await call("oauth token", () => [token.tokenType, token.expiresIn, token.accessToken.length > 300]);
await call("oauth code twice", () => exchange(back.get("code")));
await call("oauth bad code", () => exchange("guess"));
await call("oauth bad secret", async () => exchange((await code()).get("code"), "x"));
await call("oauth another redirect", async () => exchange((await code()).get("code"), given.clientSecret, "http://localhost:1717/callback"));
await call("oauth refresh", async () => {
  const before = token;
  token = await refresh(before.refreshToken);
  return [token.accessToken === before.accessToken, token.refreshToken === before.refreshToken];
});
await call("oauth bad refresh", () => refresh("x"));
await call("oauth access token", async () => {
  const about = await oauth.accessTokensApi.get(token.accessToken);
  return [about.user, about.hubId, about.userId, about.tokenType, about.scopes.includes("settings.users.read")];
});
await call("oauth unknown access token", () => oauth.accessTokensApi.get("x"));
await call("oauth refresh token", async () => {
  const about = await oauth.refreshTokensApi.get(token.refreshToken);
  return [about.user, about.clientId === given.clientId, about.tokenType];
});

const mira = client({ accessToken: token.accessToken }).crm;
const admin = client({ accessToken: given.serviceKey });
const key = admin.crm;
const ids = (page) => page.results.map((row) => row.id);
const column = { hs_pipeline: "0", hs_pipeline_stage: "1", hubspot_owner_id: given.ownerId };

// One record.
let made;
await call("tickets getPage", async () => (await mira.tickets.basicApi.getPage(7)).results.length);
await call("tickets second page", async () => {
  const first = await mira.tickets.basicApi.getPage(1);
  return ids(await mira.tickets.basicApi.getPage(1, first.paging.next.after))[0] === given.mine;
});
await call("tickets getAll", async () => (await mira.tickets.getAll(50)).length);
await call("tickets getAll of the account", async () => (await key.tickets.getAll(100)).length);
await call("tickets getById", async () => (await mira.tickets.basicApi.getById(given.ticket, ["subject"])).properties.subject.split(" ")[0]);
await call("tickets hidden properties", async () => {
  const found = await mira.tickets.basicApi.getById(given.ticket, ["region", "refund_amount", "internal_risk_note"]);
  return Object.keys(found.properties).sort();
});
await call("tickets associations", async () => {
  const found = await mira.tickets.basicApi.getById(given.ticket, undefined, undefined, ["contacts", "notes"]);
  return [found.associations.contacts.results.length, found.associations.notes.results.length];
});
await call("tickets of others", () => mira.tickets.basicApi.getById(given.theirs));
await call("tickets unknown", () => mira.tickets.basicApi.getById("99"));
await call("tickets no number", () => mira.tickets.basicApi.getById("x-1"));
await call("tickets no stage", () => mira.tickets.basicApi.create({ properties: { subject: "x" }, associations: [] }));
await call("tickets create", async () => {
  made = (await mira.tickets.basicApi.create({ properties: { subject: "Pump leaks", ...column }, associations: [] })).id;
  return /^\d+$/.test(made);
});
await call("tickets createWithHttpInfo", async () => {
  const answer = await mira.tickets.basicApi.createWithHttpInfo({ properties: { subject: "x", ...column }, associations: [] });
  return [answer.httpStatusCode, answer.headers.location.endsWith(`/crm/v3/objects/tickets/${answer.data.id}`)];
});
await call("tickets update", async () => (await mira.tickets.basicApi.update(made, { properties: { subject: "Pump drips" } })).properties.subject);
await call("tickets history", async () => {
  const found = await mira.tickets.basicApi.getById(made, undefined, ["subject"]);
  return found.propertiesWithHistory.subject.map((one) => one.value);
});
await call("tickets unknown property", () => mira.tickets.basicApi.update(made, { properties: { nope: "x" } }));
await call("tickets merge", async () => {
  const other = (await mira.tickets.basicApi.create({ properties: { subject: "b", ...column }, associations: [] })).id;
  const survivor = (await mira.tickets.basicApi.merge({ primaryObjectId: made, objectIdToMerge: other })).id;
  const led = [(await mira.tickets.basicApi.getById(made)).id, (await mira.tickets.basicApi.getById(other)).id];
  const fresh = survivor !== made && survivor !== other;
  made = survivor;
  return [fresh, led.every((id) => id === survivor)];
});
await call("tickets archive", async () => (await mira.tickets.basicApi.archive(made)) ?? "archived");
await call("tickets archived", () => mira.tickets.basicApi.getById(made));
await call("tickets archived=true", async () => (await mira.tickets.basicApi.getById(made, undefined, undefined, undefined, true)).archived);
await call("tickets archived page", async () => ids(await mira.tickets.basicApi.getPage(100, undefined, undefined, undefined, undefined, true)).includes(made));
await call("contacts by e-mail", async () => (await mira.contacts.basicApi.getById(given.email, undefined, undefined, undefined, false, "email")).id === given.contact);
await call("contacts twice", () => key.contacts.basicApi.create({ properties: { email: given.email }, associations: [] }));
await call("contacts bad e-mail", () => key.contacts.basicApi.create({ properties: { email: "nobody" }, associations: [] }));
await call("contacts update by e-mail", async () => (await key.contacts.basicApi.update(given.email, { properties: { jobtitle: "Chief" } }, "email")).properties.jobtitle);
await call("contacts getAll", async () => (await mira.contacts.getAll()).length);
await call("contacts purge", async () => {
  const contact = (await key.contacts.basicApi.create({ properties: { email: "ada@pumps.example" }, associations: [] })).id;
  await key.contacts.basicApi.purge({ objectId: contact });
  return key.contacts.basicApi.getById(contact, undefined, undefined, undefined, true);
});
await call("contacts merge", async () => {
  const pair = [];
  for (const lastname of ["a", "b"]) pair.push((await key.contacts.basicApi.create({ properties: { lastname }, associations: [] })).id);
  const survivor = (await key.contacts.basicApi.merge({ primaryObjectId: pair[0], objectIdToMerge: pair[1] })).id;
  const found = await key.contacts.basicApi.getById(survivor, ["hs_merged_object_ids"]);
  return found.properties.hs_merged_object_ids === pair.join(";");
});
await call("companies getPage", async () => (await mira.companies.basicApi.getPage(5, undefined, ["name"])).results.length);
await call("companies getAll", async () => (await mira.companies.getAll()).length);
await call("deals getAll", async () => (await key.deals.getAll()).length);
await call("deals without the scope", () => mira.deals.basicApi.getPage());
await call("deals create", async () => (await key.deals.basicApi.create({ properties: { dealname: "Renewal", dealstage: "qualified", amount: "12.5" }, associations: [] })).properties.amount);
const note = { hs_timestamp: now, hs_note_body: "<p>Called back.</p>" };
await call("notes create", async () => {
  const types = [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 228 }];
  made = (await mira.objects.notes.basicApi.create({ properties: note, associations: [{ to: { id: given.ticket }, types }] })).id;
  const found = await mira.objects.notes.basicApi.getById(made, undefined, undefined, ["tickets"]);
  return ids(found.associations.tickets)[0] === given.ticket;
});
await call("notes archive", async () => (await mira.objects.notes.basicApi.archive(made)) ?? "archived");
await call("tasks create", async () => (await mira.objects.tasks.basicApi.create({ properties: { hs_timestamp: now, hs_task_subject: "Call" }, associations: [] })).properties.hs_task_subject);
await call("calls getPage", async () => (await mira.objects.calls.basicApi.getPage(3)).results.length);
await call("meetings create", async () => (await key.objects.meetings.basicApi.create({ properties: { hs_timestamp: now, hs_meeting_title: "Visit" }, associations: [] })).properties.hs_meeting_title);
await call("emails getPage", async () => "hs_email_text" in (await mira.objects.emails.basicApi.getPage(1, undefined, ["hs_email_text"])).results[0].properties);
await call("feedback submissions", async () => (await key.objects.feedbackSubmissions.basicApi.getPage()).results);
await call("objects by type id", async () => (await mira.objects.basicApi.getById("0-5", given.ticket)).id === given.ticket);
await call("objects of a custom type", async () => (await mira.objects.basicApi.getById("devices", given.device, ["serial_number"])).properties.serial_number === given.serial);
await call("objects of a custom type id", async () => (await mira.objects.basicApi.getPage("2-48210001", 3)).results.length);
await call("objects by a unique property", async () => (await mira.objects.basicApi.getById("devices", given.serial, undefined, undefined, undefined, false, "serial_number")).id === given.device);
await call("objects unknown type", () => key.objects.basicApi.getPage("boats"));
await call("objects create and update", async () => {
  const device = (await key.objects.basicApi.create("devices", { properties: { serial_number: "Z-1" }, associations: [] })).id;
  return (await key.objects.basicApi.update("2-48210001", device, { properties: { firmware: "2" } })).properties.firmware;
});
await call("objects archive", async () => {
  await key.objects.basicApi.archive("devices", given.device);
  return key.objects.basicApi.getById("devices", given.device);
});

// Many records.
let pair = [];
await call("batch create", async () => {
  const answer = await key.tickets.batchApi.create({ inputs: ["a", "b"].map((subject) => ({ properties: { subject, ...column }, associations: [] })) });
  pair = ids(answer).map((id) => ({ id }));
  return [answer.status, pair.length];
});
await call("batch update", async () => (await key.tickets.batchApi.update({ inputs: pair.map((one) => ({ ...one, properties: { region: "EMEA" } })) })).results.map((row) => row.properties.region));
await call("batch read", async () => {
  const answer = await key.tickets.batchApi.read({ inputs: [...pair, { id: "7" }], properties: ["subject"], propertiesWithHistory: [] });
  return [answer.results.length, answer.numErrors, answer.errors[0].category];
});
await call("batch archive", async () => {
  await key.tickets.batchApi.archive({ inputs: pair });
  return (await key.tickets.batchApi.read({ inputs: pair, properties: [], propertiesWithHistory: [] })).results.length;
});
await call("batch read of others", async () => (await mira.tickets.batchApi.read({ inputs: [{ id: given.ticket }, { id: given.theirs }], properties: [], propertiesWithHistory: [] })).results.length);
const upsert = (idProperty, body) => key.objects.notes.batchApi.upsert({ inputs: [{ idProperty, id: "k-1", properties: { ...note, hs_note_body: body } }] });
await call("batch upsert", async () => {
  const both = [(await upsert("assistant_writeback_key", "a")).results[0], (await upsert("assistant_writeback_key", "b")).results[0]];
  return [...both.map((row) => row._new), both[0].id === both[1].id];
});
await call("batch upsert by no key", () => upsert("hs_note_body", "a"));
await call("batch upsert of contacts", async () => {
  const inputs = [given.email, "new@pumps.example"].map((id) => ({ idProperty: "email", id, properties: { jobtitle: "Engineer" } }));
  return (await key.contacts.batchApi.upsert({ inputs })).results.map((row) => row._new);
});
await call("batch update by e-mail", () => key.contacts.batchApi.update({ inputs: [{ idProperty: "email", id: given.email, properties: { jobtitle: "x" } }] }));

// Searches.
const filter = (propertyName, operator, more = {}) => ({ filterGroups: [{ filters: [{ propertyName, operator, ...more }] }] });
await call("search", async () => (await mira.tickets.searchApi.doSearch({ filterGroups: [], limit: 5, properties: ["subject"] })).total);
await call("search EQ", async () => ids(await mira.tickets.searchApi.doSearch(filter("hs_object_id", "EQ", { value: given.ticket })))[0] === given.ticket);
await call("search IN", async () => (await mira.tickets.searchApi.doSearch(filter("hs_object_id", "IN", { values: [given.ticket, given.theirs] }))).total);
await call("search query", async () => (await mira.tickets.searchApi.doSearch({ query: "vaccines", filterGroups: [] })).total > 0);
await call("search sorts and pages", async () => {
  const first = await key.tickets.searchApi.doSearch({ filterGroups: [], sorts: ["-createdate"], limit: 1 });
  const next = await key.tickets.searchApi.doSearch({ filterGroups: [], sorts: ["-createdate"], limit: 1, after: first.paging.next.after });
  return first.results[0].createdAt >= next.results[0].createdAt && first.results[0].id !== next.results[0].id;
});
await call("search lags", async () => {
  await key.companies.basicApi.create({ properties: { name: "Zebra Pumps" }, associations: [] });
  return (await key.companies.searchApi.doSearch({ query: "zebra", filterGroups: [] })).total;
});
await call("search beyond 10,000", () => key.tickets.searchApi.doSearch({ filterGroups: [], limit: 1, after: "10000" }));
await call("search too much", () => key.tickets.searchApi.doSearch({ filterGroups: [], limit: 201 }));
await call("search contacts", async () => ids(await mira.contacts.searchApi.doSearch(filter("email", "EQ", { value: given.email })))[0] === given.contact);
await call("search devices", async () => (await mira.objects.searchApi.doSearch("2-48210001", filter("serial_number", "HAS_PROPERTY"))).total > 0);

// Associations.
const v4 = key.associations.v4;
const links = async () => (await mira.associations.v4.basicApi.getPage("tickets", given.ticket, "contacts")).results.length;
await call("v4 getPage", links);
await call("v4 getPage by type ids", async () => (await mira.associations.v4.basicApi.getPage("0-5", given.ticket, "0-49", undefined, 5)).results.length);
await call("v4 createDefault", async () => {
  await v4.basicApi.createDefault("tickets", given.ticket, "contacts", given.otherContact);
  return links();
});
await call("v4 archive", async () => {
  await v4.basicApi.archive("tickets", given.ticket, "contacts", given.otherContact);
  return links();
});
const approver = { associationCategory: "USER_DEFINED" };
await call("v4 labels create", async () => {
  const answer = await v4.schema.definitionsApi.create("tickets", "contacts", { name: "approver", label: "Approver" });
  approver.associationTypeId = answer.results[0].typeId;
  return answer.results[0].label;
});
await call("v4 create with a label", async () => (await v4.basicApi.create("tickets", given.ticket, "contacts", given.otherContact, [approver])).labels);
await call("v4 labels update", async () => {
  await v4.schema.definitionsApi.update("tickets", "contacts", { associationTypeId: approver.associationTypeId, label: "Signer" });
  return (await v4.schema.definitionsApi.getAll("tickets", "contacts")).results.map((one) => one.label);
});
await call("v4 batch archiveLabels", async () => {
  const inputs = [{ _from: { id: given.ticket }, to: { id: given.otherContact }, types: [approver] }];
  return (await v4.batchApi.archiveLabels("tickets", "contacts", { inputs })) ?? "taken off";
});
await call("v4 labels remove", async () => {
  await v4.schema.definitionsApi.remove("tickets", "contacts", approver.associationTypeId);
  return (await v4.schema.definitionsApi.getAll("tickets", "contacts")).results.length;
});
const ends = { _from: { id: given.ticket }, to: { id: given.otherContact } };
await call("v4 batch createDefault", async () => (await v4.batchApi.createDefault("tickets", "contacts", { inputs: [ends] })).results.length);
await call("v4 batch create", async () => {
  const types = [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 16 }];
  return (await v4.batchApi.create("tickets", "contacts", { inputs: [{ ...ends, types }] })).status;
});
await call("v4 batch getPage", async () => (await v4.batchApi.getPage("tickets", "contacts", { inputs: [{ id: given.ticket }] })).results[0].to.length);
await call("v4 batch archive", async () => {
  await v4.batchApi.archive("tickets", "contacts", { inputs: [{ _from: ends._from, to: [ends.to] }] });
  return links();
});
const v3 = key.associations;
await call("v3 types", async () => (await v3.schema.typesApi.getAll("tickets", "contacts")).results.map((one) => one.name));
await call("v3 batch create", async () => (await v3.batchApi.create("tickets", "contacts", { inputs: [{ ...ends, type: "ticket_to_contact" }] })).results[0].type);
await call("v3 batch read", async () => (await v3.batchApi.read("tickets", "contacts", { inputs: [{ id: given.ticket }] })).results[0].to.length);
await call("v3 batch archive", async () => {
  await v3.batchApi.archive("tickets", "contacts", { inputs: [{ ...ends, type: "ticket_to_contact" }] });
  return links();
});

// Definitions.
const hall = { name: "hall", label: "Hall", type: "string", fieldType: "text", groupName: "ticketinformation", hasUniqueValue: true };
await call("properties getAll", async () => (await mira.properties.coreApi.getAll("tickets")).results.some((one) => one.name === "refund_amount"));
await call("properties getByName", async () => (await mira.properties.coreApi.getByName("tickets", "hs_ticket_priority")).options.length);
await call("properties create", async () => (await key.properties.coreApi.create("tickets", hall)).hasUniqueValue);
await call("properties twice", () => key.properties.coreApi.create("tickets", hall));
await call("properties in use", async () => {
  await mira.tickets.basicApi.update(given.ticket, { properties: { hall: "B" } });
  return (await mira.tickets.basicApi.getById("B", undefined, undefined, undefined, false, "hall")).id === given.ticket;
});
await call("properties conflict", () => mira.tickets.basicApi.update(given.mine, { properties: { hall: "B" } }));
await call("properties update", async () => (await key.properties.coreApi.update("tickets", "hall", { label: "Room" })).label);
await call("properties archive", async () => (await key.properties.coreApi.archive("tickets", "hall")) ?? "archived");
await call("properties archived", () => key.properties.coreApi.getByName("tickets", "hall"));
await call("properties batch", async () => {
  await key.properties.batchApi.create("tickets", { inputs: [{ ...hall, name: "hall_a" }] });
  const found = await key.properties.batchApi.read("tickets", { inputs: [{ name: "hall_a" }, { name: "x" }], archived: false });
  await key.properties.batchApi.archive("tickets", { inputs: [{ name: "hall_a" }] });
  return [found.results.length, found.numErrors];
});
await call("properties without the scope", () => mira.properties.coreApi.create("notes", { ...hall, groupName: "note" }));
await call("groups create", async () => (await key.properties.groupsApi.create("tickets", { name: "halls", label: "Halls" })).name);
await call("groups getAll", async () => (await key.properties.groupsApi.getAll("tickets")).results.map((one) => one.name));
await call("groups getByName", async () => (await key.properties.groupsApi.getByName("tickets", "halls")).archived);
await call("groups update", async () => (await key.properties.groupsApi.update("tickets", "halls", { label: "Rooms" })).label);
await call("groups archive", async () => {
  await key.properties.groupsApi.archive("tickets", "halls");
  return key.properties.groupsApi.getByName("tickets", "halls");
});
const stages = [{ label: "Heard", displayOrder: 0, metadata: { ticketState: "OPEN" } }];
let pipeline, stage;
await call("pipelines create", async () => {
  pipeline = await key.pipelines.pipelinesApi.create("tickets", { label: "Audits", displayOrder: 5, stages });
  return pipeline.stages[0].label;
});
await call("pipelines update", async () => (await key.pipelines.pipelinesApi.update("tickets", pipeline.id, { label: "Checks" })).label);
await call("pipelines replace", async () => (await key.pipelines.pipelinesApi.replace("tickets", pipeline.id, { label: "Tests", displayOrder: 6, stages })).label);
await call("stages create", async () => {
  stage = await key.pipelines.pipelineStagesApi.create("tickets", pipeline.id, { ...stages[0], label: "Done", displayOrder: 1 });
  return stage.metadata.ticketState;
});
await call("stages update", async () => (await key.pipelines.pipelineStagesApi.update("tickets", pipeline.id, stage.id, { label: "Over", metadata: { ticketState: "CLOSED" } })).metadata.ticketState);
await call("stages replace", async () => (await key.pipelines.pipelineStagesApi.replace("tickets", pipeline.id, stage.id, { label: "Past", displayOrder: 1, metadata: { ticketState: "CLOSED" } })).label);
await call("stages archive", async () => {
  await key.pipelines.pipelineStagesApi.archive("tickets", pipeline.id, stage.id);
  return key.pipelines.pipelineStagesApi.getById("tickets", pipeline.id, stage.id);
});
await call("pipelines archive", async () => {
  await key.pipelines.pipelinesApi.archive("tickets", pipeline.id);
  return key.pipelines.pipelinesApi.getById("tickets", pipeline.id);
});
await call("pipelines getAll", async () => (await mira.pipelines.pipelinesApi.getAll("tickets")).results.map((one) => one.label));
await call("pipelines getById", async () => (await key.pipelines.pipelinesApi.getById("deals", "default")).stages.length);
await call("stages getAll", async () => (await mira.pipelines.pipelineStagesApi.getAll("tickets", "0")).results.at(-1).metadata.ticketState);
await call("stages getById", async () => (await mira.pipelines.pipelineStagesApi.getById("tickets", "0", "4")).label);
await call("schemas getAll", async () => (await mira.schemas.coreApi.getAll()).results.map((one) => one.objectTypeId));
await call("schemas getById", async () => (await mira.schemas.coreApi.getById("devices")).labels.singular);

// People and the account.
await call("owners getPage", async () => (await mira.owners.ownersApi.getPage(undefined, undefined, 5)).results.length);
await call("owners by e-mail", async () => ids(await mira.owners.ownersApi.getPage(given.user))[0] === given.ownerId);
await call("owners getById", async () => (await mira.owners.ownersApi.getById(Number(given.ownerId))).teams.find((team) => team.primary).name);
await call("owners by user", async () => (await mira.owners.ownersApi.getById(Number(given.userId), "userId")).id === given.ownerId);
const people = admin.settings.users;
await call("users getPage", async () => (await people.usersApi.getPage(1)).results[0].email);
await call("users second page", async () => {
  const first = await people.usersApi.getPage(1);
  return ids(await people.usersApi.getPage(1, first.paging.next.after))[0] !== first.results[0].id;
});
await call("users by e-mail", async () => (await people.usersApi.getById(given.user, "EMAIL")).id === given.userId);
await call("users without the scope", () => client({ accessToken: token.accessToken }).settings.users.usersApi.getPage());
await call("roles", async () => (await people.rolesApi.getAll()).results.some((one) => one.name === "Support Agent"));
await call("teams", async () => (await people.teamsApi.getAll()).results.find((one) => one.name === "Support EMEA").userIds.includes(given.userId));
await call("apiRequest", async () => (await (await admin.apiRequest({ path: "/account-info/v3/details" })).json()).portalId);
await call("apiRequest by date", async () => {
  const answer = await admin.apiRequest({ method: "POST", path: "/crm/objects/2026-03/tickets/search", body: { filterGroups: [], limit: 1 } });
  return [answer.status, (await answer.json()).results.length];
});

// Webhooks.
const hooks = client({ developerApiKey: given.developerKey }).webhooks;
const app = Number(given.appId);
let subscription;
await call("webhooks configure", async () => (await hooks.settingsApi.configure(app, { targetUrl: "http://127.0.0.1:9/hooks", throttling: { maxConcurrentRequests: 5, period: "SECONDLY" } })).targetUrl);
await call("webhooks settings", async () => (await hooks.settingsApi.getAll(app)).throttling.maxConcurrentRequests);
await call("webhooks create", async () => {
  subscription = await hooks.subscriptionsApi.create(app, { eventType: "ticket.propertyChange", propertyName: "subject", active: false });
  return [subscription.eventType, subscription.propertyName, subscription.active];
});
await call("webhooks getAll", async () => (await hooks.subscriptionsApi.getAll(app)).results.length);
await call("webhooks update", async () => (await hooks.subscriptionsApi.update(Number(subscription.id), app, { active: true })).active);
await call("webhooks updateBatch", async () => (await hooks.subscriptionsApi.updateBatch(app, { inputs: [{ id: Number(subscription.id), active: false }] })).results[0].active);
await call("webhooks getById", async () => (await hooks.subscriptionsApi.getById(Number(subscription.id), app)).active);
await call("webhooks archive", async () => {
  await hooks.subscriptionsApi.archive(Number(subscription.id), app);
  return hooks.subscriptionsApi.getById(Number(subscription.id), app);
});
await call("webhooks clear", async () => (await hooks.settingsApi.clear(app)) ?? "cleared");
await call("webhooks without the key", () => client({ developerApiKey: "x" }).webhooks.subscriptionsApi.getAll(app));

// Bad days, and going.
await call("no token", () => client().crm.tickets.basicApi.getPage());
await call("a token of nobody", () => client({ accessToken: "x" }).crm.tickets.basicApi.getPage());
await call("busy, not asked again", async () => {
  await behindTheirBacks("exhaust", { policy: "TEN_SECONDLY_ROLLING" });
  return key.tickets.basicApi.getPage(1).catch((error) => [error.code, error.body.policyName]);
});
await call("busy, asked again", async () => {
  await behindTheirBacks("exhaust", { policy: "SECONDLY" });
  const patient = client({ accessToken: given.serviceKey, numberOfApiCallRetries: 2 });
  return (await patient.crm.tickets.searchApi.doSearch({ filterGroups: [], limit: 1 })).results.length;
});
await call("oauth archive", async () => {
  await client().oauth.refreshTokensApi.archive(token.refreshToken);
  return refresh(token.refreshToken);
});
await call("oauth archived", () => oauth.refreshTokensApi.get(token.refreshToken));
await call("expired token", async () => {
  await behindTheirBacks("expire_tokens", { user: given.user });
  return mira.tickets.basicApi.getPage();
});

console.log(JSON.stringify(seen));
