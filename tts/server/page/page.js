// The page as a whole: its three parts, light and dark, and what is dropped on it.
import { keep, recall, tell, tellError } from "./api.js";
import { follow, look } from "./books.js";
import { followShows, take } from "./shows.js";
import { refresh } from "./voices.js";
import { pause } from "./speak.js";

const offersShows = JSON.parse(document.body.dataset.settings).shows;
const PARTS = ["speak", "books", ...(offersShows ? ["shows"] : []), "voices"];
function turn() {
  const chosen = PARTS.includes(location.hash.slice(1)) ? location.hash.slice(1) : "speak";
  for (const part of PARTS) $(part).hidden = part !== chosen;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${chosen}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.body.dataset.part = chosen;
  if (chosen !== "speak") pause(); // its player is not seen from there
  $("main").scrollTop = 0;
  follow();
  followShows();
}

function pasted() { // the text as a book: its first line names it
  const words = $("words").value, marked = /^#{1,6} /m.test(words);
  const name = words.trim().split("\n")[0].replace(/[^\p{L}\p{N} -]/gu, " ").replace(/\s+/g, " ").trim().slice(0, 50).trim();
  return new File([words], `${name || "text"}.${marked ? "md" : "txt"}`);
}
$("as-book").onclick = () => {
  if ($("words").value.trim()) look(pasted());
  else { location.hash = "#books"; turn(); $("file").focus(); }
};

for (const [box, taken] of [[$("say"), look], [$("book"), look], [$("show"), take]]) {
  box.ondragover = (event) => { event.preventDefault(); box.classList.add("over"); };
  box.ondragleave = () => box.classList.remove("over");
  box.ondrop = (event) => {
    const file = event.dataTransfer.files[0];
    box.classList.remove("over");
    if (!file) return;
    event.preventDefault();
    taken(file);
  };
}

document.querySelector('nav a[href="#shows"]').hidden = !offersShows;
theme($("theme"), recall, keep);
onhashchange = () => { tell(""); turn(); };
turn();
refresh().catch(tellError);
