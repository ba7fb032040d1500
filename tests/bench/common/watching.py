"""What goes through a page, with its moment: sound of the microphone, the socket, and what must not happen."""

import base64
from dataclasses import dataclass

import numpy as np

# Runs before anything of the page. `bench.chunks` is what the browser hands to a page of its microphone: when, the
# browser's own stamp (microseconds of some clock), samples, their rate, and the first loud one or -1.
INIT = """
(() => {
  const seen = { sent: [], received: [], chunks: [], states: [], tracks: [], violations: [], sockets: [], jitter: 0 };
  window.bench = seen;
  const now = () => performance.timeOrigin + performance.now();
  document.addEventListener('securitypolicyviolation', (event) => seen.violations.push(event.violatedDirective));
  const listen = async (track) => {
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const [at, chunk] = [now(), next.value];
      const samples = new Float32Array(chunk.numberOfFrames);
      chunk.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
      const loud = samples.findIndex((sample) => Math.abs(sample) > 0.018);
      seen.chunks.push([at, chunk.timestamp, chunk.numberOfFrames, chunk.sampleRate, loud]);
      chunk.close();
    }
  };
  new MutationObserver((changes) => {
    for (const { target } of changes) seen.states.push([now(), target.dataset.state]);
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ['data-state'] });
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await open(wanted);
    seen.tracks.push(...stream.getTracks());
    // The page opens the microphone a second time, as it is, which is never sent.
    if (wanted.audio.echoCancellation) stream.getTracks().forEach(listen);
    return stream;
  };
  const Real = window.WebSocket;
  window.WebSocket = class extends Real {
    constructor(...parts) { super(...parts); seen.sockets.push(this); this.order = Promise.resolve(); }
    send(data) {
      const append = data.startsWith('{"type":"input_audio_buffer.append"');
      seen.sent.push([now(), append ? JSON.parse(data).audio : data]);
      super.send(data);
    }
    set onmessage(handler) {
      super.onmessage = (message) => {
        seen.received.push([now(), message.data]);
        const due = now() + seen.jitter * Math.random();
        const late = () => new Promise((deliver) => setTimeout(deliver, due - now()));
        this.order = this.order.then(() => (due > now() ? late() : null)).then(() => handler(message));
      };
    }
  };
})();
"""
LOUD = 600  # of 32,768: as loud as in `INIT`
APART_S = 0.25


@dataclass(frozen=True, slots=True)
class Onset:
    """A sound after silence: `captured` as the browser stamps it, at best; `arrived` where a page can have it."""

    captured: float
    arrived: float


def onsets_of(chunks: list[list[float]]) -> list[Onset]:
    """What `bench.chunks` holds; the chunk that came soonest is taken to have come as soon as it was full."""
    if not chunks:
        return []
    stamps = [(at / 1000, stamp / 1e6, frames / rate, loud / rate) for at, stamp, frames, rate, loud in chunks]
    offset = min(at - stamp - length for at, stamp, length, _ in stamps)
    found: list[Onset] = []
    quiet_until = 0.0
    for at, stamp, length, loud in stamps:
        if loud < 0:
            continue
        if stamp > quiet_until:
            found.append(Onset(stamp + offset + loud, at))
        quiet_until = stamp + length + APART_S
    return found


def sent_onsets(sent: list[tuple[float, str]]) -> list[float]:
    """When the frames with the first loud sample after silence went to the socket."""
    found: list[float] = []
    quiet_until = 0.0
    for at, data in sent:
        if data[:1] == "{":
            continue
        pcm = np.frombuffer(base64.b64decode(data), "<i2").astype(np.int32)
        if not len(pcm) or int(np.abs(pcm).max()) <= LOUD:
            continue
        if at > quiet_until:
            found.append(at)
        quiet_until = at + APART_S
    return found


def first_after(moment: float, later: list[float], within: float = 0.3) -> float | None:
    return next((at for at in later if 0 <= at - moment < within), None)
