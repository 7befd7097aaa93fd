// A text that is spoken at once: read along word by word, mended sentence by sentence, and kept in the history.
import { call, events, keep, recall, save, tell, tellError } from "./api.js";
import { inPlace, locate, shown, source } from "./places.js";
import { Sound } from "./sound.js";
import { choose, hear, languages, option, usual } from "./voices.js";

const settings = JSON.parse(document.body.dataset.settings);
const KEPT = 30; // texts of the history
const reading = new Reading($("reading"), $("main"));
let sound = new Sound(settings.rate, null);
let context = null; // of all sound: a browser allows few
let asked = null; // what was asked for last: {input, voice, language, speed}
let leaving = new AbortController(); // of the request that is under way
let text = "", at = 0; // what is spoken, and how much of it is shown as sentences
let places = []; // where in `text` each sentence stands, [first, last], or null
let paragraph = null, pending = null;

async function request(own, signal, heard) { // speech with the times of its words
  const json = { model: "triforce", response_format: "pcm", stream_format: "sse", timestamps: true, ...own };
  for await (const event of events(await call("/v1/audio/speech", { method: "POST", json, signal }))) {
    if (event.type === "error") throw new Error(event.error.message);
    heard(event);
  }
}
const flat = (words) => words.flatMap((word) => [word.first, word.last, 1000 * word.start, 1000 * word.end]);

export async function speak() {
  const input = $("words").value;
  if (!input.trim()) { $("words").focus(); return tell("Write something first."); }
  leaving.abort();
  sound.pause();
  const own = leaving = new AbortController();
  context ??= new AudioContext();
  sound = new Sound(settings.rate, context);
  asked = { input, voice: $("voice").value || "auto", language: $("language").value, speed: Number($("tempo").value) };
  begin(input);
  sound.play(0);
  tick();
  tell("Speaking …");
  try {
    await request(asked, own.signal, (event) => {
      if (event.type === "speech.audio.delta") sound.push(event.audio);
      if (event.type === "speech.audio.sentence") add(event.text, 1000 * event.start, 1000 * event.end, flat(event.words));
    });
    tell("");
    remember(asked);
  } catch (error) {
    tellError(error);
  }
  if (own !== leaving) return;
  sound.complete = true;
  pending.remove();
  put(paragraph, shown(text, text.slice(at)));
  tick();
}

function begin(input) {
  [text, at, places] = [input, 0, []];
  reading.clear();
  $("reading").lang = asked.language === "auto" ? "" : asked.language;
  paragraph = reading.paragraph("prose", 0, "");
  pending = element("span", "pending", paragraph);
  pending.textContent = shown(text, text);
  $("reading").hidden = $("player").hidden = false;
  $("edit").disabled = $("save").disabled = true;
}
function add(said, start, stop, words) { // the next sentence, where it stands in the text
  const found = locate(text, at, said);
  pending.remove();
  if (found) put(paragraph, shown(text, text.slice(at, found[0])));
  else if (reading.sentences.length) put(paragraph, " ");
  reading.sentence(paragraph, said, start, stop, words);
  places.push(found);
  if (found) at = found[1];
  paragraph.append(pending);
  pending.textContent = shown(text, text.slice(at));
}

function edit(number = reading.here) { // in its place; then only this sentence is spoken again
  const own = reading.sentences[number];
  if (!own || $("edit").disabled) return;
  pause();
  const box = element("span", "editing", paragraph), words = element("textarea", "", box), row = element("span", "row", box);
  own.element.replaceWith(box);
  words.value = source(text, places[number], own.text).replace(/\u2028/g, "\n");
  words.rows = 2;
  words.setAttribute("aria-label", "Sentence");
  const [again, cancel] = ["Speak it again", "Cancel"].map((label) => element("button", "", row));
  [again.textContent, cancel.textContent, again.type, again.className] = ["Speak it again", "Cancel", "button", "main"];
  $("edit").disabled = true;
  const close = () => { box.replaceWith(own.element); $("edit").disabled = false; $("edit").focus(); };
  cancel.onclick = close;
  again.onclick = async () => {
    const said = words.value.trim();
    if (!said) return words.focus();
    again.disabled = true;
    try {
      await exchange(number, said);
      $("edit").focus();
    } catch (error) {
      tellError(error);
      again.disabled = false;
    }
  };
  words.onkeydown = (event) => {
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); again.click(); }
    if (event.key === "Escape") close();
  };
  words.focus();
  words.select();
}
async function exchange(number, said) {
  const part = new Sound(settings.rate, context), found = [];
  const old = reading.sentences.map((one, index) => ({ ...one, place: places[index] })), own = old[number];
  await request({ ...asked, input: inPlace(text, own.place, said) }, leaving.signal, (event) => {
    if (event.type === "speech.audio.delta") part.push(event.audio);
    if (event.type === "speech.audio.sentence") found.push(event);
  });
  const [first, stop] = [own.start, own.stop].map((ms) => Math.round((ms * settings.rate) / 1000));
  sound.splice(first, stop, part.samples);
  const later = 1000 * part.duration - (own.stop - own.start);
  if (own.place) text = text.slice(0, own.place[0]) + said + text.slice(own.place[1]);
  const shifted = (words, by) => words.map((value, index) => (index % 4 > 1 ? value + by : value));
  const fresh = found.map((one) => ({
    text: one.text, start: own.start + 1000 * one.start, stop: own.start + 1000 * one.end, words: shifted(flat(one.words), own.start),
  }));
  const after = old.slice(number + 1).map((one) => ({
    ...one, start: one.start + later, stop: one.stop + later, words: shifted(one.words, later),
  }));
  begin(text);
  for (const one of [...old.slice(0, number), ...fresh, ...after]) add(one.text, one.start, one.stop, one.words);
  pending.remove();
  put(paragraph, shown(text, text.slice(at)));
  $("words").value = asked.input = text;
  remember(asked);
  sound.play(own.start / 1000, own.start / 1000 + part.duration);
  tell("The sentence is spoken again.");
  tick();
}

