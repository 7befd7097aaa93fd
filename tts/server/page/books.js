// Audiobooks: a book is looked at, its roles are cast, it is made, heard while it is made, and fetched.
import { address, call, downloadable, tell, tellError } from "./api.js";
import { Cards, FINAL } from "./jobs.js";
import { choose, languages, option, usual } from "./voices.js";

const settings = JSON.parse(document.body.dataset.settings);
const PACE = 150; // words that are spoken in a minute, about
const WORK = { speaking: "Speaking", mastering: "Finishing" };
let book = null; // the file that was chosen
const cards = new Cards($("jobs"), update);

export async function look(file) { // what is in a book, before it is made
  location.hash = "#books";
  tell(`Looking at ${file.name} …`);
  const form = new FormData();
  form.append("book", file);
  try {
    const found = await (await call("/v1/narrations/outline", { method: "POST", form })).json();
    book = file;
    tell("");
    outline(found);
  } catch (error) { tellError(error); }
}
function outline(found) {
  const words = found.chapters.reduce((total, chapter) => total + chapter.words, 0);
  const minutes = Math.max(1, Math.round(words / PACE)), hours = Math.floor(minutes / 60);
  const length = hours ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
  $("outline-title").textContent = [found.title || book.name, found.author && `by ${found.author}`].filter(Boolean).join(" ");
  const chapters = found.chapters.length === 1 ? "1 chapter" : `${found.chapters.length} chapters`;
  $("outline-size").textContent = `${chapters}, ${words.toLocaleString()} words, about ${length} of sound`;
  const roles = Object.entries(found.roles).slice(1), grid = $("cast").querySelector(".grid");
  grid.replaceChildren();
  for (const [role, said] of roles) {
    const label = element("label", "", grid);
    label.append(`${role} (${said} words) `);
    const select = element("select", "", label);
    select.dataset.role = role;
    choose(select, "chosen for you");
  }
  $("cast").hidden = !roles.length;
  $("drop").hidden = true;
  $("outline").hidden = false;
  $("outline-title").focus();
}
function dismiss() {
  book = null;
  $("file").value = "";
  $("drop").hidden = false;
  $("outline").hidden = true;
}

async function make() {
  const chosen = [...$("cast").querySelectorAll("select")].filter((select) => select.value);
  const options = {
    voice: $("narrator").value || null,
    language: $("book-language").value,
    cast: Object.fromEntries(chosen.map((select) => [select.dataset.role, select.value])),
    format: $("format").value,
    preset: $("preset").value,
    bed: $("bed").value || null,
    quotes: $("quotes").value || null,
    chapters: $("chapters").value.trim() || null,
  };
  const form = new FormData();
  form.append("book", book);
  form.append("options", JSON.stringify(options));
  try {
    const job = await (await call("/v1/narrations", { method: "POST", form })).json();
    dismiss();
    await refresh();
    tell(`${job.title} is on its way.`);
    cards.focus(job.id);
  } catch (error) { tellError(error); }
}

export async function refresh() {
  const { data } = await (await call("/v1/narrations")).json();
  cards.show(data);
  $("no-jobs").hidden = data.length > 0;
  if ($("feed").hidden && data.some((job) => job.state === "done")) {
    const link = $("feed").querySelector("a");
    link.href = link.textContent = (await (await call("/v1/narrations/feed")).json()).url;
    $("feed").hidden = false;
  }
  return data.some((job) => !FINAL.includes(job.state));
}
function update(card, job) {
  const part = job.whole ? job.done / job.whole : 0, work = WORK[job.work] || "Beginning";
  const doubtful = job.doubtful ? `, ${job.doubtful} sentences may have a fault` : "";
  const states = {
    waiting: "Waits for its turn",
    making: `${work}${job.whole ? `, ${Math.floor(100 * part)} %` : ""}`,
    done: `Done: ${time(job.seconds)}${doubtful}`,
    failed: `Failed: ${job.message}`,
    cancelled: "Stopped",
  };
  card.tell(job, states[job.state], part);
  const path = `/v1/narrations/${job.id}`, final = FINAL.includes(job.state);
  const ask = (own, method = "POST") => call(path + own, { method }).then(follow).catch(tellError);
  card.button(job, "Listen", job.chapters.length > 0, () => listen(job));
  card.button(job, "Stop", !final, () => ask("/cancel"));
  card.button(job, "Go on", job.state === "failed" || job.state === "cancelled", () => ask("/resume"));
  card.button(job, "Delete", final, () => { if (confirm(`Delete “${job.title}”?`)) ask("", "DELETE"); });
  card.files ??= element("div", "row", card.element);
  card.files.replaceChildren();
  for (const name of job.state === "done" ? job.files : []) downloadable(card.files, `${path}/files/${encodeURIComponent(name)}`, name);
}

