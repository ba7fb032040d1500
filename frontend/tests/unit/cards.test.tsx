// @vitest-environment jsdom
import { cleanup, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test, vi } from 'vitest';
import type { CalculatorResult, Citation } from '../../src/api/types';
import { CalculatorCard } from '../../src/features/calculators/CalculatorCard';
import { CitationsPanel } from '../../src/features/retrieval/CitationsPanel';
import { initialState, reduce, type Turn } from '../../src/voice/state';
import { TurnView } from '../../src/voice/TurnView';

afterEach(cleanup);

const CITATION: Citation = {
  n: 2,
  document_id: 'd',
  chunk_id: 'c',
  title: 'Sepsis',
  section: 'First hour',
  page: 3,
  source: 'SSC',
  year: 2021,
  version: '1.2',
  snippet: 'Measure lactate.',
  starter: true,
  superseded: false,
};
const RESULT: CalculatorResult = {
  calculator_id: 'x',
  title: 'Score',
  version: '1.0.0',
  value: 3,
  unit: 'points',
  text: '',
  band: 'high',
  inputs: [
    { name: 'age', label: 'Age', value: 68, unit: 'years', assumed: false },
    { name: 'chf', label: 'Heart failure', value: false, unit: null, assumed: true },
  ],
  assumptions: ['assumed: no heart failure'],
  warnings: ['Not for dialysis.'],
  citations: [{ text: 'Lip 2010', doi: '10.1/x', year: 2010 }],
};

function turn(values: Partial<Turn>): Turn {
  return reduce(initialState, { type: 'turn', id: 'a', role: 'assistant', values: { final: true, ...values } }).turns[0]!;
}

test('a source says where it comes from, and that it is starter material', () => {
  render(<CitationsPanel citations={[CITATION]} chosen={null} earlier={false} />);
  const card = screen.getByTestId('citation');
  within(card).getByText('First hour · page 3');
  within(card).getByText('SSC · 2021 · version 1.2');
  within(card).getByText('Measure lactate.');
  within(card).getByText(/Starter material/);
});

test('class and level of a recommendation stand beside its source', () => {
  render(<CitationsPanel citations={[{ ...CITATION, evidence: 'class IIa, level C' }]} chosen={null} earlier={false} />);
  within(screen.getByTestId('citation')).getByText('SSC · 2021 · version 1.2 · class IIa, level C');
});

test('the chosen source takes the focus', () => {
  Element.prototype.scrollIntoView = vi.fn();
  render(<CitationsPanel citations={[CITATION]} chosen={{ n: 2 }} earlier={false} />);
  expect(document.activeElement).toBe(screen.getByTestId('citation'));
});

test('a calculation shows value, units, what was assumed and its formula', () => {
  render(<CalculatorCard result={RESULT} />);
  screen.getByText('68 years');
  expect(screen.getAllByText('assumed')).toHaveLength(1);
  screen.getByText('Not for dialysis.');
  expect(screen.getByRole('link').getAttribute('href')).toBe('https://doi.org/10.1/x');
});

test('markers with a source are buttons, others stay text', async () => {
  const onCitation = vi.fn();
  render(<TurnView turn={turn({ text: 'Give fluids [2], see [7].', citations: [CITATION] })} newest onCitation={onCitation} onSay={vi.fn()} />);
  await userEvent.click(screen.getByRole('button', { name: 'Source 2' }));
  expect(onCitation).toHaveBeenCalledWith('a', 2);
  screen.getByText(/\[7\]/);
});

test('an answer without markers lists its sources by name', () => {
  render(<TurnView turn={turn({ text: 'Give fluids.', citations: [CITATION] })} newest onCitation={vi.fn()} onSay={vi.fn()} />);
  screen.getByRole('button', { name: 'Source 2: Sepsis' });
});

test('chips answer the newest question only', async () => {
  const onSay = vi.fn();
  const asking = turn({ text: 'Sex?', clarification: { question: 'Sex?', options: ['female', 'male'] } });
  const { rerender } = render(<TurnView turn={asking} newest onCitation={vi.fn()} onSay={onSay} />);
  await userEvent.click(screen.getByRole('button', { name: 'male' }));
  expect(onSay).toHaveBeenCalledWith('male');
  rerender(<TurnView turn={asking} newest={false} onCitation={vi.fn()} onSay={onSay} />);
  expect(screen.queryByRole('button', { name: 'male' })).toBeNull();
});

test('text of the service is text, never markup', () => {
  const { container } = render(<TurnView turn={turn({ text: '<img src=x onerror=alert(1)>' })} newest onCitation={vi.fn()} onSay={vi.fn()} />);
  expect(container.querySelector('img')).toBeNull();
});
