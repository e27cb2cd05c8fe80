// What every page of the desk needs: texts, calls, the lane's stream, the lock, the bar at the top.  Decides nothing.
//
// A page's module imports this one and calls start().  The token that each call carries is kept for this tab alone.

export const data = JSON.parse(document.getElementById("data").textContent);
export const at = (id) => document.getElementById(id);

const TOKEN = "desk-token";
const SILENCE = 6000; // ms without a line of the stream: the desk itself is away
const TOUCH_EVERY = Math.min(20000, (data.idle_s ?? 60) * 250); // ms between two reports that somebody is here
const HOLD = 1500; // ms for which a grave button is held
const AGAIN_WITHIN = 4000; // ms within which its key is pressed a second time

export function t(key, values = {}) {
  const text = data.words.desk[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function el(name, properties = {}, ...children) {
  const { dataset = {}, attributes = {}, ...plain } = properties;
  const made = Object.assign(document.createElement(name), plain);
  Object.assign(made.dataset, dataset);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (properties.scope) made.setAttribute("scope", properties.scope);
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";
export function drawing(paths, box = "0 0 200 200") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", box);
  svg.setAttribute("aria-hidden", "true");
  for (const [name, attributes] of paths) {
    const part = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
    svg.append(part);
  }
  return svg;
}

// ---- times ----

export function age(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 100) return t("shell.seconds", { n: s });
  if (s < 6000) return t("shell.minutes", { n: Math.round(s / 60) });
  if (s < 172800) return t("shell.hours", { n: Math.round(s / 3600) });
  return t("shell.days", { n: Math.round(s / 86400) });
}

const clocks = [{ hour: "2-digit", minute: "2-digit" }, { hour: "2-digit", minute: "2-digit", second: "2-digit" }].map(
  (form) => new Intl.DateTimeFormat(data.language, { ...form, hourCycle: "h23", timeZone: data.timezone }),
);
export const clock = (unix, seconds = false) => clocks[seconds ? 1 : 0].format(new Date(unix * 1000));

// ---- calls ----

export async function call(name, values = {}, method = "POST", token = sessionStorage.getItem(TOKEN) ?? data.ticket) {
  const headers = { "x-desk-token": token };
  if (method === "POST") headers["content-type"] = "application/json";
  try {
    const answer = await fetch(`/desk/api/${name}`, {
      method,
      headers,
      body: method === "POST" ? JSON.stringify(values) : undefined,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
    });
    return taken(await answer.json());
  } catch {
    return { ok: false, code: "no_answer" };
  }
}

function taken(answer) {
  if (answer.code === "signed_out") leave();
  else if (answer.code === "locked" || (answer.code === "no_token" && data.user)) lock();
  return answer;
}

// With the page's ticket in place of a token: before anybody has signed in, and for the PIN of a locked screen.
export async function knock(name, values) {
  const answer = await call(name, values, "POST", data.ticket);
  if (answer.ok) sessionStorage.setItem(TOKEN, answer.token);
  return answer;
}

export function failed(answer) {
  if (answer.code === "locked" || answer.code === "signed_out" || answer.code === "no_token") return;
  const known = `codes.${answer.code}` in data.words.desk;
  say(t(known ? `codes.${answer.code}` : "codes.refused"), "bad");
}

function leave() {
  sessionStorage.removeItem(TOKEN);
  location.replace("/desk/");
}

// ---- messages that go away by themselves ----

export function say(text, kind = "good") {
  const toast = el("p", { className: `toast ${kind}`, textContent: text });
  at("toasts").append(toast);
  setTimeout(() => toast.remove(), kind === "bad" ? 7000 : 3000);
  while (at("toasts").children.length > 3) at("toasts").firstChild.remove();
}

// ---- the lane's stream: one JSON object a line ----

let heard = 0;
let told = {};
export const lane = () => told;

export function follow(show) {
  const listen = async () => {
    try {
      const token = sessionStorage.getItem(TOKEN) ?? "";
      const answer = await fetch("/desk/api/watch", { headers: { "x-desk-token": token }, cache: "no-store" });
      if (!answer.ok) taken(await answer.json());
      else await read(answer.body.pipeThrough(new TextDecoderStream()).getReader(), take);
    } catch {
      // said by the watch below
    }
    setTimeout(listen, 1000);
  };
  const take = (line) => {
    heard = performance.now();
    told = JSON.parse(line);
    if (told.signed_out) return leave();
    if (told.locked) lock();
    paint();
  };
  const paint = () => {
    const away = performance.now() - heard > SILENCE;
    const lost = away || !told.up;
    document.body.classList.toggle("silent", lost);
    at("link-lost").hidden = !lost || told.locked === true;
    if (lost) {
      const since = away ? (performance.now() - heard) / 1000 + (told.heard_s ?? 0) : told.heard_s;
      const when = since === null || since === undefined || !heard ? t("shell.never_heard") : t("shell.heard", { age: age(since) });
      at("link-lost").textContent = `${t("shell.no_link")}: ${when}`;
    }
    // The lane's own time: what it says of moments is by that.
    const now = told.lane ? told.lane.at + (told.heard_s ?? 0) + (performance.now() - heard) / 1000 : told.at;
    show(lost ? null : told.lane, now);
  };
  heard = performance.now();
  listen();
  setInterval(paint, 1000);
}

async function read(reader, take) {
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    lines.forEach(take);
  }
}

