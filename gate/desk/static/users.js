import { age, call, el, failed, start, t } from "./desk.js";

start();

async function show() {
  const answer = await call("users", null, "GET");
  if (!answer.ok) return failed(answer);
  document.getElementById("users").replaceChildren(
    ...answer.users.map((user) =>
      el("tr", {}, el("th", { scope: "row", textContent: user.name }), el("td", { textContent: t(`shell.${user.role}`) }), el("td", { textContent: state(user) })),
    ),
  );
}

function state(user) {
  if (user.locked_s) return t("users.locked", { age: age(user.locked_s) });
  return t(user.signed_in ? "users.signed_in" : "users.away");
}

show();
setInterval(show, 10000);
