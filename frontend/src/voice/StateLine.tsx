import { useEffect, useRef } from 'react';
import { t, toolLine } from '../i18n';
import styles from './Dock.module.css';
import type { Session } from './session';
import type { Phase } from './state';

interface Props {
  phase: Phase;
  handsFree: boolean;
  holding: boolean;
  /** The tool of the service that runs. */
  tool: string | null;
  session: Session;
}

/** The state in a word. Its data attributes carry counts only, so that a test can see that sound really flowed. */
export function StateLine({ phase, handsFree, holding, tool, session }: Props) {
  const element = useRef<HTMLParagraphElement>(null);
  useEffect(
    () =>
      session.onCounts((counts) => {
        const line = element.current;
        if (!line) return;
        line.dataset['renderedSamples'] = String(counts.renderedSamples);
        line.dataset['capturedFrames'] = String(counts.capturedFrames);
        line.dataset['staleChunks'] = String(counts.staleChunks);
      }),
    [session],
  );
  const hint = phase === 'offline' ? t.offline.hint : handsFree ? t.talk.hintFree : holding ? t.talk.release : t.talk.hintHold;
  return (
    <div className={styles.state}>
      <p ref={element} className={styles.word} role="status" data-testid="state" data-state={phase}>
        {t.states[phase]}
      </p>
      <p className={styles.tool} role="status" data-testid="tool">
        {tool !== null && toolLine(tool)}
      </p>
      {tool === null && <p className={styles.hint}>{hint}</p>}
    </div>
  );
}
