// Shows what the server says, and "no signal" by itself when the server says nothing.  Decides nothing.

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

function line({ lang, headline, advice }) {
  return element(
    "div",
    { className: "line", lang },
    element("p", { className: "headline", textContent: headline }),
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

// Everything as large as fits, whatever the text, the font and the screen.  Letters of half the size take a quarter of
// the room: that guess is near enough for two layouts, where a search by halves alone would take six.
const [SMALLEST, LARGEST, NEAR] = [0.4, 1.25, 0.06];
function fit() {
  const excess = (scale) => {
    box.style.setProperty("--scale", scale);
    return Math.max(box.scrollHeight / box.clientHeight, box.scrollWidth / box.clientWidth);
  };
  let [small, large, guess] = [SMALLEST, LARGEST, LARGEST];
  while (guess !== small) {
    const over = excess(guess);
    if (over <= 1) small = guess;
    else large = guess;
    if (large - small < NEAR) break;
    const next = over > 1 ? 0.99 * guess / Math.sqrt(over) : (small + large) / 2;
    guess = next > small && next < large - NEAR / 3 ? next : (small + large) / 2;
  }
  box.style.setProperty("--scale", small);
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
  box.replaceChildren(first, ...(others.length ? [element("div", { className: "others" }, ...others)] : []));
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
  at("mode").textContent = next.mode.text;
  at("list").hidden = next.list === null;
  at("list").textContent = next.list?.text ?? "";
  at("list").dataset.grade = next.list?.grade ?? "";
  at("clock").hidden = next.clock === null;
  at("clock").textContent = next.clock?.text ?? "";
  at("clock").dataset.standing = next.clock?.standing ?? "";
  const alarms = next.alarms.map((note) => element("li", { textContent: note.text, lang: note.lang }));
  const problems = next.problems.map((text) => element("li", { textContent: text, lang: "en" }));
  at("problems").replaceChildren(...alarms, ...problems);
}

// ---- sound: a tick when a code is seen, then two notes up, or one low ----

const audio = options.get("sound") === "on" ? new AudioContext() : null;
const TUNES = { seen: [1320], admitted: [660, 880], let_through: [660, 880], refused: [196] };
function sound(scene) {
  if (!audio) return;
  audio.resume();
  const notes = TUNES[scene] ?? [];
  notes.forEach((pitch, i) => {
    const from = audio.currentTime + i * 0.13;
    const length = scene === "seen" ? 0.08 : notes.length > 1 ? 0.16 : 0.35;
    const voice = new OscillatorNode(audio, { frequency: pitch, type: scene === "refused" ? "triangle" : "sine" });
    const volume = new GainNode(audio, { gain: 0 });
    volume.gain.setTargetAtTime(0.3, from, 0.01);
    volume.gain.setTargetAtTime(0, from + length - 0.06, 0.03);
    voice.connect(volume).connect(audio.destination);
    voice.start(from);
    voice.stop(from + length + 0.2);
  });
}

// ---- the stream ----

function take(data) {
  const next = JSON.parse(data);
  if (latest && next.session !== latest.session) location.reload(); // a new server: its page, its languages
  const seen = next.scene === "seen" && latest?.scene !== "seen";
  const fresh = latest && (seen || (next.number && next.number !== latest.number));
  latest = next;
  render(next);
  if (fresh) sound(next.scene);
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
if (["above", "below", "left", "right"].includes(camera)) {
  at("pointer").dataset.to = camera;
  at("pointer").removeAttribute("hidden");
}
measure(box.querySelector(".headline"));
new ResizeObserver(fit).observe(box);
connect();
setInterval(watch, 250);
document.addEventListener("visibilitychange", watch);
