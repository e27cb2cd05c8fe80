// What is heard: a tick when a code is seen, two notes up for a yes, two down for a no, three even ones for a wait; and
// the headline, spoken, where there is a recording of it.  `[kiosk] voice`: off, sounds, speech; silent in quiet hours.

const TUNES = {
  seen: [1320],
  admitted: [660, 880],
  let_through: [660, 880],
  free: [660, 880],
  refused: [330, 262],
  unavailable: [330, 262],
  out_of_service: [330, 262],
  locked_down: [330, 262],
  wait: [520, 520, 520],
  held: [520, 520, 520],
  shut_door: [520, 520, 520],
};
const AGAIN = 8000; // ms until the same hint is spoken again

let audio = null;
let voices = null;
let speaking = [];
let coached = { what: "", at: -AGAIN };

// Turns the sounds on; a browser without a user's touch plays them only with --autoplay-policy (gate-kiosk.service).
export function sound(on) {
  audio = on ? (audio ?? new AudioContext()) : null;
}

async function loadVoices() {
  const index = await (await fetch("/static/voices.json")).json();
  const languages = [...document.querySelectorAll("#words .line")].map((line) => line.lang);
  const loaded = languages.filter((lang) => lang in index).map(async (lang) => {
    const recording = await (await fetch(`/static/voice-${lang}.ogg`)).arrayBuffer();
    return { clips: index[lang], recording: await audio.decodeAudioData(recording) };
  });
  voices = await Promise.all(loaded);
  document.body.dataset.voices = voices.length; // from now on it speaks
}

const voice = document.body.dataset.voice ?? "off";
if (voice !== "off") sound(true);
if (voice === "speech") loadVoices().catch(() => (voices = [])); // sounds remain

function play(scene) {
  const notes = TUNES[scene] ?? [];
  notes.forEach((pitch, i) => {
    const from = audio.currentTime + i * 0.15;
    const length = scene === "seen" ? 0.08 : 0.16;
    const tone = new OscillatorNode(audio, { frequency: pitch, type: pitch < 400 ? "triangle" : "sine" });
    const volume = new GainNode(audio, { gain: 0 });
    volume.gain.setTargetAtTime(0.3, from, 0.01);
    volume.gain.setTargetAtTime(0, from + length - 0.06, 0.03);
    tone.connect(volume).connect(audio.destination);
    tone.start(from);
    tone.stop(from + length + 0.2);
  });
  return notes.length * 0.15 + 0.1;
}

// The headline in each language, one after the other, until another scene comes.
function speak(key, after) {
  let from = audio.currentTime + after;
  for (const { clips, recording } of voices ?? []) {
    if (!(key in clips)) continue;
    const [, start, length] = clips[key];
    const clip = new AudioBufferSourceNode(audio, { buffer: recording });
    clip.connect(audio.destination);
    clip.start(from, start, length);
    speaking.push(clip);
    from += length + 0.25;
  }
}

// The key of the text whose headline the page shows; no recording has a key of none.
function spoken(scene, reason, coach) {
  if (coach) return `hints.${coach}`;
  if (scene === "fire" && document.body.dataset.side === "entry") return "scenes.fire_entry";
  if (scene === "refused") return `reasons.${reason}`;
  const named = { admitted: "admitted", let_through: "admitted", wait: "lane_busy", out_of_service: "out_of_service", locked_down: "locked_down" };
  return scene in named ? `reasons.${named[scene]}` : `scenes.${scene}`;
}

export function announce({ scene, reason, coach, quiet }) {
  for (const clip of speaking.splice(0)) clip.stop();
  if (!audio || quiet) return;
  audio.resume();
  const now = performance.now();
  if (coach && coached.what === coach && now - coached.at < AGAIN) return;
  if (coach) coached = { what: coach, at: now };
  const after = play(scene);
  speak(spoken(scene, reason, coach), after);
}