// ---- grave buttons: held for 1.5 s, or their key twice ----

export function hold(button, again, act) {
  const text = button.querySelector(".text");
  const usual = text.textContent;
  let timer = 0;
  let armed = 0;
  const rest = () => {
    clearTimeout(timer);
    clearTimeout(armed);
    timer = armed = 0;
    button.classList.remove("holding", "armed");
    text.textContent = usual;
  };
  const fire = () => {
    rest();
    act();
  };
  button.addEventListener("pointerdown", (event) => {
    if (button.disabled || event.button) return;
    button.setPointerCapture(event.pointerId);
    rest();
    button.classList.add("holding");
    text.textContent = t("lane.lockdown_hold");
    timer = setTimeout(fire, HOLD);
  });
  for (const name of ["pointerup", "pointercancel"]) button.addEventListener(name, () => timer && rest());
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  // A click without a pointer: the key, Enter on the button, or a screen reader.
  const press = () => {
    if (button.disabled) return;
    if (armed) return fire();
    rest();
    button.classList.add("armed");
    text.textContent = again;
    armed = setTimeout(rest, AGAIN_WITHIN);
  };
  button.addEventListener("click", (event) => event.detail === 0 && press());
  return press;
}

// ---- sheets ----

export function sheet(dialog, first) {
  dialog.querySelectorAll("[data-close]").forEach((button) => (button.onclick = () => dialog.close()));
  dialog.onclick = (event) => event.target === dialog && dialog.close();
  dialog.showModal();
  first?.focus();
}

// ---- the lock ----

export function lock() {
  const dialog = at("lock");
  if (dialog.open || !data.user) return;
  document.querySelectorAll("dialog[open]").forEach((other) => other.close());
  document.dispatchEvent(new Event("desk-locked"));
  const pin = el("input", { className: "digits", name: "desk-digits", inputMode: "numeric", autocomplete: "off", spellcheck: false, maxLength: 12 });
  const problem = el("p", { className: "problem", attributes: { role: "alert" } });
  const form = el(
    "form",
    { autocomplete: "off", noValidate: true },
    el("h2", { id: "lock-title", textContent: t("sign_in.locked") }),
    el("p", { className: "quiet", textContent: `${data.user} · ${t("sign_in.locked_advice")}` }),
    el("label", { textContent: t("sign_in.pin") }, pin),
    problem,
    el("button", { className: "big primary", textContent: t("sign_in.unlock") }),
    el("button", { className: "small", type: "button", textContent: t("sign_in.other"), onclick: other }),
  );
  const grave = data.role === "technician" ? null : lockdownButton();
  form.onsubmit = async (event) => {
    event.preventDefault();
    const given = pin.value;
    pin.value = "";
    const answer = await knock("unlock", { pin: given });
    if (answer.ok) return location.reload();
    problem.textContent = refusalOf(answer);
    pin.focus();
  };
  dialog.replaceChildren(form, ...(grave ? [grave] : []));
  dialog.oncancel = (event) => event.preventDefault();
  dialog.onclose = () => dialog.showModal(); // a second Esc closes it all the same
  dialog.showModal();
  pin.focus();
}

function lockdownButton() {
  const button = el(
    "button",
    { className: "small danger hold", type: "button" },
    el("span", { className: "ring", attributes: { "aria-hidden": "true" } }),
    el("span", { className: "text", textContent: t("lane.lockdown") }),
    el("kbd", { textContent: "F9" }),
  );
  const press = hold(button, t("lane.lockdown_again"), async () => {
    const answer = await call("order", { mode: "locked_down", on: true });
    if (answer.ok) say(t("lane.lockdown_on"));
    else failed(answer);
  });
  at("lock").onkeydown = (event) => {
    if (event.key !== "F9") return;
    event.preventDefault();
    press();
  };
  return button;
}

