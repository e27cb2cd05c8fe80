// The technician's tests: what the camera sees, each contact and output, the acceptance run.

import { at, call, clock, data, el, failed, follow, lane, say, start, t } from "./desk.js";
import { download, every, facts, moment, percent, refresh, tabs } from "./technician.js";

start();

let tab = "";
let parts = null;
let reader = "";
let trial = null;

tabs(at("tabs"), (name) => (tab = name));
follow(showOrder);
every(500, async () => {
  const answer = await call("parts", null, "GET");
  parts = answer.ok ? answer : null;
  if (!parts) return;
  showReaders();
  if (tab === "contacts") showContacts();
});
every(200, look);
every(1000, async () => {
  if (tab === "acceptance") await acceptance();
});

// ---- maintenance ----

function showOrder(status) {
  const on = status?.mode === "maintenance";
  at("order").classList.toggle("on", on);
  refresh(at("order-words"), [on], () => [t(on ? "test.nobody_served" : "test.needs_maintenance")]);
  at("maintenance").textContent = t(on ? "test.maintenance_off" : "test.maintenance_on");
  at("maintenance").classList.toggle("primary", !on);
  at("maintenance").disabled = !status;
}

at("maintenance").onclick = async () => {
  const on = lane().lane?.mode === "maintenance";
  const end = on ? {} : { until: Math.floor(lane().at) + 3600 }; // nobody forgets it for longer than an hour
  const answer = await call("order", { mode: "maintenance", on: !on, ...end });
  if (!answer.ok) failed(answer);
};

// ---- the camera ----

function showReaders() {
  const names = Object.keys(parts.cameras);
  if (!names.includes(reader)) reader = names[0] ?? "";
  at("readers").hidden = names.length < 2;
  refresh(at("readers"), [names, reader], () =>
    names.map((name) => el("button", { type: "button", textContent: name, attributes: { role: "radio", "aria-checked": name === reader }, onclick: () => (reader = name) })),
  );
  const seen = parts.cameras[reader];
  if (tab !== "camera") return;
  if (!reader) return facts(at("reading"), [["", t("test.no_camera")]]);
  facts(at("reading"), !seen ? [["", t("test.no_code")]] : [
    [t("test.read_share", { n: seen.looks }), String(seen.read)],
    [t("test.unread"), String(seen.unread)],
    [t("test.exposure"), seen.exposure === null ? null : `${seen.exposure ? t("test.ms", { n: seen.exposure * 1000 }) : t("test.own_choice")} · ${seen.step + 1}`],
    [t("test.brightness"), `${Math.round(seen.brightness)} / 255`],
    [t("test.burnt_out"), percent(seen.burnt_out)],
    [t("test.sharpness"), seen.sharpness === null ? null : seen.sharpness.toFixed(2)],
    [t("test.module"), seen.module_px === null ? null : seen.module_px.toFixed(1)],
    [t("test.frame"), seen.frame_ms.toFixed(1)],
  ]);
}

