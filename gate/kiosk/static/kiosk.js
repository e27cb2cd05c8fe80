// Shows what the server says, and "no signal" by itself when the server says nothing.  Decides nothing.

import { announce, sound } from "./sound.js";

const SILENCE = 2000; // ms; the server speaks every second
const GIVE_UP = 8000; // ms of silence after which a connection that still looks open is made again

const options = new URLSearchParams(location.search);
const at = (id) => document.getElementById(id);
const box = at("words");
const noSignal = {
  scene: "no_signal",
  number: 0,
  lines: Array.from(box.querySelectorAll(".line"), (line) => ({
    lang: line.lang,
    headline: line.querySelector(".headline").textContent,
    advice: line.querySelector(".advice").textContent,
  })),
};

let shown = "";
let page = noSignal;
let latest = null;
let heard = -SILENCE;
let source = null;
let opened = 0;

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const TURN = 4000; // ms for which each of the smaller languages is shown where they take turns
const small = matchMedia("(max-width: 600px), (max-height: 600px)");

function line({ lang, headline, advice }, place) {
  return element(
    "div",
    { className: "line", lang },
    element(place ? "p" : "h1", { className: "headline", textContent: headline }),
    " ",
    element("p", { className: "advice", textContent: advice }),
  );
}

// Widths of a headline in em, on one row and on the better of all two rows: CSS takes the larger letters.
const pen = document.createElement("canvas").getContext("2d");
function measure(headline) {
  const style = getComputedStyle(headline);
  pen.font = `${style.fontWeight} 100px ${style.fontFamily}`;
  const width = (words) => pen.measureText(words.join(" ")).width / 98;
  const words = headline.textContent.split(" ");
  const splits = words.map((_, i) => Math.max(width(words.slice(0, i)), width(words.slice(i))));
  box.style.setProperty("--one", width(words));
  box.style.setProperty("--two", Math.min(...splits));
}

// Everything as large as fits, whatever the text, the font and the screen.  Twice as large takes four times the room:
// from how much is taken, two or three layouts find the scale.
const [SMALLEST, NEAR, FULL] = [0.4, 0.06, 0.9];
const LARGEST = [2, 2, 1.5, 1.25]; // by the number of languages
const scales = new Map(); // of texts that were shown before
let guess = 1;
function fit() {
  box.classList.toggle("turning", small.matches && box.querySelectorAll(".others > .line").length > 1);
  const key = `${box.clientWidth} ${box.clientHeight} ${document.fonts.status} ${box.textContent}`;
  const largest = LARGEST[box.querySelectorAll(".line").length] ?? 1;
  if (!scales.has(key)) {
    if (scales.size > 200) scales.clear();
    scales.set(key, search(Math.min(guess, largest), largest));
  }
  guess = scales.get(key);
  box.style.setProperty("--scale", guess);
}

function search(scale, largest) {
  let [fits, over] = [SMALLEST, 2 * largest];
  for (let tries = 0; tries < 8; tries++) {
    box.style.setProperty("--scale", scale);
    const taken = (box.lastElementChild.getBoundingClientRect().bottom - box.firstElementChild.getBoundingClientRect().top) / box.clientHeight;
    const wide = box.scrollWidth / box.clientWidth;
    if (taken <= 1 && wide <= 1) {
      fits = scale;
      if (scale === largest || taken > FULL) break;
    } else over = scale;
    if (over - fits < NEAR) break;
    const next = Math.min(largest, scale * Math.min(0.97 / Math.sqrt(taken), wide > 1 ? 0.97 / wide : 9));
    scale = next > fits && next < over ? next : (fits + Math.min(over, largest)) / 2;
  }
  return fits;
}

let turn = 0;
function takeTurns() {
  const lines = box.querySelectorAll(".others > .line");
  lines.forEach((one, place) => one.classList.toggle("now", place === turn % lines.length));
}

function notes(list) {
  return list.map((note) => element("span", { lang: note.lang, textContent: note.text }));
}

export function render(next) {
  const { scene, number, lines } = next;
  const key = JSON.stringify([scene, number, lines]); // the same text again is announced only for a new verdict
  page = next;
  if (next.place !== undefined) strip(next);
  if (key === shown) return;
  const [first, ...others] = lines.map(line);
  document.documentElement.lang = lines[0].lang;
  document.body.dataset.scene = scene;
  document.body.dataset.coach = next.coach ?? "";
  box.replaceChildren(first, ...(others.length ? [element("div", { className: "others" }, ...others)] : []));
  turn = 0;
  takeTurns();
  measure(first.querySelector(".headline"));
  fit();
  shown = key;
}

function strip(next) {
  at("trial").hidden = next.trial.length === 0;
  at("trial").replaceChildren(...notes(next.trial));
  at("simulated").hidden = next.simulated.length === 0;
  at("simulated").replaceChildren(
    ...next.simulated.map((note) => element("b", { lang: note.lang, textContent: note.text })),
    element("span", { textContent: next.drivers.join(", ") }),
  );
  at("place").textContent = next.place;
  document.body.toggleAttribute("data-quiet", next.quiet);
  at("codes").textContent = next.codes.join(" ");
  at("mode").textContent = next.mode.text;
  at("list").hidden = next.list === null;
  at("list").textContent = next.list?.text ?? "";
  at("list").dataset.grade = next.list?.grade ?? "";
  at("clock").hidden = next.clock === null;
  at("clock").textContent = next.clock?.text ?? "";
  at("clock").dataset.standing = next.clock?.standing ?? "";
}

// ---- the stream ----

function take(data) {
  const next = JSON.parse(data);
  if (latest && next.session !== latest.session) location.reload(); // a new server: its page, its languages
  const another = next.scene !== latest?.scene || (next.number && next.number !== latest.number) || next.coach !== latest.coach;
  const fresh = latest && another;
  latest = next;
  render(next);
  if (fresh) announce(next);
}

function alive() {
  heard = performance.now();
  if (page === noSignal && latest) render(latest);
}

function connect() {
  source?.close();
  opened = performance.now();
  source = new EventSource("/events");
  source.addEventListener("state", (event) => {
    take(event.data);
    alive();
  });
  for (const name of ["decided", "grant_ended", "heartbeat"]) source.addEventListener(name, alive);
}

function watch() {
  const now = performance.now();
  if (now - heard > SILENCE) render(noSignal);
  const dead = source.readyState === EventSource.CLOSED ? now - opened > 1000 : now - Math.max(heard, opened) > GIVE_UP;
  if (dead) connect();
}

const camera = options.get("camera");
if (["above", "below", "left", "right"].includes(camera)) document.body.dataset.camera = camera;
if (options.get("sound") === "on") sound(true);
function refit() {
  measure(box.querySelector(".headline"));
  fit();
}
takeTurns();
refit();
document.fonts.ready.then(refit);
new ResizeObserver(fit).observe(box);
setInterval(() => {
  turn += 1;
  takeTurns();
}, TURN);
connect();
setInterval(watch, 250);
document.addEventListener("visibilitychange", watch);
