// Sound that is played while it arrives, of which parts can be exchanged. Times are seconds from its start.
export class Sound {
  constructor(rate, context) {
    this.rate = rate;
    this.context = context;
    this.room = new Float32Array(rate); // with the samples at its beginning
    this.length = 0;
    this.complete = false; // no more will be pushed
    this.playing = false;
    this.place = 0; // while it does not play
    this.sources = [];
  }
  get samples() { return this.room.subarray(0, this.length); }
  get duration() { return this.length / this.rate; }
  get time() {
    return this.playing ? Math.max(this.from, Math.min(this.context.currentTime - this.base, this.scheduled)) : this.place;
  }
  get ended() { return (this.complete || this.scheduled >= this.to) && this.context.currentTime - this.base >= this.scheduled; }

  push(base64) { // samples of 16 bits, little-endian
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)), view = new DataView(bytes.buffer);
    const count = bytes.length >> 1;
    if (this.length + count > this.room.length) {
      const room = new Float32Array(2 * (this.length + count));
      room.set(this.samples);
      this.room = room;
    }
    for (let index = 0; index < count; index++) this.room[this.length + index] = view.getInt16(2 * index, true) / 32768;
    this.length += count;
    if (this.playing) this.schedule();
  }
  splice(start, stop, samples) { // `samples` in the place of those from `start` to `stop`
    const joined = new Float32Array(this.length - (stop - start) + samples.length);
    joined.set(this.room.subarray(0, start));
    joined.set(samples, start);
    joined.set(this.samples.subarray(stop), start + samples.length);
    [this.room, this.length] = [joined, joined.length];
  }
  play(from, to = Infinity) {
    this.pause();
    this.context.resume();
    Object.assign(this, { playing: true, from, to, scheduled: from, base: this.context.currentTime + 0.03 - from });
    this.schedule();
  }
  schedule() {
    const first = Math.round(this.scheduled * this.rate);
    const last = Math.min(this.length, Math.round(this.to * this.rate));
    if (last <= first) return;
    const now = this.context.currentTime + 0.02;
    if (this.base + this.scheduled < now) this.base = now - this.scheduled; // the sound came too late: wait for it
    const source = this.context.createBufferSource();
    source.buffer = this.context.createBuffer(1, last - first, this.rate);
    source.buffer.copyToChannel(this.room.subarray(first, last), 0);
    source.connect(this.context.destination);
    source.start(this.base + this.scheduled);
    this.sources.push(source);
    this.scheduled = last / this.rate;
  }
  pause() {
    this.place = this.time;
    this.playing = false;
    for (const source of this.sources) source.stop();
    this.sources = [];
  }
  go(seconds) {
    if (this.playing) this.play(seconds);
    else this.place = seconds;
  }
  wav() {
    const head = new DataView(new ArrayBuffer(44)), size = 2 * this.length;
    const letters = (at, text) => [...text].forEach((letter, index) => head.setUint8(at + index, letter.charCodeAt(0)));
    letters(0, "RIFF"); head.setUint32(4, 36 + size, true); letters(8, "WAVEfmt "); head.setUint32(16, 16, true);
    head.setUint16(20, 1, true); head.setUint16(22, 1, true); head.setUint32(24, this.rate, true);
    head.setUint32(28, 2 * this.rate, true); head.setUint16(32, 2, true); head.setUint16(34, 16, true);
    letters(36, "data"); head.setUint32(40, size, true);
    const body = Int16Array.from(this.samples, (value) => Math.max(-32768, Math.min(32767, Math.round(value * 32768))));
    return new Blob([head, body], { type: "audio/wav" });
  }
}
