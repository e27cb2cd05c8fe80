// Letting one person in with a reason, and the list of the last decisions.

import { at, call, clock, data, el, failed, lane, say, sheet, t } from "./desk.js";
import { detailOf, nameOf } from "./lane.js";

const CAUSES = ["no_phone", "flat_battery", "wrong_refusal", "staff_or_delivery", "other"];
const ADMITTING = ["admitted", "staff_admitted"];

let waiting = null; // a person who was let in: what came of it is shown

// Lets a person in; without a reason it is asked for.
export function admit(values = {}) {
  if (values.why) return send(values);
  let direction = "entry";
  const ways = { entry: at("way-entry"), exit: at("way-exit") };
  const choose = (way) => {
    direction = way;
    for (const [name, button] of Object.entries(ways)) {
      button.setAttribute("aria-checked", String(name === way));
      button.tabIndex = name === way ? 0 : -1;
    }
  };
  for (const [way, button] of Object.entries(ways)) {
    button.onclick = () => choose(way);
    button.onkeydown = (event) => {
      if (!event.key.startsWith("Arrow")) return;
      event.preventDefault();
      choose(way === "entry" ? "exit" : "entry");
      ways[direction].focus();
    };
  }
  choose("entry");
  at("note").value = "";
  const buttons = CAUSES.map((cause, i) =>
    el("button", { type: "button", className: "choice", onclick: () => pick(cause) }, el("span", { textContent: t(`why.${cause}`) }), el("kbd", { textContent: i + 1 })),
  );
  const pick = (why) => {
    at("why").close();
    const note = at("note").value.trim();
    send({ direction, why, ...(note ? { note } : {}) });
  };
  at("causes").replaceChildren(...buttons);
  at("why").onkeydown = (event) => {
    if (event.target === at("note") || !(event.key in { 1: 0, 2: 0, 3: 0, 4: 0, 5: 0 })) return;
    event.preventDefault();
    pick(CAUSES[event.key - 1]);
  };
  sheet(at("why"), buttons[0]);
}

export async function send(values) {
  const answer = await call("admit", { direction: "entry", ...values });
  if (!answer.ok) {
    failed(answer);
    return answer;
  }
  const seq = answer.last?.seq ?? lane().lane?.last?.seq ?? 0;
  waiting = { seq, next: 0, until: performance.now() + 30000 };
  say(`${t("lane.open")}: ${t("shell.seconds", { n: data.hold_s })}`);
  return answer;
}

// Called with each status: once nobody is let through any more, says whether that person went through.
export async function whatHappened(status) {
  if (!waiting || !status) return;
  const now = performance.now();
  if (now > waiting.until) waiting = null;
  else if (status.phase !== "released" && now > waiting.next) {
    waiting.next = now + 900;
    const { seq } = waiting;
    const answer = await call("recent", null, "GET");
    const row = answer.ok && answer.decisions.find((one) => (seq ? one.seq === seq : one.staff));
    if (!row?.passage || waiting?.seq !== seq) return;
    waiting = null;
    say(t(`lane.${row.passage}`), row.passage === "passed" ? "good" : "plain");
  }
}

export async function showRecent() {
  const answer = await call("recent", null, "GET");
  if (!answer.ok) return failed(answer);
  at("recent-list").replaceChildren(...answer.decisions.map(row));
  sheet(at("recent"), at("recent-list"));
}

export function row(one) {
  const good = ADMITTING.includes(one.reason);
  const [headline] = data.words.reasons[one.reason] ?? [one.reason];
  const parts = [one.direction && t(`shell.${one.direction}`), detailOf(one), one.passage && t(`lane.${one.passage}`), one.staff && t("lane.by", { name: nameOf(one.staff) })];
  return el(
    "li",
    { className: good ? "good" : "bad" },
    el("time", { textContent: clock(one.at, true) }),
    el("b", { textContent: `${good ? "✓" : "✕"} ${headline}` }),
    el("span", { className: "quiet", textContent: parts.filter(Boolean).join(" · ") }),
    good ? null : el("span", { className: "do", textContent: t(`reasons.${one.reason}`) }),
  );
}

export function closeSheets() {
  document.querySelectorAll("dialog.sheet[open]:not(.lock)").forEach((dialog) => dialog.close());
}
