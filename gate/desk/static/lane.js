// The lane as its guard sees it, and what staff may do: one document, three views, so that nothing is lost on the way.

import { admit, closeSheets, row as decisionRow, showRecent, whatHappened } from "./acts.js";
import { checkKey, leaveCheck, openCheck } from "./check.js";
import { age, at, call, clock, data, el, failed, follow, hold, markPath, say, start, t } from "./desk.js";
import { showOrders } from "./orders.js";
import { sceneOf, sign } from "./scene.js";

const STAFF = data.role !== "technician";
const ADMITTING = ["admitted", "staff_admitted"];

let lane = null; // the lane's last status; null while there is no link
let decided = 0; // number of the last decision that was asked for
let painted = "";

// ---- views ----

const VIEWS = { "/desk/lane": "lane", "/desk/check": "check", "/desk/orders": "orders" };

export function go(path) {
  if (path !== location.pathname) history.pushState(null, "", path);
  view();
}

function view() {
  const name = VIEWS[location.pathname] ?? "lane";
  for (const each of document.querySelectorAll(".view")) each.hidden = each.dataset.view !== name;
  document.body.dataset.view = name;
  markPath();
  if (name === "check") openCheck();
  else leaveCheck();
  if (name === "orders") showOrders(lane);
  scrollTo(0, 0);
}

addEventListener("popstate", view);
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || link.search || !(link.pathname in VIEWS) || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  go(link.pathname);
});

// ---- the lane ----

function show(next, now) {
  lane = next;
  const { scene, words } = sceneOf(lane, now);
  const key = scene + words.join("|");
  if (key !== painted) {
    painted = key;
    at("band").dataset.scene = scene;
    at("sign").replaceChildren(sign(scene));
    at("headline").textContent = words[0];
    at("advice").textContent = words[1];
  }
  running(scene);
  chips(now);
  fire();
  prevailing();
  buttons(now);
  if (document.body.dataset.view === "orders") showOrders(lane);
  if (lane?.last && lane.last.seq !== decided) {
    decided = lane.last.seq;
    refusals();
  } else if (lastShown) lastAge(now);
  whatHappened(lane);
}

function running(scene) {
  const is = scene === "admitted";
  if (at("running").hidden !== is) return;
  at("running").hidden = !is;
  if (is) at("running").firstElementChild.style.setProperty("--for", `${data.hold_s}s`);
}

function chip(text, kind = "") {
  return el("li", { className: kind, textContent: text });
}

function chips(now) {
  const found = [];
  if (lane) {
    if (lane.alarms?.length) found.push(...lane.alarms.map((alarm) => chip(data.words.alarms[alarm] ?? alarm, "bad")));
    if (lane.cannot?.includes("open")) found.push(chip(t("lane.barrier_lost"), "bad"));
    if (lane.cannot?.includes("read")) found.push(chip(t("lane.camera_lost"), "bad"));
    if (lane.inside !== null && lane.inside !== undefined) found.push(chip(t("lane.inside", { n: lane.inside })));
    found.push(listChip());
    if (lane.clock && lane.clock.trust !== "trusted") found.push(chip(t("lane.clock_behind"), lane.clock.trust === "untrusted" ? "bad" : "warn"));
  }
  const key = found.map((one) => one.className + one.textContent).join("|");
  if (at("chips").dataset.key === key) return;
  at("chips").dataset.key = key;
  at("chips").replaceChildren(...found);
}

function listChip() {
  const { age_s: old, grade } = lane.list ?? {};
  if (old === null || old === undefined) return chip(t("lane.list_missing"), "bad");
  if (grade === "fresh") return chip(t("lane.list_fresh"));
  return chip(t("lane.list_age", { age: age(old) }), grade === "refuse" ? "bad" : "warn");
}

function fire() {
  const state = lane?.fire ?? null;
  document.body.classList.toggle("burning", state !== null);
  at("fire-card").hidden = state === null;
  if (state === null) return;
  at("fire-state").textContent = t(`fire.${state}`);
  at("reset").disabled = state !== "closed" || !STAFF;
}

export function untilOf(mode, status) {
  const parts = [];
  if (status.given_by?.[mode]) parts.push(t("lane.by", { name: nameOf(status.given_by[mode]) }));
  if (status.until?.[mode]) parts.push(t("orders.ends", { time: clock(status.until[mode]) }));
  return parts;
}

export const nameOf = (actor) => actor.replace(/^desk /, "").replace(/, uid \d+.*$/, "").replace(/^uid \d+ ?/, "");

function prevailing() {
  const mode = lane?.orders?.length ? lane.mode : null;
  at("order-card").hidden = !mode || lane.phase === "fire";
  if (!mode) return;
  at("order-name").textContent = t(`orders.${mode}`);
  const parts = untilOf(mode, lane);
  if (mode === "locked_down" && data.role === "guard") parts.push(t("lane.lockdown_who"));
  at("order-more").textContent = parts.join(" · ");
}

