// Holds a conversation through the unmodified SDK: a written turn, a spoken one, an interruption. Prints JSON.
import { readFile } from 'node:fs/promises';
import { RealtimeAgent, RealtimeSession, OpenAIRealtimeWebSocket } from '@openai/agents-realtime';

const [url, apiKey, file] = process.argv.slice(2);
const told = { events: [], written: '', heard: '', audio_bytes: 0, history: [], interrupted: false, errors: [] };

const transport = new OpenAIRealtimeWebSocket({ url, useInsecureApiKey: true });
const session = new RealtimeSession(new RealtimeAgent({ name: 'Assistant', instructions: 'Answer.' }), { transport });

session.on('audio', (event) => (told.audio_bytes += event.data.byteLength));
session.on('audio_interrupted', () => (told.interrupted = true));
session.on('error', (error) => told.errors.push(JSON.stringify(error)));
session.on('history_updated', (history) => {
  told.history = history.filter((item) => item.type === 'message').map(({ role, status }) => ({ role, status }));
});
transport.on('*', (event) => {
  // The SDK's own notes travel on the same line; what the server sent has an event_id.
  if (typeof event.event_id === 'string') told.events.push(event);
});

const until = (type, after = told.events.length) =>
  new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`no ${type} in 30 s`)), 30_000);
    const look = setInterval(() => {
      const found = told.events.slice(after).find((event) => event.type === type);
      if (!found) return;
      clearTimeout(limit);
      clearInterval(look);
      resolve(found);
    }, 5);
  });

const FRAME = 960;
async function speak(pcm, silentFrames) {
  const frames = Math.ceil(pcm.length / FRAME);
  for (let index = 0; index < frames + silentFrames; index += 1) {
    const frame = new Uint8Array(FRAME);
    if (index < frames) frame.set(pcm.subarray(index * FRAME, (index + 1) * FRAME));
    session.sendAudio(frame.buffer);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

await session.connect({ apiKey, url });
const question = new Uint8Array(await readFile(file));

let answered = until('response.done');
session.sendMessage('How do I treat atrial fibrillation with a high stroke risk?');
told.written = (await answered).response.output[0].content[0].transcript;

// What was said of the first answer is still to be played: speaking now interrupts it.
answered = until('response.done');
const heard = until('conversation.item.input_audio_transcription.completed');
await speak(question, 60);
told.heard = (await heard).transcript;
await answered;
await new Promise((resolve) => setTimeout(resolve, 300)); // the retrievals that follow a transcript
session.close();
process.stdout.write(JSON.stringify(told), () => process.exit(0));
