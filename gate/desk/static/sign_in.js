import { at, data, knock, refusalOf, start } from "./desk.js";

start();
at("name").focus();
let busy = false;

at("sign-in").onsubmit = async (event) => {
  event.preventDefault();
  if (busy) return;
  if (!at("name").value) return at("name").focus();
  if (!at("pin").value) return at("pin").focus();
  busy = true;
  const pin = at("pin").value;
  at("pin").value = "";
  at("submit").classList.add("busy");
  const answer = await knock("sign-in", { name: at("name").value, pin });
  busy = false;
  at("submit").classList.remove("busy");
  if (answer.ok) {
    const language = answer.language && answer.language !== data.language ? `?lang=${answer.language}` : "";
    location.replace(`/desk/${language}`);
    return;
  }
  if (answer.code === "no_token") location.reload();
  at("problem").textContent = refusalOf(answer);
  at("pin").focus();
};

at("name").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || at("pin").value) return;
  event.preventDefault();
  at("pin").focus();
});