async function look() {
  const canvas = at("picture");
  if (tab !== "camera" || !reader || !parts?.maintenance) {
    if (!parts?.maintenance) blank(canvas);
    return;
  }
  const answer = await call("picture", { reader });
  if (!answer.ok) {
    if (answer.code === "not_in_maintenance") blank(canvas);
    return;
  }
  const bytes = Uint8Array.from(atob(answer.jpeg), (letter) => letter.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
  if (!parts?.maintenance) return bitmap.close();
  canvas.width = answer.width;
  canvas.height = answer.height;
  const pen = canvas.getContext("2d");
  pen.drawImage(bitmap, 0, 0);
  bitmap.close();
  for (const outline of answer.outlines) draw(pen, outline);
  const read = answer.outlines.some((outline) => outline.read);
  const words = read ? t("test.code_read") : answer.hint ? t(`test.hint_${answer.hint}`) : t("test.no_code");
  refresh(at("hint"), [words], () => [words]);
  at("hint").className = `hint ${read ? "good" : answer.outlines.length ? "bad" : ""}`;
}

function draw(pen, outline) {
  pen.beginPath();
  outline.corners.forEach(([x, y], place) => (place ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.closePath();
  for (const [width, colour] of [[7, "#000"], [4, outline.read ? "#35e08a" : "#ffc233"]]) {
    pen.setLineDash(outline.read ? [] : [14, 9]);
    pen.lineWidth = width;
    pen.strokeStyle = colour;
    pen.stroke();
  }
}

// The crosshair of the reading zone alone: there is no picture outside of maintenance.
function blank(canvas) {
  if (canvas.dataset.blank) return;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#1b2a31";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  at("hint").className = "hint";
  refresh(at("hint"), ["blank"], () => [t("test.needs_maintenance")]);
}

// ---- contacts and outputs ----

function showContacts() {
  refresh(at("inputs"), parts.inputs, () => (parts.inputs.length ? parts.inputs.map(contact) : [el("li", { className: "quiet", textContent: t("test.no_inputs") })]));
  refresh(at("outputs"), [parts.outputs, parts.maintenance], () => groups(parts.outputs).map(([device, names]) => group(device, names)));
  refresh(at("result"), parts.test, () => (parts.test ? result(parts.test) : []));
}

function contact(input) {
  const level = input.level === null ? "test.silent" : input.level ? "test.active" : "test.rest";
  const role = [t(`test.role_${input.role}`), input.direction ? t(`test.${input.direction}`) : ""].filter(Boolean).join(", ");
  const edges = [...input.edges].reverse().map((edge) => `${edge.level ? "▲" : "▼"} ${clock(edge.at, true)}.${String(Math.floor((edge.at % 1) * 1000)).padStart(3, "0")}`);
  return el(
    "li",
    { className: input.level ? "on" : "" },
    el("b", { textContent: role }),
    el("span", { className: `lamp ${input.level === null ? "none" : input.level ? "active" : "rest"}`, textContent: t(level) }),
    el("small", { textContent: input.name }),
    el("ol", { className: "edges", attributes: { "aria-label": t("test.edges") } }, ...edges.map((edge) => el("li", { textContent: edge }))),
  );
}

function groups(names) {
  const found = new Map();
  for (const name of names) {
    const device = name.slice(0, name.lastIndexOf(" "));
    found.set(device, [...(found.get(device) ?? []), name]);
  }
  return [...found];
}

function group(device, names) {
  const word = (name) => {
    const what = name.slice(device.length + 1);
    return what === "entry" || what === "exit" ? t(`test.${what}`) : what;
  };
  return el(
    "div",
    { className: "group", attributes: { role: "group", "aria-label": device } },
    el("b", { textContent: device }),
    ...names.map((name) => el("button", { className: "small", type: "button", textContent: word(name), disabled: !parts.maintenance, onclick: () => fire(name) })),
  );
}

async function fire(name) {
  const answer = await call("output", { name });
  if (!answer.ok) return failed(answer);
  say(t("test.fired", { name }));
}

function result(test) {
  const ms = (number) => t("test.ms", { n: number });
  const rows = [[t("test.opened"), test.opened_ms === null ? "" : ms(test.opened_ms)]];
  for (const edge of test.edges) rows.push([`${edge.contact} ${edge.level ? "▲" : "▼"}`, ms(edge.ms)]);
  if (test.name.startsWith("barrier")) rows.push([t("test.locked"), test.locked_ms !== null ? ms(test.locked_ms) : test.over ? t("test.by_board") : t("test.running")]);
  const list = el("dl", { className: "facts" });
  facts(list, rows);
  return [el("b", { textContent: `${test.name} · ${clock(test.at, true)}` }), list];
}

// ---- acceptance ----

const TRIALS = ["green", "red", "screenshot", "walk_back", "fire", "reader", "barrier", "power"];

async function acceptance() {
  const answer = await call("acceptance", null, "GET");
  if (!answer.ok) return;
  trial = answer;
  if (at("run").contains(document.activeElement) && document.activeElement.matches("input")) return showSteps();
  refresh(at("run"), [answer.run !== null, answer.whole], () => (answer.run ? running() : [beginning()]));
  showSteps();
}

function beginning() {
  return el(
    "section",
    { className: "card begin" },
    el("p", { textContent: t("test.begin_is") }),
    el("button", { className: "big primary", textContent: t("test.begin"), onclick: async () => again(await call("acceptance_begin", {})) }),
  );
}

function running() {
  const technician = el("input", { id: "technician-name", maxLength: 60, autocomplete: "off" });
  const customer = el("input", { id: "customer-name", maxLength: 60, autocomplete: "off" });
  const finish = async () => {
    const answer = await call("acceptance_end", { technician: technician.value, customer: customer.value, language: data.language });
    if (!answer.ok) return answer.code === "not_whole" ? say(t("test.not_whole"), "bad") : failed(answer);
    download(`acceptance-${answer.row}.html`, answer.html, "text/html");
    say(t("test.saved", { row: answer.row }));
    again(answer);
  };
  return [
    el("ol", { className: "steps", id: "steps" }),
    el(
      "section",
      { className: "card finish" },
      el("label", { textContent: t("test.technician") }, technician),
      el("label", { textContent: t("test.customer") }, customer),
      el("button", { className: "big primary", textContent: t("test.finish"), disabled: !trial.whole, onclick: finish }),
      el("button", { className: "small", textContent: t("test.drop"), onclick: async () => again(await call("acceptance_drop", {})) }),
    ),
  ];
}

async function again(answer) {
  if (!answer.ok) return failed(answer);
  document.activeElement?.blur();
  await acceptance();
}

function showSteps() {
  const steps = document.getElementById("steps");
  if (!steps || !trial?.run) return;
  const now = parts?.at ?? Date.now() / 1000;
  refresh(steps, [trial.run.done, trial.run.skipped, trial.fitted], () => TRIALS.map((name) => step(name, now)));
  const finish = document.querySelector(".finish .primary");
  if (finish) finish.disabled = !trial.whole;
}

function step(name, now) {
  const done = trial.run.done[name];
  const skipped = trial.run.skipped.includes(name);
  const fitted = trial.fitted.includes(name);
  const state = done ? "done" : !fitted ? "none" : skipped ? "skipped" : "waiting";
  const words = done ? moment(done, now, true) : t({ none: "test.not_fitted", skipped: "test.skipped", waiting: "test.waiting" }[state]);
  const button = fitted && !done ? el("button", { className: "small", textContent: t(skipped ? "test.unskip" : "test.skip"), onclick: async () => again(await call("acceptance_skip", { trial: name, on: !skipped })) }) : null;
  return el(
    "li",
    { className: `card step ${state}` },
    el("span", { className: "mark", textContent: { done: "✓", none: "○", skipped: "–", waiting: "…" }[state], attributes: { "aria-hidden": "true" } }),
    el("div", {}, el("b", { textContent: t(`acceptance.${name}`) }), el("span", { className: "quiet", textContent: words })),
    button,
  );
}
