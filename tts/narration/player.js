"use strict";
const parsed = (id) => JSON.parse($(id).textContent);
const book = parsed("book-data"); // id, files, pictures: [chapter, ms of the chapter, file, description], chapters: [title, offset, begin, end, file], doubtful: [chapter, sentence, text, faults]
const audio = $("audio"), reading = new Reading($("text"), $("text")), seek = $("seek"), speeds = [0.5, 0.75, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3];
let current = -1; // chapter
let wanted = null; // seconds of the file at which to start once it is known

function remembered(name) {
  try { return JSON.parse(localStorage.getItem(`narration ${book.id} ${name}`)); } catch { return null; }
}
function remember(name, value) {
  try { localStorage.setItem(`narration ${book.id} ${name}`, JSON.stringify(value)); } catch { /* a private window */ }
}

function show(chapter) { // Only one chapter is in the page at a time.
  current = chapter;
  reading.clear();
  const [title, , begin, end] = book.chapters[chapter], own = parsed(`chapter-${chapter}`);
  if (own.title) element("h1", "", reading.text).textContent = own.title;
  for (const [kind, level, speaker, after, pieces] of own.paragraphs) {
    const paragraph = reading.paragraph(kind, level, speaker);
    if (kind === "scene") continue;
    for (const [gap, said, start, stop, words, faults] of pieces) {
      put(paragraph, gap);
      reading.sentence(paragraph, said, start, stop, words, faults);
    }
    put(paragraph, after);
  }
  reading.text.scrollTop = 0;
  [seek.min, seek.max] = [begin, end];
  for (const one of $("contents").querySelectorAll("li[data-chapter] button")) {
    if (Number(one.parentElement.dataset.chapter) === chapter) one.setAttribute("aria-current", "true");
    else one.removeAttribute("aria-current");
  }
  $("contents").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  $("earlier-chapter").disabled = chapter === 0;
  $("later-chapter").disabled = chapter === book.chapters.length - 1;
  $("news").textContent = title || `Chapter ${chapter + 1}`;
  if ("mediaSession" in navigator)
    navigator.mediaSession.metadata = new MediaMetadata({ title: title || document.title, album: document.title });
}

function open(chapter, seconds) { // `seconds` of the file
  const file = book.files[book.chapters[chapter][4]], playing = !audio.paused;
  if (chapter !== current) show(chapter);
  if (audio.getAttribute("src") !== file) {
    audio.src = file;
    audio.playbackRate = Number($("speed").value);
    wanted = seconds;
  } else if (audio.readyState) audio.currentTime = seconds;
  else wanted = seconds;
  if (playing) audio.play().catch(failed);
  mark(seconds);
}
const place = () => (wanted === null ? audio.currentTime : wanted);
const start = (chapter) => open(chapter, book.chapters[chapter][2]);
function go(number) { // to a sentence, or over the border of the chapter
  if (number >= reading.sentences.length) { if (current + 1 < book.chapters.length) start(current + 1); return; }
  if (number < 0) {
    if (current === 0) return start(0);
    start(current - 1);
    number = Math.max(0, reading.sentences.length - 1);
  }
  if (reading.sentences.length) open(current, book.chapters[current][1] + reading.sentences[number].start / 1000);
}

// Two images lie on each other: one is seen while the other loads the next picture.
const frames = ["", ""].map((kind) => element("img", kind, $("pictures")));
for (const frame of frames) frame.alt = "";
let seen = -1; // the picture that is seen
function picture(at) { // at a time of the chapter in ms; before the first, the first is seen
  const number = Math.max(0, last(book.pictures.length, (index) => {
    const [chapter, start] = book.pictures[index];
    return chapter < current || (chapter === current && start <= at);
  }));
  if (number === seen || !book.pictures.length) return;
  seen = number;
  const [shown, hidden] = frames[0].classList.contains("shown") ? [frames[0], frames[1]] : [frames[1], frames[0]];
  const [, , file, description] = book.pictures[number];
  if (hidden.getAttribute("src") !== file) hidden.src = file;
  hidden.alt = description;
  shown.alt = "";
  hidden.classList.add("shown");
  shown.classList.remove("shown");
  setTimeout(() => { // the next one is fetched once this one has faded in
    const next = book.pictures[seen + 1];
    if (seen === number && next) shown.src = next[2];
  }, 400);
}
$("pictures").hidden = !book.pictures.length;
document.body.classList.toggle("illustrated", book.pictures.length > 0);

