const PHASES = 64;

/**
 * Streaming windowed-sinc resampler for mono float samples; both rates in Hz.
 *
 * The kernel has `taps` points at the input rate and is tabulated for 64 fractional positions with linear
 * interpolation between them. Output sample 0 is centred on input sample 0, so nothing is shifted in time.
 */
export class Resampler {
  readonly #step: number;
  readonly #half: number;
  readonly #taps: number;
  readonly #table: Float32Array[];
  #pending: Float32Array;
  #position = 0;

  constructor(from: number, to: number, taps = 63) {
    this.#step = from / to;
    this.#taps = taps;
    this.#half = (taps - 1) / 2;
    this.#table = kernels(taps, Math.min(1, to / from) * 0.94);
    this.#pending = new Float32Array(this.#half);
  }

  /** Every output sample whose kernel is covered by the input so far. */
  push(input: Float32Array): Float32Array {
    const buffer = new Float32Array(this.#pending.length + input.length);
    buffer.set(this.#pending);
    buffer.set(input, this.#pending.length);
    const room = buffer.length - this.#taps - this.#position;
    const output = new Float32Array(room < 0 ? 0 : Math.floor(room / this.#step) + 1);
    for (let index = 0; index < output.length; index++) {
      output[index] = this.#at(buffer, this.#position);
      this.#position += this.#step;
    }
    const used = Math.min(Math.floor(this.#position), buffer.length);
    this.#pending = buffer.slice(used);
    this.#position -= used;
    return output;
  }

  /** The last samples, as if silence followed. */
  flush(): Float32Array {
    return this.push(new Float32Array(this.#half));
  }

  #at(buffer: Float32Array, position: number): number {
    const start = Math.floor(position);
    const phase = (position - start) * PHASES;
    const row = Math.floor(phase);
    const weight = phase - row;
    const low = this.#table[row] as Float32Array;
    const high = this.#table[row + 1] as Float32Array;
    let sum = 0;
    for (let tap = 0; tap < this.#taps; tap++) {
      const factor = (low[tap] as number) * (1 - weight) + (high[tap] as number) * weight;
      sum += (buffer[start + tap] ?? 0) * factor;
    }
    return sum;
  }
}

function kernels(taps: number, cutoff: number): Float32Array[] {
  const half = (taps - 1) / 2;
  return Array.from({ length: PHASES + 1 }, (_, phase) => {
    const row = new Float32Array(taps);
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      const x = tap - half - phase / PHASES;
      row[tap] = sinc(x * cutoff) * blackman((x + half + 1) / (taps + 1));
      sum += row[tap] as number;
    }
    return row.map((value) => value / sum);
  });
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function blackman(x: number): number {
  return 0.42 - 0.5 * Math.cos(2 * Math.PI * x) + 0.08 * Math.cos(4 * Math.PI * x);
}
