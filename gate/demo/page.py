"""The stage: one page on which the whole demo can be watched.

The kiosk page itself refuses to be framed by other pages (`frame-ancestors 'none'`), as it should.  The stage repeats
its words and links to it.
"""

import html
from string import Template

_PAGE = Template("""\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>Ashyq Gate: demo</title>
<style>
  :root { color-scheme: dark; font: 16px/1.45 system-ui, sans-serif; background: #12161a; color: #e8ecef }
  body { max-width: 1180px; margin: 0 auto; padding: 20px }
  h1 { font-size: 1.3rem; margin: 0 0 2px } p { margin: 0 } a { color: #7cc4ff }
  .note { color: #9aa6b0; margin-bottom: 16px }
  main { display: grid; grid-template-columns: minmax(320px, 640px) 1fr; gap: 18px; align-items: start }
  @media (max-width: 860px) { main { grid-template-columns: 1fr } }
  figure { margin: 0 } figcaption { color: #9aa6b0; font-size: .9rem; margin-top: 6px }
  img { width: 100%; aspect-ratio: 4/3; border-radius: 10px; background: #000; display: block }
  section { background: #1b2127; border-radius: 10px; padding: 14px 16px; margin-bottom: 14px }
  h2 { font-size: .8rem; letter-spacing: .06em; text-transform: uppercase; color: #9aa6b0; margin: 0 0 6px }
  .big { font-size: 1.25rem; font-weight: 600 }
  #kiosk { border-left: 8px solid #4a5560; transition: background .15s }
  #kiosk.admitted, #kiosk.let_through { border-color: #2ecc71; background: #133524 }
  #kiosk.refused, #kiosk.out_of_service, #kiosk.fire { border-color: #e74c3c; background: #3a1a18 }
  #kiosk.seen, #kiosk.wait { border-color: #f1c40f }
  #kiosk p + p { color: #c3ccd3 } #kiosk .line + .line { margin-top: 8px; font-size: .92rem }
  #arm { display: flex; align-items: center; gap: 14px }
  #arm svg { width: 84px; height: 62px; flex: none }
  #bar { transform-origin: 22px 42px; transition: transform .18s; stroke: #e74c3c }
  .free #bar { transform: rotate(-50deg); stroke: #2ecc71 }
  table { border-collapse: collapse; width: 100% } td { padding: 2px 0 } td + td { text-align: right }
</style>
<h1>Ashyq Gate: the whole gate at work</h1>
<p class="note">Drawn people before a drawn camera; everything behind the lens is real: the gate's own process
reads this stream, checks the pass, looks the status up, records its answer and frees the arm over a serial line.</p>
<main>
  <figure>
    <img src="/camera" alt="what the gate's camera sees">
    <figcaption>What the gate's camera sees. <span id="shows"></span></figcaption>
  </figure>
  <div>
    <section id="kiosk"><h2>What the visitor reads &middot; <a href="$kiosk" target="_blank"
      rel="noopener">open the real page</a></h2><div id="lines"></div></section>
    <section id="arm"><svg viewBox="0 0 84 62" aria-hidden="true"><rect x="14" y="36" width="16" height="26" rx="4"
      fill="#55616c"/><line id="bar" x1="22" y1="42" x2="70" y2="42" stroke-width="7" stroke-linecap="round"/></svg>
      <div><h2>Turnstile</h2><p class="big" id="turnstile"></p></div></section>
    <section><h2>So far</h2><table>
      <tr><td>people</td><td id="people"></td></tr><tr><td>admitted</td><td id="admitted"></td></tr>
      <tr><td>refused</td><td id="refused"></td></tr><tr><td>went through</td><td id="passed"></td></tr>
      <tr><td>code visible &rarr; arm free, last</td><td id="ms"></td></tr></table></section>
  </div>
</main>
<script>
  const at = (id) => document.getElementById(id)
  const put = (id, text) => { if (at(id).textContent !== String(text)) at(id).textContent = text }
  function lines(page) {
    const parts = (page.lines || []).map((line) => {
      const box = document.createElement("div"); box.className = "line"; box.lang = line.lang
      for (const text of [line.headline, line.advice]) {
        const p = document.createElement("p"); p.textContent = text; box.append(p)
      }
      if (line === page.lines[0]) box.firstChild.className = "big"
      return box
    })
    at("lines").replaceChildren(...parts)
  }
  let last = ""
  async function look() {
    try {
      const now = await (await fetch("/state")).json()
      at("kiosk").className = now.page.scene || ""
      if (JSON.stringify(now.page.lines) !== last) { lines(now.page); last = JSON.stringify(now.page.lines) }
      at("arm").className = now.free ? "free" : ""
      put("turnstile", now.through ? "someone goes through" : now.free ? "free for one person" : "locked")
      put("shows", now.shows ? "Now: " + now.shows + "." : "Nobody is there.")
      for (const id of ["people", "admitted", "refused", "passed"]) put(id, now[id])
      put("ms", now.ms === null ? "" : Math.round(now.ms) + " ms")
    } catch { put("shows", "The demo has ended."); put("turnstile", "locked"); at("arm").className = "" }
    setTimeout(look, 150)
  }
  look()
</script>
""")


def stage_page(kiosk: str) -> str:
    """Return the page.  `kiosk`: address of the gate's own page."""
    return _PAGE.substitute(kiosk=html.escape(kiosk, quote=True))