async function other() {
  await call("hand-over", {});
  leave();
}

export function refusalOf(answer) {
  const key = `sign_in.${answer.code}`;
  return key in data.words.desk ? t(key, { n: answer.left ?? answer.minutes }) : t("sign_in.no_answer");
}

// ---- the bar at the top ----

const LANGUAGES = { kk: "Қазақша", ru: "Русский", en: "English" };

function languages() {
  const links = Object.entries(LANGUAGES).map(([language, name]) =>
    el("a", {
      href: `?lang=${language}`,
      lang: language,
      textContent: language === "kk" ? "Қаз" : language === "ru" ? "Рус" : "Eng",
      attributes: { "aria-label": name, ...(language === data.language ? { "aria-current": "true" } : {}) },
      onclick: async (event) => {
        if (!data.user) return;
        event.preventDefault();
        await call("language", { language });
        location.assign(`?lang=${language}`);
      },
    }),
  );
  return el("div", { className: "languages", attributes: { role: "group", "aria-label": t("shell.language") } }, ...links);
}

function bar() {
  const mark = drawing([["path", { d: "M12 2v28l-8-4V6zM20 2v28l8-4V6z" }]], "0 0 32 32");
  const brand = el("span", { className: "brand" }, mark, el("span", { textContent: data.device, title: data.place }));
  const links = data.nav.map(([path, text]) =>
    el("a", { href: path, textContent: text, attributes: path === location.pathname ? { "aria-current": "page" } : {} }),
  );
  const nav = links.length > 1 ? el("nav", { attributes: { "aria-label": t("shell.pages") } }, ...links) : null;
  const who = data.user
    ? el("button", { className: "who", type: "button", onclick: shift, attributes: { "aria-haspopup": "dialog" } }, el("b", { textContent: data.user }), el("small", { textContent: t(`shell.${data.role}`) }))
    : null;
  at("top").replaceChildren(...[brand, nav, languages(), who].filter(Boolean));
  nav?.querySelector("[aria-current]")?.scrollIntoView({ inline: "nearest", block: "nearest" });
}

export function markPath() {
  for (const link of document.querySelectorAll(".top nav a")) {
    if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

// ---- the shift ----

async function shift() {
  const answer = await call("session", null, "GET");
  if (!answer.ok) return failed(answer);
  const dialog = at("shift");
  const note = el("textarea", { maxLength: 200, rows: 3, spellcheck: false });
  const figures = ["admitted", "checks", "orders"].map((name) =>
    el("div", {}, el("b", { textContent: answer.acts[name] ?? 0 }), el("span", { textContent: t(`shift.${name}`) })),
  );
  dialog.replaceChildren(
    el("h2", { id: "shift-title", textContent: `${t("shift.mine")} · ${answer.user}` }),
    el("div", { className: "figures" }, ...figures),
    el("label", { className: "note", textContent: t("shift.note") }, note),
    el("button", { className: "big primary", textContent: t("shell.hand_over"), onclick: async () => {
      await call("hand-over", { note: note.value });
      leave();
    } }),
    el("button", { className: "small", textContent: t("shell.cancel"), dataset: { close: "" } }),
  );
  sheet(dialog, note);
}

async function noteOfTheLast() {
  const answer = await call("session", null, "GET");
  if (!answer.ok || !answer.note || answer.note.user === answer.user) return;
  const card = el(
    "section",
    { className: "card shift-note" },
    el("h2", { textContent: t("shift.note_from", { name: answer.note.user, time: clock(answer.note.at) }) }),
    el("p", { textContent: answer.note.text }),
    el("button", { className: "small", textContent: t("shift.note_read"), onclick: async () => {
      card.remove();
      await call("forget_note", {});
    } }),
  );
  at("main").prepend(card);
}

// ---- somebody is here ----

function touches() {
  let last = performance.now();
  const touch = () => {
    if (performance.now() - last < TOUCH_EVERY || at("lock").open) return;
    last = performance.now();
    call("touch", {});
  };
  for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, touch, { capture: true, passive: true });
}

export function start() {
  bar();
  if (!data.user) return;
  touches();
  document.addEventListener("keydown", (event) => event.key === "Escape" && at("lock").open && event.preventDefault(), true);
  if (!sessionStorage.getItem(TOKEN)) return lock();
  noteOfTheLast();
}
