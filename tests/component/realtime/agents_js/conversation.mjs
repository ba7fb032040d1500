// Holds a conversation through the unmodified SDK: a written turn, a spoken one, an interruption. Prints JSON.
import { readFile } from 'node:fs/promises';
import { RealtimeAgent, RealtimeSession, OpenAIRealtimeWebSocket } from '@openai/agents-realtime';
import { observed, speak } from './common.mjs';

const [url, apiKey, file] = process.argv.slice(2);
const told = { written: '', heard: '', audio_bytes: 0, history: [], interrupted: false, errors: [] };

const transport = new OpenAIRealtimeWebSocket({ url, useInsecureApiKey: true });
const session = new RealtimeSession(new RealtimeAgent({ name: 'Assistant', instructions: 'Answer.' }), { transport });
const { events, until } = observed(transport);

session.on('audio', (event) => (told.audio_bytes += event.data.byteLength));
session.on('audio_interrupted', () => (told.interrupted = true));
session.on('error', (error) => told.errors.push(JSON.stringify(error)));
session.on('history_updated', (history) => {
  told.history = history.filter((item) => item.type === 'message').map(({ role, status }) => ({ role, status }));
});

await session.connect({ apiKey, url });
const question = new Uint8Array(await readFile(file));

let answered = until('response.done');
session.sendMessage('How do I treat atrial fibrillation with a high stroke risk?');
told.written = (await answered).response.output[0].content[0].transcript;

// What was said of the first answer is still to be played: speaking now interrupts it.
answered = until('response.done');
const heard = until('conversation.item.input_audio_transcription.completed');
await speak(session, question, 60);
told.heard = (await heard).transcript;
await answered;
await new Promise((resolve) => setTimeout(resolve, 300)); // the retrievals that follow a transcript
session.close();
process.stdout.write(JSON.stringify({ ...told, events }), () => process.exit(0));
