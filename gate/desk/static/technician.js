// What both pages of the technician share: tabs, lists of facts, tables that become cards on a telephone.

import { age, clock, data, el, t } from "./desk.js";

export function tabs(list, show) {
  const buttons = [...list.querySelectorAll("[role=tab]")];
  const choose = (name, focus = false) => {
    for (const button of buttons) {
      const chosen = button.dataset.tab === name;
      button.setAttribute("aria-selected", chosen);
      button.tabIndex = chosen ? 0 : -1;
      document.getElementById(button.dataset.tab).hidden = !chosen;
      if (chosen && focus) button.focus();
      if (chosen) button.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    history.replaceState(null, "", `#${name}`);
    show(name);
  };
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const place = buttons.indexOf(document.activeElement);
    choose(buttons[(place + step + buttons.length) % buttons.length].dataset.tab, true);
  });
  for (const button of buttons) button.onclick = () => choose(button.dataset.tab);
  const wanted = location.hash.slice(1);
  choose(buttons.some((button) => button.dataset.tab === wanted) ? wanted : buttons[0].dataset.tab);
}

export function facts(list, rows) {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  refresh(list, shown, () => shown.flatMap(([name, value]) => [el("dt", { textContent: name }), el("dd", { textContent: value })]));
}

const days = new Intl.DateTimeFormat(data.language, { day: "2-digit", month: "2-digit", timeZone: data.timezone });
export const day = (unix) => days.format(new Date(unix * 1000));

export function moment(unix, now, seconds = false) {
  const today = day(unix) === day(now);
  return today ? clock(unix, seconds) : `${day(unix)} ${clock(unix, seconds)}`;
}

export const percent = (share) => (share === null || share === undefined ? null : `${Math.round(share * 100)} %`);
export const short = (seconds) => age(seconds);

// Draw an element again only where what it shows differs: what a person reads or is about to press stays.
const drawn = new WeakMap();
export function refresh(place, key, children) {
  const text = JSON.stringify(key);
  if (drawn.get(place) === text) return;
  drawn.set(place, text);
  place.replaceChildren(...children());
}

export function every(milliseconds, work) {
  const turn = async () => {
    if (!document.hidden && !document.getElementById("lock").open) await work();
    setTimeout(turn, milliseconds);
  };
  turn();
}

export function download(name, text, kind = "text/plain") {
  const link = el("a", { href: URL.createObjectURL(new Blob([text], { type: kind })), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

export const STATES = { well: ["✓", "status.well"], lost: ["✗", "status.lost"], unknown: ["–", "status.not_known"] };
export const partName = (name) => (name === "page" ? t("status.page") : name === "mirrors" ? t("status.mirrors") : name === "list" ? t("status.list") : name);
