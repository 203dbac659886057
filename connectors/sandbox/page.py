"""The look of the sandbox's few HTML pages: no script, nothing from elsewhere, plainly not the vendor's."""

from html import escape

from connectors.sandbox.wire import Response

_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}


def page(title: str, content: str, status: int) -> Response:
    """A page; `title` is escaped here, `content` is HTML that the caller has escaped."""
    plain = Response.text(_SHELL.format(title=escape(title), content=content), status, "text/html")
    return Response(status, plain.body, {**plain.headers, **_HEADERS})


_SHELL = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title} | Sandbox CRM</title>
<style>
body{{font:16px/1.5 system-ui,sans-serif;background:#f3f3f3;color:#181818;margin:0}}
main{{max-width:34rem;margin:3rem auto;background:#fff;padding:2rem;border:1px solid #d8d8d8;border-radius:.5rem}}
h1{{font-size:1.4rem;margin:0 0 .5rem}}
.notice{{font-size:.85rem;color:#5c5c5c;margin:0 0 1.5rem}}
fieldset{{border:0;padding:0;margin:1.5rem 0 0}}
legend{{font-weight:600;padding:0;margin-bottom:.5rem}}
label{{display:flex;gap:.75rem;padding:.5rem .75rem;border:1px solid #d8d8d8;border-radius:.25rem;margin-bottom:.35rem}}
label:has(:checked){{border-color:#0b5cab;background:#eef4ff}}
small{{display:block;color:#5c5c5c}}
ul{{margin:.5rem 0 1.5rem;padding-left:1.2rem}}
button{{font:inherit;padding:.5rem 1.5rem;border-radius:.25rem;border:1px solid #0b5cab;cursor:pointer}}
button[value=allow]{{background:#0b5cab;color:#fff}}
button[value=deny]{{background:#fff;color:#0b5cab}}
:focus-visible{{outline:3px solid #1b96ff;outline-offset:2px}}
dt{{font-weight:600;margin-top:.6rem}}
dd{{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}}
h2{{font-size:1.1rem;margin:2rem 0 .5rem;border-bottom:1px solid #d8d8d8}}
select{{font:inherit;padding:.4rem;max-width:100%}}
.problem{{color:#b60554;font-weight:600}}
</style></head><body><main>
<p class="notice">Sandbox CRM on this machine. This is not the vendor's; no password is needed.</p>
{content}
</main></body></html>
"""
