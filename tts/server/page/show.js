// One show: its stages, its texts to edit, and what came of it.
import { call, downloadable, tell, tellError } from "./api.js";
import { FINAL } from "./jobs.js";
import { option } from "./voices.js";

const AT_WORK = {
  plan: "Choosing who and where", story: "Writing the story", summary: "Summarising", dialogue: "Writing the talk",
  caption: "Looking at the photo", scenes: "Choosing the scenes", describe: "Describing the pictures", paint: "Painting",
  translate: "Translating", about: "Finding a title", cover: "Painting the cover", narrate: "Speaking",
  illustrate: "Making the player", book: "Making the book", publish: "Publishing",
};
const SEEN = { made: "made", kept: "as it was", edited: "edited by you", begun: "being made", waiting: "still to come" };
const PAGES = ["book.html", "player.html", "episode.narration/player.html"]; // the first that is there is opened
const SOUND = "episode.mp3", COVER = "cover.jpg";
const BEST = [SOUND, "book.epub", "book.pdf", "feed.xml"]; // offered at once; the rest under All files

export function showCard(kinds, follow) { // what updates a card; `kinds` are the shows that are offered, by name
  return (card, job) => {
    const running = job.stages.find((stage) => stage.state === "begun")?.name;
    const part = job.whole ? job.done / job.whole : 0, percent = job.whole ? `, ${Math.floor(100 * part)} %` : "";
    const doubtful = job.doubtful ? `, ${job.doubtful} sentences may have a fault` : "";
    const words = {
      waiting: "Waits for its turn",
      making: `${AT_WORK[running] || running || "Beginning"}${percent}`,
      paused: `Pauses after “${job.until}”: look at it, edit it, and go on`,
      done: `Done: ${time(job.seconds)}${doubtful}`,
      failed: `Failed: ${job.message}`,
      cancelled: "Stopped",
    };
    card.tell(job, `${kinds.get(job.show)?.title || job.show}. ${words[job.state]}`, progressOf(job, part));
    const path = `/v1/shows/${job.id}`, final = FINAL.includes(job.state);
    const ask = (own, method = "POST", json = undefined) => call(path + own, { method, json }).then(follow).catch(tellError);
    stages(card, job);
    result(card, job, path);
    const texts = job.stages.flatMap((stage) => stage.texts);
    const goOn = () => ask("/resume", "POST", {});
    const saved = () => { card.saved = true; card.button(job, "Go on", true, goOn); };
    if (!final) card.saved = false;
    edits(card, job, final ? texts : [], path, saved, goOn);
    card.button(job, "Stop", !final, () => ask("/cancel"));
    card.button(job, "Go on", final && (job.state !== "done" || Boolean(card.saved)), goOn);
    card.button(job, "Delete", final, () => { if (confirm(`Delete “${job.title}”?`)) ask("", "DELETE"); });
    anew(card, job, final && job.stages.some((stage) => stage.texts.length || stage.state !== "waiting"), ask);
  };
}

function progressOf(job, part) { // of all stages, in which each counts alike
  const past = job.stages.filter((stage) => ["made", "kept", "edited"].includes(stage.state)).length;
  return Math.min(1, (past + part) / job.stages.length);
}

function stages(card, job) {
  card.stages ??= element("ol", "stages", card.body);
  card.stages.setAttribute("aria-label", `Stages of ${job.title}`);
  card.stages.replaceChildren();
  for (const stage of job.stages) {
    const item = element("li", stage.state, card.stages);
    item.textContent = stage.name;
    item.title = SEEN[stage.state];
    element("span", "unseen", item).textContent = `: ${SEEN[stage.state]}`;
  }
}

