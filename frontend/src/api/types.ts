// The models that cross rooms (voiceassist/contracts), as the page receives them.

export interface User {
  id: string;
  name: string;
  email: string;
  role: string;
  profile: string;
}

export interface Citation {
  n: number;
  document_id: string;
  chunk_id: string;
  title: string;
  section: string | null;
  page: number | null;
  source: string;
  year: number | null;
  version: string | null;
  snippet: string;
  starter: boolean;
  superseded: boolean;
  /** Class of recommendation and level of evidence, where the quoted text states them. */
  evidence?: string | null;
}

export interface CalculatorInput {
  name: string;
  label: string;
  value: number | boolean | string;
  unit: string | null;
  assumed: boolean;
  /** The day from which the open case has it. */
  from_case?: string | null;
}

export interface Reference {
  text: string;
  doi: string | null;
  year: number | null;
}

export interface CalculatorResult {
  calculator_id: string;
  title: string;
  version: string;
  value: number | boolean | string;
  unit: string | null;
  text: string;
  band: string | null;
  inputs: CalculatorInput[];
  assumptions: string[];
  warnings: string[];
  citations: Reference[];
}

export interface Clarification {
  question: string;
  options: string[];
}

export interface Metrics {
  firstAudioMs: number | null;
}

/** Where a turn was worked on that told who somebody is, or that nobody could look at. */
export interface PhiNotice {
  route: 'local' | 'cloud';
  reason: 'identifiers' | 'unchecked';
}