function buttons(now) {
  const off = lane === null;
  for (const id of ["admit", "extend", "give-back", "lockdown", "show-recent"]) at(id).disabled = off;
  const index = data.iin_check && (off || lane.index !== false);
  at("go-check").disabled = off || !index;
  at("check-why").hidden = index;
  at("check-why").textContent = t("lane.check_no_index");
  at("lockdown").disabled = off || lane.orders?.includes("locked_down");
  const armed = lane?.extended && lane.extended > now ? lane.extended - now : 0;
  at("extend").setAttribute("aria-pressed", String(armed > 0));
  at("extend").querySelector(".text").textContent = armed ? t("lane.extend_armed", { age: age(armed) }) : t("lane.extend");
}

// ---- the last refusal ----

let lastShown = null;

export function detailOf(row) {
  if (`why.${row.detail?.why}` in data.words.desk) return t(`why.${row.detail.why}`);
  const { times, ...facts } = row.detail ?? {};
  if (times) return t("details.times", { n: times });
  const seconds = Object.values(facts).find((value) => typeof value === "number");
  if (seconds !== undefined && `details.${row.reason}` in data.words.desk) return t(`details.${row.reason}`, { age: age(seconds) });
  return "";
}

async function refusals() {
  const answer = await call("recent", null, "GET");
  if (!answer.ok) return;
  at("latest").replaceChildren(...answer.decisions.slice(0, 6).map(decisionRow));
  const row = answer.decisions.find((one) => !ADMITTING.includes(one.reason));
  lastShown = row ?? null;
  if (!row) return at("last").replaceChildren(el("p", { className: "quiet", textContent: t("lane.no_refusal") }));
  const words = data.words.reasons[row.reason] ?? [row.reason, ""];
  const again = STAFF
    ? el("button", { className: "small again", textContent: t("lane.let_in_wrongly_refused"), onclick: () => admit({ why: "wrong_refusal", direction: row.direction ?? "entry" }) })
    : null;
  at("last").replaceChildren(
    el("p", { className: "strong", textContent: words[0] }),
    el("p", { className: "quiet", id: "last-age" }),
    el("p", { className: "do" }, el("b", { textContent: `${t("lane.what_to_do")}: ` }), t(`reasons.${row.reason}`)),
    again,
  );
  lastAge(lane?.at ?? row.at);
}

function lastAge(now) {
  const parts = [clock(lastShown.at, true), ago(now - lastShown.at), detailOf(lastShown)];
  const where = at("last-age");
  if (where) where.textContent = parts.filter(Boolean).join(" · ");
}

const ago = (seconds) => (seconds < 3 ? t("shell.now") : t("shell.ago", { age: age(seconds) }));

// ---- what the buttons and keys do ----

const acts = {
  "go-check": () => go("/desk/check"),
  admit: () => admit(),
  extend: async () => {
    const on = at("extend").getAttribute("aria-pressed") !== "true";
    const answer = await call("extend", { on });
    if (!answer.ok) failed(answer);
    else if (on && !answer.extended) say(t("orders.done")); // for the person who is at the lane now
  },
  "give-back": async () => {
    const answer = await call("give_back", {});
    if (answer.ok) say(t("lane.given_back"));
    else failed(answer);
  },
  "show-recent": () => showRecent(),
};
const grave = {
  lockdown: hold(at("lockdown"), t("lane.lockdown_again"), () => order("lockdown_on", "order", { mode: "locked_down", on: true })),
  reset: hold(at("reset"), t("fire.again"), () => order("", "reset", {})),
};

async function order(said, name, values) {
  const answer = await call(name, values);
  if (answer.ok) say(said ? t(`lane.${said}`) : t("fire.done"));
  else failed(answer);
}

for (const [id, act] of Object.entries(acts)) at(id).addEventListener("click", act);

const KEYS = { F1: "go-check", F2: "admit", F3: "extend", F4: "give-back", F7: "show-recent", F8: "reset", F9: "lockdown" };

document.addEventListener("keydown", (event) => {
  if (at("lock").open || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key in KEYS) {
    event.preventDefault();
    if (event.repeat) return;
    const id = KEYS[event.key];
    if (id === "admit" && document.body.dataset.view === "check" && checkKey(event)) return;
    if (event.key !== "F9" && event.key !== "F8") closeSheets();
    if (at(id).disabled || at(id).closest("[hidden]:not(.view)")) return;
    if (event.key !== "F1" && event.key !== "F9" && document.body.dataset.view !== "lane") go("/desk/lane");
    if (id in grave) grave[id]();
    else acts[id]();
  } else if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
    if (document.body.dataset.view !== "lane") go("/desk/lane");
  } else if (document.body.dataset.view === "check" && !document.querySelector("dialog[open]")) {
    checkKey(event);
  }
});

if (!STAFF) for (const id of ["go-check", "admit", "extend", "give-back", "lockdown"]) at(id).hidden = true;
start();
view();
follow(show);
