// The login page: brings the agent back to the case that she had open.

for (const link of document.querySelectorAll("[data-login]")) {
  if (location.hash) link.search += `&return_to=${encodeURIComponent(`/${location.hash}`)}`;
}
