// The technician's overview of a running gate: parts, lists and time, log, charts, settings.

import { age, at, call, clock, data, el, failed, follow, lane, say, start, t } from "./desk.js";
import { chart } from "./charts.js";
import { download, every, facts, moment, partName, percent, refresh, STATES, tabs } from "./technician.js";

start();

let tab = "";
let parts = null;
let site = null;
let lines = [];
let rows = [];
let span = "day";

tabs(at("tabs"), (name) => {
  tab = name;
  ({ overview: overview, lists: overview, log, charts, config })[name]();
});

follow((status) => showLists(status));
every(2000, async () => {
  if (tab === "overview" || tab === "lists") await overview();
});
every(15000, async () => {
  if (tab === "log" && at("log-pause").getAttribute("aria-pressed") === "false") await log();
  if (tab === "charts") await charts();
});

async function overview() {
  const answers = await Promise.all([call("parts", null, "GET"), call("site", null, "GET")]);
  parts = answers[0].ok ? answers[0] : null;
  if (answers[1].ok) site = answers[1];
  showParts();
  showSite();
}

function showParts() {
  if (!parts) return refresh(at("parts"), null, () => []);
  const order = { lost: 0, unknown: 1, well: 2 };
  const sorted = [...parts.parts].sort((one, other) => order[one.state] - order[other.state]);
  const lost = sorted.filter((part) => part.state === "lost").length;
  const unknown = sorted.filter((part) => part.state === "unknown").length;
  const words = lost ? t("status.faults", { n: lost }) : unknown ? t("status.unknown", { n: unknown }) : t("status.all_well");
  refresh(at("sum"), words, () => [el("p", { className: `sum-words ${lost ? "bad" : unknown ? "plain" : "good"}`, textContent: `${lost ? "✗" : unknown ? "–" : "✓"} ${words}` })]);
  const minute = Math.floor(parts.at / 60);
  refresh(at("parts"), [sorted, parts.cameras, minute], () => sorted.map(card));
}

function card(part) {
  const [mark, word] = STATES[part.state];
  const reading = parts.cameras[part.name];
  return el(
    "article",
    { className: `card part ${part.state}` },
    el("h2", {}, el("span", { className: "mark", textContent: mark, attributes: { "aria-hidden": "true" } }), partName(part.name), part.driver ? el("small", { textContent: part.driver }) : null),
    el("p", { className: "quiet", textContent: [t(word), part.since ? t("status.since", { time: moment(part.since, parts.at) }) : ""].filter(Boolean).join(" · ") }),
    reading ? el("p", { className: "quiet", textContent: `${t("status.reading")}: ${reading.read} / ${reading.looks}` }) : null,
    part.problem ? el("p", { className: "what", lang: "en", textContent: part.problem }) : null,
    part.advice ? el("p", { className: "do" }, el("b", { textContent: `${t("status.to_do")}: ` }), el("span", { lang: "en", textContent: part.advice })) : null,
  );
}

function showSite() {
  if (!site) return;
  const giga = site.disk_free === null ? null : t("status.gigabytes", { n: (site.disk_free / 1e9).toFixed(1) });
  facts(at("computer"), [
    [t("status.version"), site.version],
    [t("status.uptime"), site.uptime_s === null ? null : age(site.uptime_s)],
    [t("status.temperature"), site.temperature === null ? null : `${site.temperature} °C`],
    [t("status.memory"), percent(site.memory)],
    [t("status.disk"), giga],
    [t("status.page"), site.page],
  ]);
  showLists(lane().lane ?? null);
}

