import { at, call, data, el, failed, start, t } from "./desk.js";

// The report of a day, or of the week that ends with it.  The sheet comes whole from the desk.

start();

const zoned = new Intl.DateTimeFormat("sv-SE", { timeZone: data.timezone, year: "numeric", month: "2-digit", day: "2-digit" });
const today = zoned.format(new Date());
const yesterday = zoned.format(new Date(Date.now() - 86400000));

function asked() {
  return new URLSearchParams({ day: at("day").value, days: at("week").checked ? 7 : 1, lang: data.language });
}

const SVG = "http://www.w3.org/2000/svg";

// From [name, attributes, contents]: this page may not parse HTML.
function built(node, space = null) {
  if (typeof node === "string") return node;
  const [name, attributes, contents] = node;
  const own = name === "svg" ? SVG : space;
  const made = own ? document.createElementNS(own, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...contents.map((each) => built(each, own)));
  return made;
}

async function show() {
  const answer = await call(`report?${asked()}`, null, "GET");
  if (!answer.ok) return failed(answer);
  at("print").disabled = at("csv").disabled = !answer.sheet;
  at("report").replaceChildren(answer.sheet ? built(answer.sheet) : el("p", { className: "quiet", textContent: t("page.not_yet") }));
}

async function save() {
  const answer = await call(`report_csv?${asked()}`, null, "GET");
  if (!answer.ok) return failed(answer);
  const link = el("a", { href: URL.createObjectURL(new Blob([answer.csv], { type: "text/csv" })), download: `report-${at("day").value}.csv` });
  link.click();
  URL.revokeObjectURL(link.href);
}

at("day").max = today;
at("day").value = yesterday;
at("choice").addEventListener("submit", (event) => {
  event.preventDefault();
  show();
});
at("day").addEventListener("change", show);
at("week").addEventListener("change", show);
at("print").addEventListener("click", () => window.print());
at("csv").addEventListener("click", save);
show();
