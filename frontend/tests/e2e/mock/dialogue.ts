// The conversation the mock holds: one scripted answer per kind of question, in the order of real events.
import type { WebSocket } from 'ws';

type Event = Record<string, unknown>;

const RATE = 24_000;

/** A calm tone instead of a voice: 16-bit little-endian mono. */
function tone(seconds: number): Buffer {
  const samples = new Int16Array(Math.round(seconds * RATE));
  for (let index = 0; index < samples.length; index++) samples[index] = 6000 * Math.sin((2 * Math.PI * 220 * index) / RATE);
  return Buffer.from(samples.buffer);
}

export const CITATIONS = [
  {
    n: 1,
    document_id: 'd1',
    chunk_id: 'c1',
    title: 'Atrial fibrillation',
    section: 'Stroke prevention',
    page: 4,
    source: 'European Society of Cardiology',
    year: 2024,
    version: '1.0',
    snippet: 'Oral anticoagulation is recommended when the risk of stroke is high; a direct oral anticoagulant is preferred over a vitamin K antagonist.',
    starter: true,
    superseded: false,
  },
  {
    n: 2,
    document_id: 'd2',
    chunk_id: 'c9',
    title: 'Anticoagulant dosing in renal impairment',
    section: 'Apixaban',
    page: null,
    source: 'Local anticoagulation group',
    year: 2026,
    version: '3',
    snippet: 'Check renal function before the first dose and at least once a year.',
    starter: false,
    superseded: false,
  },
];

export const RESULT = {
  calculator_id: 'cha2ds2_vasc',
  title: 'CHA₂DS₂-VASc',
  version: '1.0.0',
  value: 3,
  unit: 'points',
  text: 'The CHA₂DS₂-VASc score is 3 points.',
  band: 'high stroke risk',
  inputs: [
    { name: 'age', label: 'Age', value: 68, unit: 'years', assumed: false },
    { name: 'sex', label: 'Sex', value: 'male', unit: null, assumed: false },
    { name: 'hypertension', label: 'Hypertension', value: true, unit: null, assumed: false },
    { name: 'diabetes', label: 'Diabetes mellitus', value: true, unit: null, assumed: false },
    { name: 'chf', label: 'Heart failure', value: false, unit: null, assumed: true },
    { name: 'stroke', label: 'Prior stroke or TIA', value: false, unit: null, assumed: true },
  ],
  assumptions: ['Conditions that were not mentioned count as absent.'],
  warnings: [],
  citations: [{ text: 'Lip GYH et al., Chest', doi: '10.1378/chest.09-1584', year: 2010 }],
};

/** One client of the mock; remembers every event it received, so that a test can ask. */
export class Dialogue {
  readonly received: Event[] = [];
  #counter = 0;
  #bytes = 0;
  #text = '';
  #cancelled = false;
  #responding: string | null = null;
  turnDetection: unknown = null;