function go(number) {
  const own = reading.sentences[Math.max(0, Math.min(number, reading.sentences.length - 1))];
  if (!own) return;
  reading.scrolled = -1e4;
  sound.go(own.start / 1000);
  tick();
  if (!sound.playing) tell(own.text);
}
function toggle() {
  if (sound.playing) sound.pause();
  else sound.play(sound.complete && sound.time >= sound.duration - 0.05 ? 0 : sound.time);
  tick();
}
export function pause() {
  sound.pause();
  tick();
}
let ticking = 0;
function tick() {
  cancelAnimationFrame(ticking);
  if (sound.playing && sound.ended) sound.pause();
  const seconds = sound.time, whole = sound.duration;
  if (!document.querySelector(".editing")) reading.mark(Math.round(1000 * seconds) + 1);
  $("seek").max = whole;
  $("seek").value = seconds;
  const clock = `${time(seconds)} / ${time(whole)}`;
  if ($("clock").textContent !== clock) {
    $("clock").textContent = clock;
    $("seek").setAttribute("aria-valuetext", clock.replace("/", "of"));
  }
  const label = sound.playing ? "Pause" : "Play";
  $("play").classList.toggle("playing", sound.playing);
  if ($("play").getAttribute("aria-label") !== label) $("play").setAttribute("aria-label", label);
  $("edit").disabled = !sound.complete || reading.here < 0 || Boolean(document.querySelector(".editing"));
  $("save").disabled = !sound.complete;
  if (sound.playing) ticking = requestAnimationFrame(tick);
}

function remember(own) {
  const before = (recall("history") || []).filter((one) => one.input !== own.input);
  keep("history", [{ ...own, when: Date.now() }, ...before].slice(0, KEPT));
  showHistory();
}
function showHistory() {
  const known = recall("history") || [], list = $("history").querySelector("ol");
  $("history").hidden = !known.length;
  list.replaceChildren();
  for (const own of known) {
    const button = element("button", "", element("li", "", list));
    button.type = "button";
    element("span", "", button).textContent = own.input.slice(0, 200);
    element("small", "", button).textContent = new Date(own.when).toLocaleDateString();
    button.onclick = () => {
      $("words").value = own.input;
      $("voice").value = own.voice === "auto" ? "" : own.voice;
      if ($("voice").selectedIndex < 0) $("voice").value = usual === null ? settings.voice : "";
      $("language").value = own.language || "auto";
      $("tempo").value = own.speed;
      long();
      $("words").focus();
    };
  }
}
function long() { // a text that is too long to be spoken at once is a book
  const chars = Array.from($("words").value).length, over = chars > settings.chars;
  $("words-hint").textContent = over ? `${chars} characters: too long to be spoken at once. Make an audiobook of it.` : "";
  $("speak-button").disabled = over;
}

choose($("voice"), usual, recall("voice") || undefined);
languages($("language"), "By the text");
for (const tempo of [0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5]) option($("tempo"), tempo, `${tempo}×`);
$("tempo").value = 1;
$("voice").onchange = () => keep("voice", $("voice").value);
$("hear").onclick = () => hear($("voice").value, $("hear"));
$("words").oninput = long;
$("words").onkeydown = (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) speak(); };
$("say").onsubmit = (event) => { event.preventDefault(); speak(); };
$("reading").onclick = (event) => {
  const ms = reading.clicked(event);
  if (ms !== null) { sound.go(ms / 1000); tick(); }
};
$("reading").ondblclick = (event) => {
  const own = event.target.closest(".sentence");
  if (own) edit(Number(own.dataset.number));
};
$("play").onclick = toggle;
$("earlier").onclick = () => go(reading.here - 1);
$("later").onclick = () => go(reading.here + 1);
$("edit").onclick = () => edit();
$("seek").oninput = () => { sound.go(Number($("seek").value)); tick(); };
$("save").onclick = () => save(URL.createObjectURL(sound.wav()), "speech.wav");
$("forget").onclick = () => { keep("history", []); showHistory(); tell("The history is empty."); };
onkeydown = (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("player").hidden || $("speak").hidden) return;
  const own = event.target.closest("button, select, input, textarea, a, summary, dialog");
  if (own && (event.key === " " || own.matches("select, input, textarea, dialog"))) return;
  const keys = { " ": toggle, ArrowLeft: $("earlier").onclick, ArrowRight: $("later").onclick, e: () => edit() };
  if (!Object.hasOwn(keys, event.key)) return;
  event.preventDefault();
  keys[event.key]();
};
showHistory();
