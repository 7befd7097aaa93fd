"use strict";
// A picture book that reads itself aloud: leaves turn with the sound. On wide screens a leaf is a picture on the left and
// its text on the right; on narrow ones the text stands under the picture.
const book = JSON.parse($("book-data").textContent); // id, sound, title, byline, cover, leaves, credits
const audio = $("audio"), seek = $("seek"), stage = $("book"), speeds = [0.5, 0.75, 0.9, 1, 1.1, 1.25, 1.5];
const END = book.leaves.length; // the place after the last leaf; -1 is the cover
let here = -1; // the leaf that lies open
let wide = false, pages = [], turning = null;

function remembered(name) {
  try { return JSON.parse(localStorage.getItem(`book ${book.id} ${name}`)); } catch { return null; }
}
function remember(name, value) {
  try { localStorage.setItem(`book ${book.id} ${name}`, JSON.stringify(value)); } catch { /* a private window */ }
}

function page(kind) { // not yet in the book
  const made = document.createElement("section");
  made.className = `page ${kind}`;
  return made;
}
function image(parent, source, description) {
  const made = element("img", "", parent);
  [made.src, made.alt, made.draggable] = [source, description, false];
}
function cover(kind) {
  const made = page(`${kind} cover`);
  image(made, book.cover, "");
  const title = element("div", "", made);
  element("h1", "", title).textContent = book.title;
  if (book.byline) element("p", "", title).textContent = book.byline;
  made.onclick = () => { if (audio.paused) toggle(); };
  return made;
}
function end(kind) {
  const made = page(`${kind} end`), words = element("div", "words", made);
  element("h2", "", words).textContent = "The end";
  const list = element("ul", "", words);
  for (const line of book.credits) element("li", "", list).textContent = line;
  return made;
}
function text(made, leaf, number) { // gives what marks its words
  const words = element("div", "words", made), reading = new Reading(words, words);
  if (leaf.title) element("h2", "", words).textContent = leaf.title;
  for (const paragraph of leaf.paragraphs) {
    const own = reading.paragraph("prose", 0, "");
    paragraph.forEach((sentence, index) => {
      if (index) own.append(" ");
      reading.sentence(own, ...sentence);
    });
  }
  if (leaf.translation) {
    const own = element("p", "translation", words);
    [own.textContent, own.lang] = [leaf.translation, book.translated];
  }
  element("p", "number", made).textContent = number + 1;
  words.onclick = (event) => {
    const at = reading.clicked(event);
    if (at === null) return;
    audio.currentTime = at / 1000;
    if (audio.paused) toggle();
  };
  return reading;
}
function make(number) { // the pages of a leaf, on the left and on the right, or one of them alone
  if (number < 0) return wide ? { left: page("left blank"), right: cover("right") } : { right: cover("right") };
  if (number >= END) return wide ? { left: end("left"), right: page("right blank") } : { right: end("right") };
  const leaf = book.leaves[number], right = page("right"), made = { right };
  if (wide) made.left = page("left");
  image(wide ? made.left : element("div", "picture", right), leaf.picture, leaf.description);
  made.reading = text(right, leaf, number);
  return made;
}
const open = (number) => (pages[number + 1] ??= make(number));

function fit(made) { // the largest letters with which the text needs no scrolling
  const words = made.right.querySelector(".words");
  if (!words) return;
  let letters = wide ? 1.75 : 1.35;
  do words.style.setProperty("--letters", `${letters}rem`);
  while ((letters -= 0.05) > 0.85 && words.scrollHeight > words.clientHeight + 1 | made.right.scrollHeight > made.right.clientHeight + 1);
}
function settle() { // lay the open leaf flat
  turning = null;
  const own = open(here);
  stage.replaceChildren(...[own.left, own.right].filter(Boolean));
  fit(own);
}
function turn(to) {
  to = Math.min(Math.max(to, -1), END);
  if (to === here) return;
  if (turning) settle();
  const from = open(here), next = open(to), forward = to > here;
  here = to;
  $("news").textContent = to < 0 ? book.title : to >= END ? "The end" : `Leaf ${to + 1} of ${END}`;
  $("earlier").disabled = here < 0;
  $("later").disabled = here >= END;
  turning = document.createElement("div");
  turning.className = `turning ${forward ? "forward" : "backward"}`;
  const [front, back] = forward ? [from.right, next.left] : [next.right, from.left];
  // Under the leaf that turns lie the halves that do not move.
  const under = wide ? (forward ? [from.left, next.right] : [next.left, from.right]) : [forward ? next.right : from.right];
  stage.replaceChildren(...under.filter(Boolean), turning);
  turning.append(...[front, back].filter(Boolean));
  if (next.right.isConnected) fit(next);
  const own = turning;
  own.onanimationend = () => { if (turning === own) settle(); };
}