function result(card, job, path) {
  const files = job.state === "done" || job.state === "paused" ? job.files : [], key = JSON.stringify([files, job.seconds, job.title]);
  if (card.shown === key) return; // what plays goes on
  card.shown = key;
  card.result ??= element("div", "result", card.body);
  card.all ??= element("details", "", card.element);
  card.result.replaceChildren();
  card.all.replaceChildren();
  card.all.hidden = !files.length;
  card.result.hidden = ![COVER, ...BEST, ...PAGES].some((name) => files.includes(name));
  if (!files.length) return;
  const address = new URL(job.address).pathname, stamp = `?${job.seconds}`; // the browser keeps what was made before
  if (files.includes(COVER)) {
    const cover = element("img", "", card.result);
    [cover.alt, cover.src] = [`Cover of ${job.title}`, `${address}/${COVER}${stamp}`];
  }
  const side = element("div", "", card.result);
  if (files.includes(SOUND)) {
    const audio = element("audio", "", side);
    [audio.controls, audio.preload, audio.src] = [true, "none", `${address}/${SOUND}${stamp}`];
    audio.setAttribute("aria-label", job.title);
  }
  const row = element("div", "row", side), page = PAGES.find((name) => files.includes(name));
  if (page) {
    const link = element("a", "button", row);
    [link.href, link.target, link.rel] = [`${address}/${page}`, "_blank", "noopener"];
    link.textContent = page === PAGES[0] ? "Open the book" : "Open the player";
  }
  const file = (parent, name) => downloadable(parent, `${path}/files/${name.split("/").map(encodeURIComponent).join("/")}`, name);
  for (const name of BEST) if (files.includes(name)) file(row, name);
  element("summary", "", card.all).textContent = "All files";
  const rest = element("div", "row", card.all);
  for (const name of files) if (!BEST.includes(name)) file(rest, name);
}

function edits(card, job, texts, path, saved, goOn) { // a button for each text between stages
  card.texts ??= element("div", "row", card.body);
  const key = JSON.stringify(texts);
  if (card.edited === key) return;
  card.edited = key;
  card.texts.replaceChildren();
  for (const name of texts) {
    const button = element("button", "", card.texts);
    [button.type, button.textContent] = ["button", `Edit ${name}`];
    button.setAttribute("aria-label", `Edit ${name} of ${job.title}`);
    button.onclick = () => edit(job, name, path, saved, goOn, button).catch(tellError);
  }
}
async function edit(job, name, path, saved, goOn, button) {
  const words = $("text-words"), dialog = $("text-dialog");
  $("text-title").textContent = `${name} of ${job.title}`;
  words.value = await (await call(`${path}/files/${name}`)).text();
  words.classList.toggle("code", name.endsWith(".yaml"));
  $("text-wrong").textContent = "";
  const save = async (then) => {
    try {
      await call(`${path}/texts/${name}`, { method: "PUT", json: { text: words.value } });
      dialog.close();
      tell(`${name} is saved.`);
      then();
    } catch (error) { $("text-wrong").textContent = error.message; words.focus(); }
  };
  $("text-save").onclick = () => save(saved);
  $("text-go").onclick = () => save(goOn);
  $("text-cancel").onclick = () => dialog.close();
  dialog.onclose = () => { if (button.isConnected) button.focus(); };
  dialog.showModal();
  words.focus();
  words.setSelectionRange(0, 0);
  words.scrollTop = 0;
}

function anew(card, job, shown, ask) { // a stage is made anew, with what follows from it
  if (!card.anew) {
    card.anew = element("details", "", card.element);
    element("summary", "", card.anew).textContent = "Make it anew";
    const row = element("div", "row", card.anew), label = element("label", "", row);
    label.append("From the stage ");
    card.from = element("select", "", label);
    for (const stage of job.stages) option(card.from, stage.name, stage.name);
    card.again = element("button", "", row);
    [card.again.type, card.again.textContent] = ["button", "Make anew"];
  }
  card.anew.hidden = !shown;
  card.again.setAttribute("aria-label", `Make anew: ${job.title}`);
  card.again.onclick = () => ask("/resume", "POST", { redo: [card.from.value] });
}
