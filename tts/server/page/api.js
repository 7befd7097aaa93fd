// The service as the page asks it: with the user's key, if the service wants one.
const dialog = $("key-dialog");
let key = recall("key") || "";

export function recall(name) {
  try { return JSON.parse(localStorage.getItem(`triforce ${name}`)); } catch { return null; }
}
export function keep(name, value) {
  try { localStorage.setItem(`triforce ${name}`, JSON.stringify(value)); } catch { /* a private window */ }
}

export async function call(path, { method = "GET", json, form, signal } = {}) { // raises Error with the service's words
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  if (json) headers["Content-Type"] = "application/json";
  const body = json ? JSON.stringify(json) : form;
  let answer;
  try { answer = await fetch(path, { method, headers, body, signal }); } catch (error) {
    throw error.name === "AbortError" ? error : new Error("The server cannot be reached.");
  }
  if (answer.ok) return answer;
  if (answer.status === 401) {
    await askKey();
    return call(path, { method, json, form, signal });
  }
  const told = await answer.json().catch(() => null);
  throw new Error(told?.error?.message || `The server answered ${answer.status}.`);
}

let asking = null; // one question for all who wait
export function askKey() {
  asking ??= new Promise((resolve) => {
    $("key-words").value = "";
    dialog.showModal();
    dialog.onclose = () => {
      key = $("key-words").value.trim();
      keep("key", key);
      $("key").hidden = !key;
      asking = null;
      resolve();
    };
  });
  return asking;
}
dialog.oncancel = (event) => event.preventDefault(); // nothing works without
$("key").hidden = !key;
$("key").onclick = () => askKey().then(() => location.reload());

export async function* events(answer) { // server-sent events as they come
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let held = ""; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (held + value).split("\n\n");
    held = parts.pop();
    for (const part of parts) if (part.startsWith("data: ")) yield JSON.parse(part.slice(6)); // the rest are comments
  }
}

export async function address(path) { // of a file: with a key it is fetched, as a link cannot carry one
  return key ? URL.createObjectURL(await (await call(path)).blob()) : path;
}
export async function download(path, name) {
  save(await address(path), name);
}
export function downloadable(parent, path, name) { // a link that stores a file
  const link = element("a", "", parent);
  [link.href, link.download, link.textContent] = [path, name, name];
  link.onclick = (event) => { event.preventDefault(); download(path, name.split("/").pop()).catch(tellError); };
}
export function save(url, name) {
  const link = element("a", "", document.body);
  [link.href, link.download] = [url, name];
  link.click();
  link.remove();
  if (url.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(url), 60000);
}

export function tell(words, bad = false) {
  $("status").classList.toggle("bad", bad);
  $("status").textContent = words;
}
export const tellError = (error) => { if (error.name !== "AbortError") tell(error.message, true); };
