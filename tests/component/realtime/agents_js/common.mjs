// What both scripts need of a session: its events, waiting for one, and a microphone.
export function observed(transport) {
  const events = [];
  transport.on('*', (event) => {
    // The SDK's own notes travel on the same line; what the server sent has an event_id.
    if (typeof event.event_id === 'string') events.push(event);
  });
  /** The next event of a type, from now on; `fits` may want more of it. */
  const until = (type, fits = () => true) => {
    const after = events.length;
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`no ${type} in 30 s, but ${events.slice(after).map((one) => one.type)}`)), 30_000);
      const look = setInterval(() => {
        const found = events.slice(after).find((event) => event.type === type && fits(event));
        if (!found) return;
        clearTimeout(limit);
        clearInterval(look);
        resolve(found);
      }, 5);
    });
  };
  return { events, until };
}

const FRAME = 960;

/** 20 ms of 24 kHz sound at a time, as a microphone gives it, then silence. */
export async function speak(session, pcm, silentFrames) {
  const frames = Math.ceil(pcm.length / FRAME);
  for (let index = 0; index < frames + silentFrames; index += 1) {
    const frame = new Uint8Array(FRAME);
    if (index < frames) frame.set(pcm.subarray(index * FRAME, (index + 1) * FRAME));
    session.sendAudio(frame.buffer);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
