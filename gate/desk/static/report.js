import { at, call, data, el, failed, start, t } from "./desk.js";

// The report of a day, or of the week that ends with it.  The sheet comes whole from the desk.

start();

const zoned = new Intl.DateTimeFormat("sv-SE", { timeZone: data.timezone, year: "numeric", month: "2-digit", day: "2-digit" });
const today = zoned.format(new Date());
const yesterday = zoned.format(new Date(Date.now() - 86400000));

function asked() {
  return new URLSearchParams({ day: at("day").value, days: at("week").checked ? 7 : 1, lang: data.language });
}

async function show() {
  const answer = await call(`report?${asked()}`, null, "GET");
  if (!answer.ok) return failed(answer);
  at("print").disabled = at("csv").disabled = !answer.html;
  const sheet = answer.html
    ? new DOMParser().parseFromString(answer.html, "text/html").body.firstElementChild
    : el("p", { className: "quiet", textContent: t("page.not_yet") });
  at("report").replaceChildren(document.adoptNode(sheet));
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