  constructor(
    readonly socket: WebSocket,
    readonly options: { seconds: number; resumable?: boolean; missed?: Event[] },
  ) {
    this.send({ type: 'session.created', session: { type: 'realtime' } });
    socket.on('message', (data: Buffer) => this.#take(JSON.parse(data.toString()) as Event));
  }

  send(event: Event): void {
    this.#counter += 1;
    this.socket.send(JSON.stringify({ event_id: `event_${this.#counter}`, ...event }));
  }

  get audioBytes(): number {
    return this.#bytes;
  }

  /** Server-side detection: what hands-free sessions see when somebody speaks into the room. */
  speechStarted(): void {
    this.#cancelled = true;
    this.send({ type: 'input_audio_buffer.speech_started', item_id: 'item_next', audio_start_ms: 100 });
  }

  passing(words: string): void {
    this.send({ type: 'voiceassist.transcript.passing', item_id: 'item_next', text: words });
  }

  /** The newest answer is made by a model that had a tool of ours called. */
  tool(name: string, status: 'started' | 'finished'): void {
    this.send({ type: 'voiceassist.tool.use', response_id: this.#responding, item_id: 'item_tool', name, status });
  }

  fallback(): void {
    this.send({ type: 'voiceassist.engine.fallback', response_id: this.#responding, item_id: 'item_tool', engine: 'local', reason: 'unavailable' });
  }

  speechStopped(words: string): void {
    this.send({ type: 'input_audio_buffer.speech_stopped', item_id: 'item_next', audio_end_ms: 2000 });
    this.#heard(words);
    this.#answer(words);
  }

  /** Audio of an answer that was interrupted, still under way when the interruption was decided. */
  late(responseId: string, itemId: string): void {
    this.send({ type: 'response.output_audio.delta', response_id: responseId, item_id: itemId, output_index: 0, content_index: 0, delta: tone(1).toString('base64') });
  }

  #take(event: Event): void {
    if (event['type'] !== 'input_audio_buffer.append') this.received.push(event);
    if (event['type'] === 'voiceassist.session.resume') {
      this.send({ type: 'session.updated', session: {} });
      for (const item of this.options.missed ?? []) this.send({ type: 'conversation.item.added', previous_item_id: null, item });
      this.send({ type: 'voiceassist.session.resumed', conversation_id: 'c1', seq: 9 });
      this.#offer();
    } else if (event['type'] === 'session.update') {
      const session = event['session'] as { audio: { input: { turn_detection: unknown } } };
      this.turnDetection = session.audio.input.turn_detection;
      this.send({ type: 'session.updated', session });
      if (this.options.resumable) this.#offer();
    } else if (event['type'] === 'input_audio_buffer.append') {
      this.#bytes += Buffer.from(event['audio'] as string, 'base64').length;
    } else if (event['type'] === 'input_audio_buffer.commit') {
      this.#text = 'How do I treat atrial fibrillation with a high stroke risk?';
      this.#heard(this.#text);
    } else if (event['type'] === 'conversation.item.create') {
      const item = event['item'] as { content: { text: string }[] };
      this.#text = item.content[0]!.text;
      this.#counter += 1;
      this.send({ type: 'conversation.item.added', previous_item_id: null, item: { ...item, id: `item_${this.#counter}` } });
    } else if (event['type'] === 'response.create') {
      this.#answer(this.#text);
    } else if (event['type'] === 'response.cancel') {
      this.#cancelled = true;
    } else if (event['type'] === 'conversation.item.retrieve') {
      this.send({ type: 'conversation.item.retrieved', item: { id: event['item_id'], role: 'assistant', content: [{ type: 'output_audio', transcript: 'Offer an oral' }] } });
    }
  }

  #offer(): void {
    this.#counter += 1;
    this.send({ type: 'voiceassist.session.resumable', token: `vr_${this.#counter}`, conversation_id: 'c1', expires_in: 300 });
  }

  #heard(words: string): void {
    this.#counter += 1;
    const id = `item_${this.#counter}`;
    this.send({ type: 'input_audio_buffer.committed', item_id: id, previous_item_id: null });
    this.send({ type: 'conversation.item.added', previous_item_id: null, item: { id, type: 'message', role: 'user', content: [{ type: 'input_audio', transcript: null }] } });
    this.send({ type: 'conversation.item.input_audio_transcription.completed', item_id: id, content_index: 0, transcript: words });
  }

  #answer(question: string): void {
    this.#counter += 1;
    const response = `resp_${this.#counter}`;
    const item = `answer_${this.#counter}`;
    const place = { response_id: response, item_id: item, output_index: 0, content_index: 0 };
    this.#cancelled = false;
    this.#responding = response;
    this.send({ type: 'response.created', response: { id: response, status: 'in_progress' } });
    this.send({ type: 'conversation.item.added', previous_item_id: null, item: { id: item, type: 'message', role: 'assistant', content: [] } });
    const say = (delta: string): void => this.send({ type: 'response.output_audio_transcript.delta', ...place, delta });
    if (/score/i.test(question)) {
      say('The CHA₂DS₂-VASc score is 3 points, a high stroke risk. Conditions you did not mention were taken as absent.');
      this.send({ type: 'voiceassist.calculator.result', response_id: response, item_id: item, result: RESULT });
    } else if (/tool/i.test(question)) {
      return; // the test says how it goes on
    } else if (/dose/i.test(question)) {
      say('For which kidney function?');
      this.send({ type: 'voiceassist.clarify.ask', response_id: response, item_id: item, question: 'For which kidney function?', options: ['Normal', 'eGFR 30–59', 'eGFR 15–29', 'On dialysis'], slot: 'egfr' });
    } else {
      say('Offer an oral anticoagulant when the stroke risk is high, and prefer a direct one unless there is a mechanical valve. ');
      say('Check renal function before the first dose and at least once a year.');
      this.send({ type: 'voiceassist.citation.list', response_id: response, item_id: item, citations: CITATIONS, status: 'supported', notice: 'Clinical judgment required.' });
    }
    this.#speak(place, response, tone(this.options.seconds));
  }

  #speak(place: Event, response: string, audio: Buffer): void {
    const step = RATE * 2 * 0.1;
    for (let start = 0; start < audio.length; start += step) {
      this.send({ type: 'response.output_audio.delta', ...place, delta: audio.subarray(start, start + step).toString('base64') });
    }
    // Generation ends long before playback does, as it does with a fast voice.
    setTimeout(() => {
      const status = this.#cancelled ? 'cancelled' : 'completed';
      this.send({ type: 'response.output_audio.done', ...place });
      this.send({ type: 'voiceassist.metrics', response_id: response, first_audio_ms: 412 });
      this.send({ type: 'response.done', response: { id: response, status } });
      if (this.#responding === response) this.#responding = null;
    }, 30);
  }
}
