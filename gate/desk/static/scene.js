// What the visitor's screen says now, from the lane's status: the same sign, colour and words.

import { data, drawing } from "./desk.js";

const REFUSED_FOR = 5; // seconds, as the visitors' page shows a refusal

export function sceneOf(lane, now) {
  const words = (name, reason) => ({ scene: name, words: data.words.reasons[reason] ?? data.words.scenes[name] });
  if (!lane) return words("no_signal");
  switch (lane.phase) {
    case "fire":
      return words("fire");
    case "free":
      return words("free");
    case "locked_down":
      return words("refused", "locked_down");
    case "maintenance":
      return { scene: "out_of_service", words: [data.words.modes.maintenance, data.words.reasons.out_of_service[1]] };
    case "out_of_service":
      return words("out_of_service", "out_of_service");
    case "released":
      return words("admitted", lane.last?.reason in data.words.reasons ? lane.last.reason : "admitted");
    case "busy":
      return words("wait", "lane_busy");
  }
  const last = lane.last;
  const refused = last && !["admitted", "staff_admitted"].includes(last.reason);
  if (refused && now - last.at < REFUSED_FOR) return words("refused", last.reason);
  if (lane.cannot?.includes("read")) return words("out_of_service", "out_of_service");
  return words("idle");
}

const line = (d, more = {}) => ["path", { d, class: "cutline", ...more }];
const disc = ["circle", { class: "solid", cx: 100, cy: 100, r: 94 }];
const leaves = ["path", { class: "solid", d: "M8 18l84 30v104L8 182zM192 18l-84 30v104l84 30z" }];

const SIGNS = {
  idle: [["rect", { class: "solid", x: 52, y: 14, width: 96, height: 172, rx: 17 }], ["path", { class: "cut", d: "M66 38h68v110H66z" }], ["path", { class: "solid", d: "M74 56h22v22H74zM106 56h22v22h-22zM74 90h22v22H74zM106 90h10v10h-10zM118 102h10v10h-10zM106 114h10v10h-10z" }]],
  admitted: [disc, line("M54 104l32 32 60-68")],
  refused: [["path", { class: "solid", d: "M62 6h76l56 56v76l-56 56H62L6 138V62z" }], line("M66 66l68 68M134 66l-68 68")],
  wait: [["path", { class: "solid", d: "M8 18l44 16v132L8 182zM192 18l-44 16v132l44 16z" }], ["circle", { class: "solid", cx: 100, cy: 62, r: 19 }], ["path", { class: "solid", d: "M74 176v-56a26 26 0 0 1 52 0v56z" }]],
  out_of_service: [leaves, ["path", { class: "bar", d: "M2 82h196v36H2z" }]],
  free: [["path", { class: "solid", d: "M6 18l40 14v136L6 182zM194 18l-40 14v136l40 14z" }], line("M100 170V40M62 78l38-38 38 38", { class: "stroke" })],
  fire: [["path", { class: "solid", d: "M100 8c8 34 52 52 52 102a52 52 0 0 1-104 0c0-24 14-38 22-54 6 14 12 18 18 18 0-24 2-46 12-66z" }]],
};
SIGNS.no_signal = SIGNS.out_of_service;

export const sign = (scene) => drawing(SIGNS[scene] ?? SIGNS.idle);

// ---- statuses by shape and colour: a word, a shape, a colour, so that any of them is enough ----

const SHAPES = {
  green: [disc, line("M54 104l32 32 60-68")],
  yellow: [["path", { class: "solid", d: "M100 10l92 170H8z" }], line("M100 74v48M100 148v2")],
  red: SIGNS.refused,
  blue: [["path", { class: "solid", d: "M100 4l96 96-96 96L4 100z" }], line("M100 66v44M100 136v2")],
  unlisted: [["path", { class: "solid", d: "M20 20h160v160H20z" }], line("M60 100h80")],
};

export const shape = (status) => drawing(SHAPES[status] ?? SHAPES.unlisted);