function mark(seconds) {
  const [, offset, begin, end] = book.chapters[current];
  picture(Math.round((seconds - offset) * 1000) + 1);
  reading.mark(Math.round((seconds - offset) * 1000) + 1);
  seek.value = seconds;
  const clock = `${time(seconds - begin)} / ${time(end - begin)}`;
  if ($("clock").textContent !== clock) {
    $("clock").textContent = clock;
    seek.setAttribute("aria-valuetext", clock.replace("/", "of"));
  }
}
function tick() {
  if (wanted === null && !audio.seeking) {
    const end = book.chapters[current][3], next = book.chapters[current + 1];
    if (next && next[4] === book.chapters[current][4] && audio.currentTime >= end) show(current + 1);
    mark(audio.currentTime);
  }
  if (!audio.paused) requestAnimationFrame(tick);
}
function keep() { remember("place", [current, Math.round(place() * 10) / 10]); }
function failed(error) {
  if (error?.name !== "AbortError") $("clock").textContent = "The sound cannot be played";
}
function toggle() { if (audio.paused) audio.play().catch(failed); else audio.pause(); }
function faster(steps) {
  const speed = $("speed");
  speed.selectedIndex = Math.min(Math.max(speed.selectedIndex + steps, 0), speeds.length - 1);
  speed.onchange();
}
function openContents(shown) {
  $("contents").classList.toggle("open", shown);
  $("contents-button").setAttribute("aria-expanded", String(shown));
}

function entry(list, title, note, chosen, chapter) {
  const item = element("li", "", list), button = element("button", "", item);
  if (chapter !== undefined) item.dataset.chapter = chapter;
  element("span", "", button).textContent = title;
  element("small", "", button).textContent = note;
  button.onclick = () => { openContents(false); reading.scrolled = -1e4; chosen(); };
}
book.chapters.forEach(([title, , begin, end], index) =>
  entry($("contents").querySelector("ol"), title || `Chapter ${index + 1}`, time(end - begin), () => start(index), index));
if (book.doubtful.length) {
  element("h2", "", $("contents")).textContent = "Doubtful sentences";
  const list = element("ol", "", $("contents"));
  for (const [chapter, number, said, faults] of book.doubtful)
    entry(list, said, faults, () => { if (chapter !== current) show(chapter); go(number); });
}
tempo($("speed"), audio, speeds, remembered, remember);
theme($("theme"), remembered, remember);
$("play").onclick = toggle;
$("earlier").onclick = () => go(reading.here - 1);
$("later").onclick = () => go(reading.here + 1);
$("earlier-chapter").onclick = () => { if (current) start(current - 1); };
$("later-chapter").onclick = () => { if (current + 1 < book.chapters.length) start(current + 1); };
$("contents-button").onclick = () => openContents(!$("contents").classList.contains("open"));
seek.oninput = () => open(current, Number(seek.value));
reading.text.onclick = (event) => {
  const at = reading.clicked(event);
  if (at !== null) open(current, book.chapters[current][1] + at / 1000);
};
audio.onplay = audio.onpause = () => {
  $("play").classList.toggle("playing", !audio.paused);
  $("play").setAttribute("aria-label", audio.paused ? "Play" : "Pause");
  keep();
  tick();
};
audio.onloadedmetadata = () => {
  if (wanted !== null) audio.currentTime = wanted;
  wanted = null;
};
audio.ontimeupdate = () => { if (audio.paused) tick(); };
audio.onseeked = () => { tick(); keep(); };
audio.onerror = failed;
audio.onended = () => {
  if (current + 1 < book.chapters.length) { start(current + 1); audio.play().catch(failed); }
};
setInterval(() => { if (!audio.paused) keep(); }, 2000);
onpagehide = keep;
onkeydown = (event) => {
  const own = event.target.closest("button, select, input, a");
  if (event.ctrlKey || event.metaKey || event.altKey || (own && (event.key === " " || own.matches("select, input")))) return;
  const keys = {
    " ": toggle, ArrowLeft: $("earlier").onclick, ArrowRight: $("later").onclick, "[": $("earlier-chapter").onclick,
    "]": $("later-chapter").onclick, "<": () => faster(-1), ">": () => faster(1), Escape: () => openContents(false),
  };
  if (!keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
};
if ("mediaSession" in navigator) {
  const handlers = { previoustrack: "earlier-chapter", nexttrack: "later-chapter", seekbackward: "earlier", seekforward: "later" };
  for (const [action, id] of Object.entries(handlers)) navigator.mediaSession.setActionHandler(action, () => $(id).onclick());
}
function linked() { // player.html#12.3.1 is the sentence of that id
  const id = decodeURIComponent(location.hash.slice(1)), found = Object.hasOwn(book.ids, id) && book.ids[id];
  if (found) { if (found[0] !== current) show(found[0]); go(found[1]); }
  return Boolean(found);
}
onhashchange = linked;
const [chapter, seconds] = remembered("place") || [];
const known = Number.isInteger(chapter) && book.chapters[chapter];
if (!linked()) {
  if (known && seconds >= known[2] && seconds < known[3]) open(chapter, seconds); else start(0);
}
