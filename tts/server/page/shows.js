// Shows: what is wanted is said, and the shows of this user are followed while they are made.
import { call, events, tell, tellError } from "./api.js";
import { Cards, FINAL } from "./jobs.js";
import { showCard } from "./show.js";
import { choose, option, usual } from "./voices.js";

const settings = JSON.parse(document.body.dataset.settings);
const AGAIN = 2000; // milliseconds after which a lost connection is tried again
const PICTURES = ".jpg,.jpeg,.png,.webp,.gif,.bmp,.tif,.tiff";
const WISHES = {
  text: ["What is it about?", "It is raining heavily today."],
  document: ["Choose a book or a text, or paste one", ""],
  picture: ["Choose a photo", ""],
};
const kinds = new Map(); // the shows that are offered, by name
const known = new Map(); // the shows of this user, by id
const cards = new Cards($("show-list"), showCard(kinds, followShows));
let offer = null, loading = null; // what is offered
let sent = null; // the file that was chosen

const chosen = () => kinds.get(document.querySelector("#show [name=kind]:checked")?.value);
const field = (name) => $(`show-${name}`);

async function load() { // once
  offer = await (await call("/v1/shows/offer")).json();
  for (const kind of offer.shows) {
    kinds.set(kind.name, kind);
    const label = element("label", "", document.querySelector("#show .kinds")), radio = element("input", "unseen", label);
    [radio.type, radio.name, radio.value, radio.checked] = ["radio", "kind", kind.name, kinds.size === 1];
    element("strong", "", label).textContent = kind.title;
    element("span", "hint", label).textContent = kind.about;
    radio.onchange = turn;
  }
  for (const kind of ["writer", "eye", "painter"]) for (const name of offer[`${kind}s`]) option(field(kind), name, name);
  option(field("bed"), "", "as it fits");
  for (const name of ["none", ...settings.beds]) option(field("bed"), name, name);
  field("minutes").max = offer.longest;
  choose(field("voice"), usual);
  turn();
}
function turn() { // what the chosen show can be told
  const kind = chosen(), [words, example] = WISHES[kind.input];
  document.querySelector("#show-text label").textContent = kind.input === "document" ? "Or paste a text" : words;
  field("words").placeholder = example;
  field("text").hidden = kind.input === "picture";
  field("file").hidden = kind.input === "text";
  field("choose").textContent = kind.input === "picture" ? "Choose a photo" : "Choose a book or a text";
  field("sent").accept = kind.input === "picture" ? PICTURES : settings.books.join(",");
  const hosts = Object.entries(kind.hosts), shown = {
    about: kind.input === "picture",
    minutes: kind.minutes !== null,
    genre: kind.genres.length > 0,
    age: kind.age !== null,
    chapters: kind.chapters,
    voice: !hosts.length,
    bed: true,
    language: kind.language,
    ...Object.fromEntries(["writer", "eye", "painter"].map((one) => [one, kind.models.includes(one) && offer[`${one}s`].length > 1])),
  };
  for (const label of document.querySelectorAll("#show [data-option]")) label.hidden = !shown[label.dataset.option];
  field("settings").hidden = !shown.about;
  field("minutes").value = kind.minutes;
  field("age").value = kind.age;
  field("genre").replaceChildren();
  for (const name of kind.genres) option(field("genre"), name, name);
  field("until").replaceChildren();
  option(field("until"), "", "nothing: to the end");
  for (const name of kind.stages.slice(0, -1)) option(field("until"), name, name);
  field("hosts").hidden = !hosts.length;
  const grid = field("hosts").querySelector(".grid");
  grid.replaceChildren();
  for (const [host, voice] of hosts) {
    const label = element("label", "", grid);
    label.append(`${host} `);
    const select = element("select", "", label);
    select.dataset.host = host;
    choose(select, null, voice);
  }
  take(null);
}
export function take(file) { // a file that was chosen or dropped
  sent = file;
  if (!file) field("sent").value = "";
  field("name").textContent = file?.name || (chosen()?.input === "document" ? "or drop it here" : "or drop it here; it stays on this server");
  if (field("photo").src) URL.revokeObjectURL(field("photo").src);
  field("photo").hidden = !file || chosen()?.input !== "picture";
  if (field("photo").hidden) field("photo").removeAttribute("src");
  else field("photo").src = URL.createObjectURL(file);
}

function wishes() { // what was said, without what the show does not have
  const said = (name) => (field(name).closest("[data-option]")?.hidden ? "" : field(name).value.trim());
  const number = (name) => (said(name) === "" ? null : Number(said(name)));
  const hosts = [...field("hosts").querySelectorAll("select")].filter((select) => select.value);
  const options = {
    minutes: number("minutes"), age: number("age"), seed: Number(field("seed").value),
    cast: Object.fromEntries(hosts.map((select) => [select.dataset.host, select.value])),
    filter: field("filter").value.split(",").map((word) => word.trim()).filter(Boolean),
  };
  for (const name of ["about", "genre", "chapters", "voice", "bed", "language", "writer", "eye", "painter"]) options[name] = said(name) || null;
  options.until = field("until").value || null;
  return options;
}
async function order() {
  const kind = chosen(), form = new FormData(), words = field("words").value;
  if (kind.input === "picture" && !sent) { field("sent").focus(); return tell("Choose a photo first."); }
  if (kind.input !== "picture" && !sent && !words.trim()) { field("words").focus(); return tell("Write something first."); }
  form.append("show", kind.name);
  form.append("options", JSON.stringify(wishes()));
  if (sent && kind.input !== "text") form.append("file", sent);
  else form.append("text", words);
  tell("It is being sent …");
  try {
    const job = await (await call("/v1/shows", { method: "POST", form })).json();
    field("words").value = field("about").value = "";
    take(null);
    tell(`${job.title} is on its way.`);
    await followShows();
    cards.focus(job.id);
  } catch (error) { tellError(error); }
}

function render() {
  cards.show([...known.values()].sort((one, other) => other.created - one.created));
  $("no-shows").hidden = known.size > 0;
}
let following = null; // what ends the connection by which the shows are followed
export async function followShows() { // as long as something is being made, and somebody looks
  following?.abort();
  following = null;
  if ($("shows").hidden) return;
  const own = following = new AbortController();
  try {
    await (loading ??= load());
    const { data } = await (await call("/v1/shows", { signal: own.signal })).json();
    known.clear();
    for (const job of data) known.set(job.id, job);
    render();
    if (data.some((job) => !FINAL.includes(job.state))) listen(own);
  } catch (error) { tellError(error); }
}
async function listen(own) {
  try {
    for await (const { type, ...job } of events(await call("/v1/shows/events", { signal: own.signal }))) {
      known.set(job.id, job);
      render();
    }
  } catch (error) {
    if (error.name === "AbortError") return;
  }
  // It has ended, or the connection is lost: what is still being made is looked at again.
  if (own === following && [...known.values()].some((job) => !FINAL.includes(job.state))) setTimeout(() => { if (own === following) followShows(); }, AGAIN);
}

field("sent").onchange = () => take(field("sent").files[0] || null);
$("show").onsubmit = (event) => { event.preventDefault(); order(); };
