// The twelve steps of test_sdk_script.py through the unmodified SDK. Prints the outcome of each, and every event, as JSON.
import { readFile } from 'node:fs/promises';
import { RealtimeAgent, RealtimeSession, OpenAIRealtimeWebSocket, tool } from '@openai/agents-realtime';
import { z } from 'zod';
import { observed, speak } from './common.mjs';

const [url, apiKey, file, question] = process.argv.slice(2);
const pcm = new Uint8Array(await readFile(file));
const steps = {};
const paged = [];
const errors = [];
const page = tool({
  name: 'page_team',
  description: 'Pages a team.',
  parameters: z.object({ team: z.string() }),
  execute: async ({ team }) => {
    paged.push(team);
    return 'paged';
  },
});

function opened() {
  const transport = new OpenAIRealtimeWebSocket({ url, useInsecureApiKey: true });
  const session = new RealtimeSession(new RealtimeAgent({ name: 'Assistant', instructions: 'Answer.', tools: [page] }), { transport });
  session.on('error', (error) => errors.push(JSON.stringify(error)));
  return { transport, session, ...observed(transport) };
}
const said = (done) => done.response.output.filter((item) => item.type === 'message').map((item) => item.content[0].transcript).join(' ');
const extended = { type: 'session.update', session: { type: 'realtime', voiceassist: { extensions: true } } };

const first = opened();
const { transport, session, until } = first;

// 1 the session, with our extensions
await session.connect({ apiKey, url });
let next = until('voiceassist.session.resumable');
transport.sendEvent(extended);
const { token } = await next;
steps.extensions = token !== '';

// 2 a written question
next = until('response.done');
session.sendMessage(question);
let done = await next;
steps.written = said(done);

// 3 a function of the client's is called, and its output goes on
next = until('response.done', (event) => said(event) !== '');
session.sendMessage('Please page the renal team');
steps.function_call = said(await next);
steps.paged = paged;

// 4 a spoken question
const heard = until('conversation.item.input_audio_transcription.completed');
next = until('response.done', (event) => event.response.status === 'completed');
await speak(session, pcm, 60);
steps.heard = (await heard).transcript;
done = await next;
steps.spoken = said(done);
const answer = done.response.output.find((item) => item.type === 'message');

// 5 the answer was heard for a second only, 6 and the rest of it was not said
next = until('conversation.item.truncated');
transport.sendEvent({ type: 'conversation.item.truncate', item_id: answer.id, content_index: 0, audio_end_ms: 1000 });
steps.truncated = (await next).audio_end_ms;
next = until('conversation.item.retrieved', (event) => event.item.id === answer.id);
transport.sendEvent({ type: 'conversation.item.retrieve', item_id: answer.id });
steps.kept = (await next).item.content[0].transcript;

// 7 an answer is cancelled while it is made
next = until('response.created');
session.sendMessage('How long does a course of colchicine take?');
await next;
next = until('response.done');
transport.sendEvent({ type: 'response.cancel' });
steps.cancelled = (await next).response.status;

// 8 an item is created, 9 and deleted
next = until('conversation.item.done');
const content = [{ type: 'input_text', text: 'Never mind.' }];
transport.sendEvent({ type: 'conversation.item.create', item: { id: 'item_note', type: 'message', role: 'user', content } });
steps.created = (await next).item.id;
next = until('conversation.item.deleted');
transport.sendEvent({ type: 'conversation.item.delete', item_id: 'item_note' });
steps.deleted = (await next).item_id;

// 10 sound that is not meant is cleared
next = until('input_audio_buffer.cleared');
transport.sendEvent({ type: 'input_audio_buffer.append', audio: Buffer.alloc(4800).toString('base64') });
transport.sendEvent({ type: 'input_audio_buffer.clear' });
steps.cleared = (await next).type;

// 11 the connection is lost
const seen = Math.max(0, ...first.events.filter((event) => event.type === 'voiceassist.conversation.saved').map((event) => event.seq));
await new Promise((resolve) => setTimeout(resolve, 1500)); // what is kept lies in the store
session.close();

// 12 and the session goes on in another one
const second = opened();
await second.session.connect({ apiKey, url });
next = second.until('voiceassist.session.resumed');
second.transport.sendEvent({ type: 'voiceassist.session.resume', token, after: 0 });
await next;
steps.resumed = second.events.filter((event) => event.type === 'conversation.item.added').map((event) => event.item.role);
next = second.until('response.done');
second.session.sendMessage(question);
steps.after = said(await next);
second.session.close();
process.stdout.write(JSON.stringify({ steps, seen, errors, events: first.events, resumed: second.events }), () => process.exit(0));
