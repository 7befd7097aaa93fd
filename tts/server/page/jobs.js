// Jobs as cards: what is being made, how far it is, and what can be done with it.
export const FINAL = ["done", "failed", "cancelled", "paused"];

export class Cards { // of a list, each by the id of its job
  constructor(list, update) { // `update` is called with a card and its job when the job has changed
    this.list = list;
    this.update = update;
    this.known = new Map();
  }
  show(jobs) { // the newest first
    for (const [id, card] of this.known) if (!jobs.some((job) => job.id === id)) { card.element.remove(); this.known.delete(id); }
    jobs.forEach((job, index) => {
      if (!this.known.has(job.id)) this.known.set(job.id, new Card(this.list));
      const card = this.known.get(job.id);
      if (this.list.children[index] !== card.element) this.list.insertBefore(card.element, this.list.children[index] || null);
      const told = JSON.stringify(job);
      if (card.told === told) return; // what does not change keeps the focus
      card.told = told;
      this.update(card, job);
    });
  }
  focus(id) { this.known.get(id)?.title.focus(); }
}

class Card {
  constructor(list) {
    this.element = element("li", "card", list);
    this.title = element("h3", "", this.element);
    this.title.tabIndex = -1;
    this.state = element("p", "hint", this.element);
    this.progress = element("progress", "", this.element);
    this.body = element("div", "", this.element); // for what a kind of job has besides
    this.row = element("div", "row", this.element);
    this.buttons = new Map();
  }
  tell(job, words, part) { // how far it is
    this.title.textContent = job.title;
    this.state.textContent = words;
    this.state.classList.toggle("bad", job.state === "failed");
    this.progress.hidden = job.state !== "making";
    this.progress.value = part;
    this.progress.setAttribute("aria-label", `Progress of ${job.title}`);
  }
  button(job, words, shown, pressed) {
    if (!this.buttons.has(words)) {
      const made = element("button", "", this.row);
      made.type = "button";
      made.textContent = words;
      this.buttons.set(words, made);
    }
    const own = this.buttons.get(words);
    if (!shown && own === document.activeElement) this.title.focus();
    own.hidden = !shown;
    own.setAttribute("aria-label", `${words}: ${job.title}`);
    own.onclick = pressed;
  }
}