function showLists(status) {
  if (tab !== "lists" || !site) return;
  const list = status?.list;
  const ages = ["warn", "restrict", "refuse"].map((name) => age(site.limits_s[name])).join(" / ");
  facts(at("list-facts"), [
    [t("status.age"), list?.age_s === null || list?.age_s === undefined ? null : `${age(list.age_s)} · ${t(`status.grade_${list.grade}`)}`],
    [t("status.limits"), ages],
    [t("status.people"), list?.people === undefined ? null : String(list.people ?? "–")],
    ...(list && list.age_s === null ? [[t("status.age"), t("status.grade_missing")]] : []),
  ]);
  refresh(at("age-bar"), [list?.age_s && Math.floor(list.age_s / 60), list?.grade], () => (list && list.age_s !== null ? [ageBar(list)] : []));
  const now = status?.at ?? lane().at ?? Date.now() / 1000;
  const sync = site.sync;
  facts(at("sync-facts"), sync === null ? [[t("status.mirrors"), t("status.no_sync")]] : [
    [t("status.last_sync"), sync.last_at ? `${moment(sync.last_at, now)} · ${sync.last_mirror}` : t("status.never")],
    [t("status.next_sync"), sync.next_at ? moment(sync.next_at, now) : null],
  ]);
  refresh(at("mirrors"), sync?.mirrors ?? null, () => (sync?.mirrors ?? []).map((mirror) => mirrorRow(mirror, now)));
  facts(at("clock-facts"), [
    [t("status.clock_now"), status ? clock(status.at, true) : null],
    [t("status.trust"), status ? t(`status.trust_${status.clock.trust}`) : null],
    [t("status.clock_behind"), status && status.clock.behind_s ? age(Math.abs(status.clock.behind_s)) : null],
  ]);
}

function mirrorRow(mirror, now) {
  const tried = mirror.at === null ? t("status.never") : moment(mirror.at, now);
  const result = mirror.at === null ? "" : mirror.problem || t("status.good");
  return el(
    "li",
    { className: mirror.problem ? "bad" : "" },
    el("b", { textContent: mirror.address }),
    el("span", { className: "quiet", textContent: `${t("status.tried")}: ${tried}` }),
    result ? el("span", { textContent: mirror.problem ? `✗ ${result}` : `✓ ${result}`, ...(mirror.problem ? { lang: "en" } : {}) }) : null,
    mirror.received ? el("span", { className: "quiet", textContent: t("status.kilobytes", { n: Math.ceil(mirror.received / 1000) }) }) : null,
  );
}

// The age of the list against its three limits.
function ageBar(list) {
  const end = site.limits_s.refuse * 1.15;
  const box = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(box, "svg");
  svg.setAttribute("viewBox", "0 0 600 34");
  svg.setAttribute("class", "agebar");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `${t("status.age")}: ${age(list.age_s)}`);
  const x = (seconds) => Math.min(1, seconds / end) * 600;
  const add = (name, attributes) => {
    const made = document.createElementNS(box, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    svg.append(made);
  };
  const limits = [0, site.limits_s.warn, site.limits_s.restrict, site.limits_s.refuse, end];
  ["fresh", "warn", "restrict", "refuse"].forEach((name, place) => add("rect", { class: `age-${name}`, x: x(limits[place]), y: 8, width: Math.max(0, x(limits[place + 1]) - x(limits[place])), height: 16 }));
  add("path", { class: "age-now", d: `M${x(list.age_s) - 7} 1h14l-7 11zM${x(list.age_s) - 1.5} 8h3v24h-3z` });
  return svg;
}

// ---- report ----

at("copy").onclick = async () => {
  const button = at("copy");
  button.disabled = true;
  button.textContent = t("status.making");
  let answer = await call("report_begin", {});
  while (answer.ok && !answer.text) {
    await new Promise((later) => setTimeout(later, 1000));
    answer = await call("report_text", null, "GET");
  }
  button.disabled = false;
  button.textContent = t("status.copy");
  if (!answer.ok) return answer.problem ? say(answer.problem, "bad") : failed(answer);
  at("report-text").value = answer.text;
  at("report-card").hidden = false;
  try {
    await navigator.clipboard.writeText(answer.text);
    say(t("status.copied"));
  } catch {
    say(t("status.not_copied"), "plain");
    at("report-text").select();
  }
};

// ---- log ----

const local = (unix) => `${clock(unix, true)}`;

