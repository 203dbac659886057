// The login page: speaks the agent's language, and brings her back to the record that she had open.

import { offerLanguage, w } from "./words.js";

for (const link of document.querySelectorAll("[data-login]")) {
  if (location.hash) link.search += `&return_to=${encodeURIComponent(`/${location.hash}`)}`;
}
offerLanguage(document.getElementById("language"), w.pages);
