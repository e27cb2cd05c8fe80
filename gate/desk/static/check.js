// Check by IIN.  The twelve digits live in one array here and leave it at once: the field shows them for two seconds,
// then dots; the request takes them; a verdict goes away by itself.  They are never in an address, a form or a storage.

import { send } from "./acts.js";
import { age, at, call, data, el, lane, say, t } from "./desk.js";
import { go } from "./lane.js";
import { shape } from "./scene.js";

const LENGTH = 12;
const SEEN_FOR = 2000; // ms for which digits are readable
const SHOWN_FOR = 20; // seconds for which a verdict is
const WEIGHTS = [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]];

let digits = [];
let masked = 0; // how many of them are dots by now
let masking = 0;
let asking = false;
let verdict = null; // what the lane said, while it is on show
let left = 0;
let ticking = 0;

const field = at("iin");

export const isIin = (all) => {
  for (const weights of WEIGHTS) {
    const check = weights.reduce((sum, weight, i) => sum + weight * all[i], 0) % 11;
    if (check < 10) return check === all[11];
  }
  return false;
};

function paint() {
  const marks = digits.map((digit, i) => (i < masked ? "•" : digit));
  field.value = marks.join("");
  field.setSelectionRange(marks.length, marks.length);
  at("pad").classList.toggle("full", digits.length === LENGTH);
}

function mask() {
  clearTimeout(masking);
  masking = setTimeout(() => {
    masked = digits.length;
    paint();
  }, SEEN_FOR);
}

function wipe() {
  digits.fill(0);
  digits = [];
  masked = 0;
  clearTimeout(masking);
  paint();
}

function add(digit) {
  if (asking) return;
  if (verdict) clear();
  at("iin-problem").textContent = "";
  if (digits.length === LENGTH) wipe();
  digits.push(Number(digit));
  paint();
  mask();
  if (digits.length < LENGTH) return;
  if (isIin(digits)) ask();
  else at("iin-problem").textContent = t("check.bad_iin");
}

function erase() {
  at("iin-problem").textContent = "";
  digits.pop();
  masked = Math.min(masked, digits.length);
  paint();
}

async function ask() {
  asking = true;
  at("iin-hint").textContent = t("check.asking");
  const request = call("check", { iin: digits.join(""), direction: "entry" });
  wipe();
  const answer = await request;
  asking = false;
  at("iin-hint").textContent = t("check.hint");
  if (document.body.dataset.view !== "check") return;
  if (answer.ok) show(answer);
  else at("iin-problem").textContent = t(`codes.${answer.code}` in data.words.desk ? `codes.${answer.code}` : "codes.refused");
}

// ---- the verdict ----

function show(answer) {
  verdict = answer;
  const good = answer.may_enter;
  const why = good ? null : (data.words.reasons[answer.reason]?.[0] ?? answer.reason);
  const headline = good ? "check.may_enter" : answer.status === "unlisted" ? "check.not_listed" : "check.may_not_enter";
  const again = why && why !== t(headline) && answer.status !== "unlisted";
  const used = answer.used_at ? t("check.used_at", { age: age((lane().at ?? answer.used_at) - answer.used_at) }) : "";
  const status = el("p", { className: `status ${answer.status}` }, shape(answer.status), el("span", {}, `${t("check.status")}: `, el("b", { textContent: t(`check.${answer.status}`) })));
  const act = good ? "check.let_in" : data.role === "supervisor" ? "check.let_in_anyway" : null;
  const button = act ? el("button", { className: `big ${good ? "go" : "danger"}`, id: "let-in", onclick: letIn }, el("span", { className: "text", textContent: t(act) }), el("kbd", { textContent: good ? "Enter" : "F2" })) : el("p", { className: "quiet", textContent: t("check.ask_supervisor") });
  const box = at("verdict");
  box.className = `verdict ${good ? "good" : "bad"}`;
  box.replaceChildren(
    el("div", { className: "sign", attributes: { "aria-hidden": "true" } }, shape(good ? "green" : "red")),
    el("h2", { textContent: t(headline) }),
    ...(again ? [el("p", { className: "strong", textContent: why })] : []),
    status,
    ...(used ? [el("p", { className: "quiet", textContent: used })] : []),
    ...(good ? [] : [el("p", { className: "do", textContent: t(`reasons.${answer.reason}`) })]),
    button,
    el("button", { className: "small", onclick: clear }, el("span", { textContent: t("check.next") }), el("kbd", { textContent: "Del" })),
    el("p", { className: "quiet clears", id: "clears" }),
  );
  box.hidden = false;
  at("ask").classList.add("answered");
  left = SHOWN_FOR;
  tick();
  clearInterval(ticking);
  ticking = setInterval(tick, 1000);
  (at("let-in") ?? field).focus({ preventScroll: true });
}