async function log() {
  const query = new URLSearchParams({ level: at("log-level").value, hours: at("log-hours").value });
  const answer = await call(`log?${query}`, null, "GET");
  lines = answer.ok ? answer.lines : [];
  showLog(answer.ok ? "" : answer.problem ?? t("codes.no_answer"));
}

function chosen() {
  const word = at("log-word").value.trim().toLowerCase();
  return lines.filter((line) => !word || `${line.unit} ${line.text}`.toLowerCase().includes(word));
}

function showLog(problem = "") {
  const found = chosen();
  at("log-count").textContent = problem || (found.length ? t("status.lines", { n: found.length }) : t("status.no_lines"));
  const now = Date.now() / 1000;
  at("log-lines").replaceChildren(
    ...found.map((line) =>
      el("li", { className: line.level }, el("time", { textContent: moment(line.at, now, true), title: new Date(line.at * 1000).toISOString() }), el("b", { textContent: line.unit }), el("span", { lang: "en", textContent: line.text })),
    ),
  );
}

at("log-filters").onsubmit = (event) => event.preventDefault();
at("log-level").onchange = at("log-hours").onchange = log;
at("log-word").oninput = () => showLog();
at("log-pause").onclick = () => at("log-pause").setAttribute("aria-pressed", at("log-pause").getAttribute("aria-pressed") === "false");
at("log-save").onclick = () => download("gate.log", chosen().map((line) => `${new Date(line.at * 1000).toISOString()} ${line.level} ${line.unit} ${line.text}\n`).reverse().join(""));

// ---- charts ----

async function charts() {
  const answer = await call(`charts?span=${span}`, null, "GET");
  if (!answer.ok) return failed(answer);
  const of = (name, times = 1) => (sample) => (sample[name] === null ? null : sample[name] * times);
  const line = (key, name, look, times = 1) => ({ key: t(key), of: of(name, times), kind: "line", look });
  const bar = (key, name, look) => ({ key: t(key), of: of(name), kind: "bar", look });
  const all = [
    ["status.people_chart", [bar("status.admitted", "admitted", "one"), bar("status.refused", "refused", "two"), bar("status.faulty", "faults", "three")], {}],
    ["status.speed_chart", [line("status.half", "p50_ms", "one"), line("status.most", "p95_ms", "two")], {}],
    ["status.read_chart", [line("status.reading", "read", "one", 100)], { most: 100 }],
    ["status.served_chart", [line("status.well", "served", "one", 100)], { most: 100 }],
    ["status.load_chart", [line("status.processor", "cpu", "one", 100), line("status.memory", "memory", "two", 100)], { most: 100 }],
    ["status.heat_chart", [line("status.temperature", "temperature", "one")], { most: 100 }],
  ];
  refresh(at("chart-list"), [span, answer.samples], () => all.map(([key, series, options]) => chart(t(key), answer.samples, series, options)));
}

for (const button of document.querySelectorAll("[data-span]")) {
  button.onclick = () => {
    span = button.dataset.span;
    for (const other of document.querySelectorAll("[data-span]")) other.setAttribute("aria-checked", other === button);
    charts();
  };
}

// ---- settings ----

async function config() {
  const answer = await call("configuration", null, "GET");
  if (!answer.ok) return failed(answer);
  rows = answer.rows;
  at("config-how").textContent = t("status.read_only", { file: answer.file });
  at("config-problem").hidden = !answer.problem;
  at("config-problem").textContent = answer.problem ?? "";
  showConfig();
}

function showConfig() {
  const word = at("config-word").value.trim().toLowerCase();
  const found = rows.filter((row) => !word || `${row.key} ${row.value}`.toLowerCase().includes(word));
  at("config-rows").replaceChildren(
    ...found.map((row) =>
      el("li", { className: row.line ? "own" : "" }, el("b", { textContent: row.key }), el("code", { textContent: row.value }), el("small", { textContent: row.line ? t("status.line", { n: row.line }) : t("status.by_default") })),
    ),
  );
}

at("config-word").oninput = showConfig;
