// Calls once with the client's own retries switched on and prints how it ended.
// Usage: node retry_hubspot.mjs '{"url", "accessToken", "retries", "search"}'
import { Client } from "@hubspot/api-client";

const given = JSON.parse(process.argv[2]);
const hubspot = new Client({
  basePath: given.url,
  accessToken: given.accessToken,
  numberOfApiCallRetries: given.retries,
});
const started = Date.now();
let ended = "ok";
try {
  if (given.search) {
    await hubspot.crm.tickets.searchApi.doSearch({ filterGroups: [], limit: 1 });
  } else {
    await hubspot.crm.tickets.basicApi.getPage(1);
  }
} catch (error) {
  ended = `${error.code} ${error.body?.policyName ?? ""} ${error.body?.message ?? ""}`;
}
console.log(JSON.stringify({ ended, seconds: (Date.now() - started) / 1000 }));
