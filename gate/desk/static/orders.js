// Standing orders with an end, and the number of people inside.

import { at, call, clock, data, el, failed, lane, say, t } from "./desk.js";
import { untilOf } from "./lane.js";

const MODES = { supervisor: ["locked_down", "free", "out_of_service"], technician: ["maintenance"] }[data.role] ?? [];
const ENDS = [
  ["orders.for_15", 15 * 60],
  ["orders.for_60", 3600],
  ["orders.for_480", 8 * 3600],
  ["orders.no_end", 0],
];

let shown = "";
let edited = false;

export function showOrders(status) {
  at("count-card").hidden = data.role !== "supervisor";
  const key = JSON.stringify([status?.orders, status?.mode, status?.until, status?.given_by, status === null]);
  at("set-count").disabled = at("less").disabled = at("plus").disabled = !status;
  if (!edited && status) at("count").value = status.inside ?? "";
  if (key === shown) return;
  shown = key;
  if (status) {
    at("prevails").textContent = t(`orders.${status.phase === "fire" ? "enforce" : status.mode}`);
    if (status.phase === "fire") at("prevails").textContent = t("fire.heading");
    at("prevails-more").textContent = status.orders?.includes(status.mode) ? untilOf(status.mode, status).join(" · ") : "";
  }
  at("modes").replaceChildren(...MODES.map((mode) => card(mode, status)));
}

function card(mode, status) {
  const on = status?.orders?.includes(mode) ?? false;
  const head = [el("h2", { textContent: t(`orders.${mode}`), id: `mode-${mode}` }), el("p", { className: "quiet", textContent: t(`orders.${mode}_is`) })];
  if (on) {
    const more = untilOf(mode, status);
    return el(
      "section",
      { className: "card on", attributes: { "aria-labelledby": `mode-${mode}` } },
      ...head,
      more.length ? el("p", { className: "strong", textContent: more.join(" · ") }) : null,
      el("button", { className: "big primary", textContent: t("orders.stop"), disabled: !status, onclick: () => order({ mode, on: false }) }),
    );
  }
  const time = el("input", { inputMode: "numeric", autocomplete: "off", maxLength: 5, placeholder: "18:00", oninput: colon, attributes: { "aria-label": t("orders.at_time") } });
  const group = el("div", { className: "ends", attributes: { role: "group", "aria-label": `${t(`orders.${mode}`)}: ${t("orders.until")}` } });
  for (const [key, seconds] of ENDS) {
    group.append(el("button", { className: "small", disabled: !status, onclick: () => order({ mode, on: true, ...(seconds ? { until: lane().at + seconds } : {}) }) , textContent: t(key) }));
  }
  const by = el("button", { className: "small", textContent: t("orders.at_time"), disabled: !status, onclick: () => (/^([01]\d|2[0-3]):[0-5]\d$/.test(time.value) ? order({ mode, on: true, until: nextTime(time.value) }) : time.focus()) });
  return el("section", { className: "card", attributes: { "aria-labelledby": `mode-${mode}` } }, ...head, group, el("div", { className: "by-time" }, time, by));
}

// Writes the colon of a time: 1830 becomes 18:30.
function colon(event) {
  const digits = event.target.value.replace(/\D/g, "").slice(0, 4);
  event.target.value = digits.length > 2 ? `${digits.slice(0, 2)}:${digits.slice(2)}` : digits;
}

// The next moment at which the venue's clock shows this time.
function nextTime(text) {
  const now = lane().at;
  const minutes = (shownTime) => Number(shownTime.slice(0, 2)) * 60 + Number(shownTime.slice(3, 5));
  const ahead = (minutes(text) - minutes(clock(now)) + 1440) % 1440 || 1440;
  return Math.floor(now / 60) * 60 + ahead * 60;
}

async function order(values) {
  const answer = await call("order", values);
  if (answer.ok) say(t("orders.done"));
  else failed(answer);
}

const step = (by) => {
  edited = true;
  at("count").value = Math.max(0, (Number(at("count").value) || 0) + by);
};
at("less").onclick = () => step(-1);
at("plus").onclick = () => step(1);
at("count").oninput = () => {
  edited = true;
  at("count").value = at("count").value.replace(/\D/g, "");
};
at("set-count").onclick = async () => {
  const answer = await call("inside", { count: Number(at("count").value) || 0 });
  edited = false;
  if (answer.ok) say(t("orders.done"));
  else failed(answer);
};
