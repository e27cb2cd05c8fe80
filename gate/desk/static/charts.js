// Charts as plain SVG: an axis, lines or bars, gaps where nothing is known.  No library.

import { clock, el, t } from "./desk.js";
import { day } from "./technician.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDE = innerWidth < 700 ? 340 : 640; // as it is shown, so that its letters are as large as others
const HIGH = 170;
const LEFT = 44;
const BOTTOM = 26;
const TOP = 10;

function part(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// `series`: [{ key: a text, of: sample -> number or null, kind: "line" or "bar", look: a class }]
export function chart(title, samples, series, { most = null } = {}) {
  const values = samples.flatMap((sample) => series.map((one) => one.of(sample))).filter((value) => value !== null);
  const figure = el("figure", { className: "card chart" });
  figure.append(el("figcaption", {}, el("b", { textContent: title }), ...series.map((one) => legend(one))));
  if (!values.length) {
    figure.append(el("p", { className: "quiet", textContent: t("status.no_data") }));
    return figure;
  }
  const top = most ?? nice(stacked(samples, series));
  const svg = part("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": spoken(title, samples, series) });
  const first = samples[0].at;
  const last = Math.max(samples.at(-1).at, first + 1);
  const x = (at) => LEFT + ((at - first) / (last - first)) * (WIDE - LEFT - 8);
  const y = (value) => TOP + (1 - Math.min(value, top) / top) * (HIGH - TOP - BOTTOM);
  for (const share of [0, 0.5, 1]) {
    svg.append(part("line", { class: "grid", x1: LEFT, x2: WIDE - 8, y1: y(share * top), y2: y(share * top) }));
    svg.append(part("text", { class: "tick", x: LEFT - 6, y: y(share * top) + 4, "text-anchor": "end" }, figureOf(share * top)));
  }
  for (const [place, anchor] of [[0, "start"], [0.5, "middle"], [1, "end"]]) {
    const at = first + place * (last - first);
    svg.append(part("text", { class: "tick", x: x(at), y: HIGH - 7, "text-anchor": anchor }, day(at) === day(last) ? clock(at) : `${day(at)} ${clock(at)}`));
  }
  const bars = series.filter((one) => one.kind === "bar");
  if (bars.length) drawBars(svg, samples, bars, x, y);
  for (const one of series.filter((each) => each.kind !== "bar")) drawLine(svg, samples, one, x, y);
  figure.append(svg);
  return figure;
}

function legend(one) {
  return el("span", { className: `legend ${one.look}` }, el("i", { attributes: { "aria-hidden": "true" } }), one.key);
}

function drawBars(svg, samples, bars, x, y) {
  const wide = Math.max(1.2, ((WIDE - LEFT - 8) / samples.length) * 0.8);
  for (const sample of samples) {
    let low = 0;
    for (const one of bars) {
      const value = one.of(sample);
      if (!value) continue;
      const left = Math.min(Math.max(x(sample.at) - wide / 2, LEFT), WIDE - 8 - wide);
      svg.append(part("rect", { class: one.look, x: left.toFixed(1), y: y(low + value).toFixed(1), width: wide.toFixed(1), height: (y(low) - y(low + value)).toFixed(1) }));
      low += value;
    }
  }
}

function drawLine(svg, samples, one, x, y) {
  let path = "";
  let before = null;
  for (const sample of samples) {
    const value = one.of(sample);
    if (value !== null) path += `${before === null ? "M" : "L"}${x(sample.at).toFixed(1)} ${y(value).toFixed(1)}`;
    before = value;
  }
  svg.append(part("path", { class: `curve ${one.look}`, d: path }));
  if (samples.length < 3) {
    for (const sample of samples.filter((each) => one.of(each) !== null)) svg.append(part("circle", { class: one.look, cx: x(sample.at).toFixed(1), cy: y(one.of(sample)).toFixed(1), r: 3.5 }));
  }
}

function stacked(samples, series) {
  const bars = series.filter((one) => one.kind === "bar");
  const sums = samples.map((sample) => bars.reduce((sum, one) => sum + (one.of(sample) ?? 0), 0));
  const lines = samples.flatMap((sample) => series.filter((one) => one.kind !== "bar").map((one) => one.of(sample) ?? 0));
  return Math.max(0, ...sums, ...lines);
}

// The next 1, 2 or 5 times a power of ten.
function nice(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? 10 * power;
}

const figureOf = (value) => (value >= 10 ? Math.round(value) : Math.round(value * 10) / 10);

function spoken(title, samples, series) {
  const ends = series.map((one) => {
    const known = samples.map(one.of).filter((value) => value !== null);
    return known.length ? `${one.key}: ${figureOf(Math.min(...known))}–${figureOf(Math.max(...known))}` : "";
  });
  return [title, ...ends.filter(Boolean)].join("; ");
}
