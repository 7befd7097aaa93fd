"use strict";
// A text whose words are marked as they are heard, for the player and the page of the service.
// All that is shown is set as text: nothing in a book can become markup or a script.
const $ = (id) => document.getElementById(id);
const TAGS = { item: ["ul", "li"], quote: ["blockquote", "p"], row: ["table", "td"], code: ["", "pre"], note: ["", "aside"] };
const calm = matchMedia("(prefers-reduced-motion: reduce)");

function element(tag, kind, parent) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  parent.append(made);
  return made;
}
function put(parent, said) { // LINE parts lines
  said.split("\u2028").forEach((line, index) => {
    if (index) element("br", "", parent);
    parent.append(line);
  });
}
function time(seconds) {
  const whole = Math.max(0, Math.floor(seconds)), hours = Math.floor(whole / 3600);
  const rest = `${Math.floor(whole / 60) % 60}:${String(whole % 60).padStart(2, "0")}`;
  return hours ? `${hours}:${rest.padStart(5, "0")}` : rest;
}
function tempo(menu, audio, speeds, remembered, remember) { // how fast a sound is played, as it was left the last time
  for (const speed of speeds) {
    const option = element("option", "", menu);
    [option.value, option.textContent] = [speed, `${speed}×`];
  }
  menu.value = speeds.includes(remembered("speed")) ? remembered("speed") : 1;
  menu.onchange = () => {
    audio.defaultPlaybackRate = audio.playbackRate = Number(menu.value);
    remember("speed", audio.playbackRate);
  };
  menu.onchange();
}
function last(count, begins) { // the last of `count` that begins at or before now, -1 if none does
  let low = 0, high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (begins(middle)) low = middle + 1; else high = middle;
  }
  return low - 1;
}

class Reading {
  constructor(text, scroller) { // where the text stands, and what scrolls with it in view
    this.text = text;
    this.scroller = scroller;
    this.scrolled = -1e4; // when the reader last moved the text
    scroller.onwheel = scroller.ontouchmove = () => { this.scrolled = performance.now(); };
    this.clear();
  }
  clear() {
    this.sentences = []; // {element, start, stop, words: [first, last, start, stop, ...], text}, times in ms
    this.here = -1; // the sentence and
    this.now = null; // the word that are heard
    this.around = null;
    this.before = "";
    this.text.replaceChildren();
  }
  paragraph(kind, level, speaker) { // the element in which its sentences stand
    const [outer, inner] = kind === "heading" ? ["", `h${Math.min(Math.max(level, 1), 6)}`] : TAGS[kind] || ["", "p"];
    if (kind !== this.before) this.around = outer ? element(outer, "", this.text) : this.text;
    this.before = kind;
    if (kind === "scene") return element("hr", "", this.text);
    const made = element(inner, kind, outer === "table" ? element("tr", "", this.around) : this.around);
    made.dir = "auto";
    if (speaker) element("span", "speaker", made).textContent = speaker;
    return made;
  }
  sentence(parent, text, start, stop, words, faults = "") {
    const made = element("span", faults ? "sentence doubtful" : "sentence", parent);
    if (faults) made.title = faults;
    made.dataset.number = this.sentences.length;
    put(made, text);
    this.sentences.push({ element: made, start, stop, words, text });
  }
  mark(at) { // what is heard at a time in ms
    const number = last(this.sentences.length, (index) => this.sentences[index].start <= at);
    if (number !== this.here) {
      this.sentences[this.here]?.element.classList.remove("here");
      this.here = number;
      const own = this.sentences[number];
      if (own) {
        if (!own.spans) split(own);
        own.element.classList.add("here");
        this.follow(own.element);
      }
    }
    const own = this.sentences[this.here], words = own ? own.words : [];
    const word = own ? own.spans[last(words.length / 4, (index) => words[4 * index + 2] <= at)] : null;
    if (word !== this.now) {
      this.now?.classList.remove("now");
      this.now = word || null;
      this.now?.classList.add("now");
    }
  }
  follow(own) {
    if (performance.now() - this.scrolled < 4000) return;
    const box = own.getBoundingClientRect(), view = this.scroller.getBoundingClientRect();
    if (box.top < view.top + 20 || box.bottom > view.bottom - view.height / 4)
      own.scrollIntoView({ block: box.height > view.height / 2 ? "start" : "center", behavior: calm.matches ? "auto" : "smooth" });
  }
  clicked(event) { // where in time a click leads, in ms; null: nowhere
    const sentence = event.target.closest(".sentence"), word = event.target.closest(".word");
    if (!sentence || !getSelection().isCollapsed) return null;
    return word ? Number(word.dataset.start) : this.sentences[sentence.dataset.number].start;
  }
}
function split(sentence) { // into words, only once it is heard: a long chapter stays light
  const letters = Array.from(sentence.text); // places count characters, not units of UTF-16
  sentence.spans = [];
  sentence.element.replaceChildren();
  let at = 0;
  for (let index = 0; index < sentence.words.length; index += 4) {
    const [first, stop] = sentence.words.slice(index, index + 2);
    put(sentence.element, letters.slice(at, first).join(""));
    const word = element("span", "word", sentence.element);
    word.dataset.start = sentence.words[index + 2];
    put(word, letters.slice(first, stop).join(""));
    sentence.spans.push(word);
    at = stop;
  }
  put(sentence.element, letters.slice(at).join(""));
}

function theme(button, remembered, remember) { // light or dark, as the system asks or as was chosen
  const root = document.documentElement.dataset, chosen = remembered("theme");
  if (chosen === "dark" || chosen === "light") root.theme = chosen;
  button.onclick = () => {
    const dark = root.theme ? root.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.theme = dark ? "light" : "dark";
    remember("theme", root.theme);
  };
}
