// Where the sentences that are heard stand in a text with marks or in SSML, and what holds for one of them there.
const MARK = "\\[\\s*(?:pause\\s[^\\[\\]\\n]{1,20}|voice\\s[^\\[\\]\\n]{1,60}|/voice)\\s*\\]"; // as in tts/document/marks.py
const SSML = /^\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--[^]*?-->\s*)*(?:<speak[\s/>]|<!DOCTYPE\s+speak\b)/; // as in tts/document/ssml.py
const TAG = /<!--[^]*?-->|<[?!][^>]*>|<(\/?)([\w:.-]+)((?:"[^"]*"|'[^']*'|[^"'<>])*)>/g;

const isSsml = (text) => SSML.test(text);
export const shown = (text, part) => (isSsml(text) ? part.replace(TAG, "") : part); // what a reader sees of a part

export function locate(text, at, said) { // [first, last] from `at` on, or null; spaces may be others, and what marks words up may have gone
  const escaped = said.trim().split(/\s+/).map((word) => word.replace(/[^\p{L}\p{N}]/gu, "\\$&"));
  const tag = "<[^<>]*>|&#?\\w+;", runs = said.match(/[\p{L}\p{N}]+/gu) || [], around = `(?:${tag}|(?!${MARK})[^\\s\\p{L}\\p{N}<])*`;
  const loose = `${around}${runs.join(`(?:${tag}|(?!${MARK})[^\\p{L}\\p{N}<])+`)}${around}`;
  const marks = marksOf(text);
  for (const expression of [new RegExp(escaped.join("\\s+"), "g"), new RegExp(loose, "gui")]) {
    expression.lastIndex = at;
    for (let match; match = expression.exec(text); expression.lastIndex = match.index + 1) {
      const [first, last] = [match.index, match.index + match[0].length];
      if (!marks.some((mark) => first < mark.last && mark.first < last)) return isSsml(text) ? inside(text, at, first, last) : [first, last];
    }
  }
  return null;
}
export function source(text, place, said) { // what is edited: in SSML the sentence with the elements in it
  return place && isSsml(text) ? text.slice(...place) : said;
}
export function inPlace(text, place, said) { // what is sent, so that a sentence sounds as it does in its place
  if (!place) return said;
  if (!isSsml(text)) return voiceAt(text, place[0]) + said;
  const begun = open(text.slice(0, place[0])).map((own) => own.tag).join("") + said;
  return begun + open(begun).reverse().map((own) => `</${own.name}>`).join("");
}

function inside(text, at, first, last) { // the tags around a sentence are not its own, but those that belong to tags in it are
  while (true) {
    const tag = text.slice(first, last).match(/^(?:<[^<>]*>|\s)+/);
    if (!tag || tag[0].length === last - first) break;
    first += tag[0].length;
  }
  for (let tag; tag = text.slice(first, last).match(/(?:<[^<>]*>|\s)+$/);) last = first + tag.index;
  for (let more; open(text.slice(first, last)).length && (more = text.slice(last).match(/^<\/[^<>]*>/));) last += more[0].length;
  for (let more; closes(text.slice(first, last)) && (more = text.slice(at, first).match(/<[^<>/]*>$/));) first -= more[0].length;
  return [first, last];
}
function open(part) { // the elements that are open at its end
  const found = [];
  for (const [tag, end, name, rest] of part.matchAll(TAG)) {
    if (end) found.splice(Math.max(0, found.findLastIndex((own) => own.name === name)));
    else if (name && !rest.endsWith("/")) found.push({ tag, name });
  }
  return found;
}
function closes(part) { // whether it ends an element that it does not begin
  const known = [];
  for (const [, end, name, rest] of part.matchAll(TAG)) {
    if (end && known.pop() !== name) return true;
    if (!end && name && !rest.endsWith("/")) known.push(name);
  }
  return false;
}

const marksOf = (words) => [...words.matchAll(new RegExp(MARK, "gi"))].map((mark) => (
  { first: mark.index, last: mark.index + mark[0].length, mark: mark[0] }));
function voiceAt(text, place) { // the mark of the voice that speaks there: it holds for its paragraph, or, alone in one, for those after it
  const before = text.slice(0, place).split(/\n\s*\n/);
  const voices = before.map((part) => marksOf(part).map((own) => own.mark).filter((mark) => !/^\[\s*pause/i.test(mark)));
  const alone = voices.filter((own, index) => own.length && index < before.length - 1 && !before[index].replace(new RegExp(MARK, "gi"), "").trim());
  const last = (voices.at(-1).at(-1) ?? alone.at(-1)?.at(-1)) || "";
  return /\/voice/i.test(last) ? "" : last;
}