function tick() {
  at("clears").textContent = t("check.clears", { n: left });
  at("verdict").style.setProperty("--left", left / SHOWN_FOR);
  if (left-- <= 0) clear();
}

async function letIn() {
  if (!verdict) return;
  const { may_enter: good, check } = verdict;
  clear();
  // Not by the rules: a supervisor's own decision, which does not use that person's pass.
  const answer = await send(good ? { why: "no_phone", check } : { why: "other" });
  if (answer.ok) go("/desk/lane");
  else say(t(`codes.${answer.code}` in data.words.desk ? `codes.${answer.code}` : "codes.refused"), "bad");
}

function clear() {
  verdict = null;
  clearInterval(ticking);
  at("verdict").hidden = true;
  at("verdict").replaceChildren();
  at("ask").classList.remove("answered");
  field.focus({ preventScroll: true });
}

// ---- keys, scanner, keypad ----

// Takes a key of this view, wherever the focus is; returns whether it was one.
export function checkKey(event) {
  if (/^\d$/.test(event.key)) add(event.key);
  else if (event.key === "Backspace") erase();
  else if (event.key === "Delete") {
    wipe();
    clear();
  } else if ((event.key === "F2" || event.key === "Enter") && verdict && at("let-in")) {
    if (event.key === "Enter" && (!verdict.may_enter || document.activeElement?.closest("#pad, header"))) return false;
    event.preventDefault();
    letIn();
  } else return false;
  event.preventDefault();
  return true;
}

field.addEventListener("beforeinput", (event) => {
  event.preventDefault(); // digits come by keydown, and by a scanner or keyboard that inserts text at once
  if (event.inputType.startsWith("insert") && event.data) [...event.data].filter((sign) => /\d/.test(sign)).forEach(add);
});
field.addEventListener("paste", (event) => {
  event.preventDefault();
  [...event.clipboardData.getData("text")].filter((sign) => /\d/.test(sign)).slice(0, LENGTH).forEach(add);
});
for (const name of ["copy", "cut", "drop", "dragstart"]) field.addEventListener(name, (event) => event.preventDefault());

at("pad").append(
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => el("button", { type: "button", textContent: digit, onclick: () => add(digit) })),
  el("button", { type: "button", className: "word", textContent: t("check.clear"), onclick: wipe }),
  el("button", { type: "button", textContent: 0, onclick: () => add(0) }),
  el("button", { type: "button", className: "word", textContent: "⌫", onclick: erase, attributes: { "aria-label": t("check.erase") } }),
);
at("pad").addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus

export function openCheck() {
  if (!data.iin_check) at("iin-problem").textContent = t("check.off");
  field.disabled = !data.iin_check;
  field.focus({ preventScroll: true });
}

export function leaveCheck() {
  wipe();
  if (verdict) {
    verdict = null;
    clearInterval(ticking);
    at("verdict").hidden = true;
    at("verdict").replaceChildren();
    at("ask").classList.remove("answered");
  }
}

document.addEventListener("desk-locked", leaveCheck);
addEventListener("pagehide", leaveCheck);
