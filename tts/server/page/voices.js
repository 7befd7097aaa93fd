// The voices: those of the choices on the page, and the part in which they are heard, cloned, mixed and deleted.
import { call, tell, tellError } from "./api.js";

const SAMPLES = {
  en: "The morning was quiet, and the sea lay still under a pale sky.",
  de: "Der Morgen war still, und das Meer lag ruhig unter einem blassen Himmel.",
};
const settings = JSON.parse(document.body.dataset.settings);
let known = [];
let consent = "";
const choices = new Map(); // of a select: the words of its first, empty option, if it has one

export const usual = settings.voice === "auto" ? "By the language" : null; // the first option where a voice may be left open
const names = new Intl.DisplayNames(["en"], { type: "language" });
const named = (voice) => (voice.language === "en" ? voice.name : `${voice.name} (${names.of(voice.language)})`);
export function languages(select, none = null) { // a select that offers the languages of texts
  if (none !== null) option(select, "auto", none);
  for (const code of settings.languages) {
    const sounds = settings.learned.includes(code) ? "" : ` with sounds of ${names.of(settings.learned[0])}`;
    option(select, code, names.of(code) + (none === null ? "" : sounds));
  }
}
export function choose(select, none = null, value = undefined) { // a select that offers the voices, now and later
  choices.set(select, none);
  fill(select, value);
  return select;
}
function fill(select, value = select.value || select.dataset.wanted) {
  if (known.length) delete select.dataset.wanted;
  else if (value) select.dataset.wanted = value; // until the voices are there
  for (const one of choices.keys()) if (!one.isConnected) choices.delete(one);
  const none = choices.get(select);
  select.replaceChildren();
  if (none !== null) option(select, "", none);
  for (const [label, ships] of [["Yours", false], ["Built in", true]]) {
    const own = known.filter((voice) => voice.ships === ships);
    if (!own.length) continue;
    const group = element("optgroup", "", select);
    group.label = label;
    for (const voice of own) option(group, voice.id, named(voice));
  }
  const there = (id) => known.some((voice) => voice.id === id);
  select.value = there(value) ? value : none !== null ? "" : there(settings.voice) ? settings.voice : known[0]?.id;
}
export function option(parent, value, words) {
  const made = element("option", "", parent);
  [made.value, made.textContent] = [value, words];
}

const playing = new Audio();
export async function hear(id, button) {
  button.disabled = true;
  try {
    const language = known.find((voice) => voice.id === id)?.language || "en", input = SAMPLES[language] || SAMPLES.en;
    const asked = { model: "triforce", voice: id || "auto", input, language, response_format: "mp3" };
    const answer = await call("/v1/audio/speech", { method: "POST", json: asked });
    URL.revokeObjectURL(playing.src);
    playing.src = URL.createObjectURL(await answer.blob());
    await playing.play();
  } catch (error) { tellError(error); }
  button.disabled = false;
}

export async function refresh() {
  ({ data: known, consent } = await (await call("/v1/audio/voices")).json());
  $("consent-words").textContent = consent;
  for (const select of choices.keys()) fill(select);
  const other = known.find((voice) => voice.id !== $("mix-first").value);
  if (other && $("mix-second").value === $("mix-first").value) $("mix-second").value = other.id;
  shares();
  const list = $("voice-list");
  list.replaceChildren();
  for (const voice of known) {
    const item = element("li", "card", list), words = element("div", "", item);
    element("strong", "", words).textContent = named(voice);
    element("span", "hint", words).textContent = voice.ships ? voice.description : "yours";
    const button = element("button", "", item);
    button.textContent = "Hear";
    button.setAttribute("aria-label", `Hear ${voice.name}`);
    button.onclick = () => hear(voice.id, button);
    if (voice.ships) continue;
    const away = element("button", "", item);
    away.textContent = "Delete";
    away.setAttribute("aria-label", `Delete ${voice.name}`);
    away.onclick = () => {
      if (!confirm(`Delete the voice “${voice.name}”?`)) return;
      done(call(`/v1/audio/voices/${voice.id}`, { method: "DELETE" }), `${voice.name} is deleted.`);
    };
  }
}
async function done(request, words) {
  try {
    await request;
    await refresh();
    tell(words);
    return true;
  } catch (error) { tellError(error); return false; }
}
const nameOf = (select) => select.selectedOptions[0]?.textContent || "";
function shares() {
  const second = Number($("share").value);
  $("share-words").textContent = `${100 - second} % ${nameOf($("mix-first"))}, ${second} % ${nameOf($("mix-second"))}`;
}

languages($("clone-language"));
choose($("mix-first"));
choose($("mix-second"));
$("share").oninput = $("mix-first").onchange = $("mix-second").onchange = shares;
$("clone-files").accept = settings.recordings.join(",");
$("clone").onsubmit = async (event) => {
  event.preventDefault();
  const form = new FormData(), name = $("clone-name").value.trim();
  form.append("name", name);
  form.append("consent", consent);
  form.append("language", $("clone-language").value);
  for (const file of $("clone-files").files) form.append("audio_sample", file);
  tell("The voice is being made …");
  if (await done(call("/v1/audio/voices", { method: "POST", form }), `${name} is there.`)) $("clone").reset();
};
$("mix").onsubmit = async (event) => {
  event.preventDefault();
  const second = Number($("share").value), name = $("mix-name").value.trim();
  const voices = [{ voice: $("mix-first").value, share: 100 - second }, { voice: $("mix-second").value, share: second }];
  const asked = call("/v1/audio/voices/mix", { method: "POST", json: { name, voices } });
  if (await done(asked, `${name} is there.`)) $("mix").reset();
  shares();
};