const reading = new Reading($("listen-text"), $("listen-text")), audio = $("listen-audio");
let heard = null, manifest = null; // the job that is listened to, and its words once it is done
async function listen(job) {
  heard = job;
  manifest = null;
  $("listen").hidden = false;
  $("listen-title").textContent = job.title;
  $("listen-title").focus();
  try {
    if (job.state === "done" && job.files.includes("manifest.json"))
      manifest = await (await call(`/v1/narrations/${job.id}/files/manifest.json`)).json();
    $("listen-chapter").replaceChildren();
    for (const number of job.chapters)
      option($("listen-chapter"), number, `${number} ${manifest?.chapters[job.chapters.indexOf(number)]?.title || ""}`.trim());
    await chapter();
    await audio.play();
  } catch (error) { tellError(error); }
}
async function chapter() {
  const number = $("listen-chapter").value;
  if (audio.src.startsWith("blob:")) URL.revokeObjectURL(audio.src);
  audio.src = await address(`/v1/narrations/${heard.id}/chapters/${number}`);
  reading.clear();
  let paragraph = null, before = null;
  for (const own of manifest?.chapters[$("listen-chapter").selectedIndex]?.segments || []) {
    if (before === null || own.paragraph !== before.paragraph || own.kind !== before.kind || own.role !== before.role)
      paragraph = reading.paragraph(own.kind, own.level, own.role === "narrator" ? "" : own.role);
    before = own;
    if (own.kind === "scene") continue;
    const words = own.words.flatMap((word) => [word.first, word.last, 1000 * word.start, 1000 * word.stop]);
    reading.sentence(paragraph, own.text, 1000 * own.start, 1000 * own.stop, words, own.faults.join(", "));
    paragraph.append(" ");
  }
  if (!manifest) $("listen-text").textContent = "The words can be read along when the whole book is done.";
}
function tick() {
  if (manifest) reading.mark(Math.round(1000 * audio.currentTime) + 1);
  if (!audio.paused) requestAnimationFrame(tick);
}
audio.onplay = audio.onseeked = tick;
audio.onended = () => {
  const select = $("listen-chapter");
  if (select.selectedIndex + 1 >= select.options.length) return;
  select.selectedIndex += 1;
  chapter().then(() => audio.play()).catch(tellError);
};
reading.text.onclick = (event) => {
  const ms = reading.clicked(event);
  if (ms !== null) audio.currentTime = ms / 1000;
};
$("listen-chapter").onchange = () => chapter().then(() => audio.play()).catch(tellError);
$("listen-close").onclick = () => {
  audio.pause();
  $("listen").hidden = true;
  cards.focus(heard.id);
};

let waiting = 0;
export async function follow() { // as long as something is being made, and somebody looks
  clearTimeout(waiting);
  if ($("books").hidden) return;
  let busy = true;
  try { busy = await refresh(); } catch (error) { tellError(error); }
  clearTimeout(waiting);
  if (busy) waiting = setTimeout(follow, 1000);
}

choose($("narrator"), usual);
languages($("book-language"), "By the book");
choose($("quotes"), "as the narrator");
for (const name of settings.formats) option($("format"), name, name);
$("format").value = "m4b";
for (const name of settings.presets) option($("preset"), name, name === "none" ? "as spoken" : name);
option($("bed"), "", "none");
for (const name of settings.beds) option($("bed"), name, name);
$("file").accept = settings.books.join(",");
$("file").onchange = () => { if ($("file").files[0]) look($("file").files[0]); };
$("dismiss").onclick = () => { dismiss(); $("file").focus(); };
$("book").onsubmit = (event) => { event.preventDefault(); if (book) make().then(follow); };