function place(seconds) { // the leaf that is read at a time
  return last(END, (index) => book.leaves[index].start <= seconds);
}
function mark(seconds) {
  const leaf = open(here);
  leaf.reading?.mark(Math.round(seconds * 1000) + 1);
  seek.value = seconds;
  const clock = `${time(seconds)} / ${time(audio.duration || book.seconds)}`;
  if ($("clock").textContent !== clock) {
    $("clock").textContent = clock;
    seek.setAttribute("aria-valuetext", clock.replace("/", "of"));
  }
}
function tick() {
  if (!audio.seeking) {
    const read = Math.max(0, place(audio.currentTime));
    if (read !== here && !(audio.paused && (here < 0 || here >= END))) turn(read);
    mark(audio.currentTime);
  }
  if (!audio.paused) requestAnimationFrame(tick);
}
function failed(error) { if (error?.name !== "AbortError") $("clock").textContent = "The sound cannot be played"; }
function toggle() {
  if (!audio.paused) { audio.pause(); return; }
  if (here >= END) audio.currentTime = 0;
  audio.play().catch(failed);
}
function go(to) { // by hand: the sound goes along
  turn(to);
  if (here >= 0 && here < END) audio.currentTime = book.leaves[here].start + 0.001;
  else { audio.pause(); if (here < 0) audio.currentTime = 0; }
  remember("leaf", here);
}
function measure() { // the largest book that fits
  const { clientWidth: width, clientHeight } = document.body, height = clientHeight - document.querySelector("footer").offsetHeight;
  wide = width > height * 1.2;
  stage.classList.toggle("single", !wide);
  const margin = wide ? 32 : 12, shape = wide ? 1.9 : Math.min(0.8, (width - margin) / (height - margin));
  const high = Math.min(height - margin, (width - margin) / shape);
  [stage.style.height, stage.style.width] = [`${high}px`, `${high * shape}px`];
  pages = [];
  settle();
  mark(audio.currentTime);
}

tempo($("speed"), audio, speeds, remembered, remember);
theme($("theme"), remembered, remember);
$("play").onclick = toggle;
$("earlier").onclick = () => go(here - 1);
$("later").onclick = () => go(here + 1);
seek.max = book.seconds;
seek.oninput = () => {
  audio.currentTime = Number(seek.value);
  turn(Math.max(0, place(audio.currentTime)));
};
audio.onplay = audio.onpause = () => {
  $("play").classList.toggle("playing", !audio.paused);
  $("play").setAttribute("aria-label", audio.paused ? "Read aloud" : "Pause");
  tick();
};
audio.onseeked = () => mark(audio.currentTime);
audio.onended = () => { turn(END); remember("leaf", -1); };
audio.onerror = failed;
onkeydown = (event) => {
  const own = event.target.closest("button, select, input, a");
  if (event.ctrlKey || event.metaKey || event.altKey || (own && (event.key === " " || own.matches("select, input")))) return;
  const keys = {
    " ": toggle, ArrowLeft: $("earlier").onclick, ArrowRight: $("later").onclick, PageUp: $("earlier").onclick,
    PageDown: $("later").onclick, Home: () => go(-1), End: () => go(END),
  };
  if (!keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
};
let touched = null;
stage.onpointerdown = (event) => { touched = event.pointerType === "mouse" ? null : [event.clientX, event.clientY]; };
stage.onpointerup = (event) => {
  if (!touched) return;
  const [across, down] = [event.clientX - touched[0], event.clientY - touched[1]];
  if (Math.abs(across) > 50 && Math.abs(across) > 2 * Math.abs(down)) go(here + (across < 0 ? 1 : -1));
  touched = null;
};
onresize = measure;
audio.src = book.sound;
measure();
$("earlier").disabled = true;
const left = remembered("leaf");
if (Number.isInteger(left) && left >= 0 && left < END) go(left);
