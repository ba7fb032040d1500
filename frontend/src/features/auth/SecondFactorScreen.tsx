import { lazy, Suspense, useEffect, useState } from 'react';
import type { Account } from '../../api/auth';
import { Problem } from '../../api/client';
import { offered, verify, type Offered, type Proof } from '../../api/factors';
import { t } from '../../i18n';
import { FactorForm } from './FactorForm';
import { Gate } from './Gate';

const EnrolScreen = lazy(() => import('./EnrolScreen'));

interface Props {
  onVerified: (account: Account) => void;
  /** The first factor was too long ago. */
  onExpired: () => void;
}

export function SecondFactorScreen({ onVerified, onExpired }: Props) {
  const [ways, setWays] = useState<Offered | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    offered().then(setWays, (error: unknown) => {
      const refusal = error instanceof Problem ? error : new Problem('INTERNAL');
      if (refusal.status === 401) onExpired();
      else setProblem(refusal);
    });
  }, [onExpired]);

  const prove = async (proof: Proof): Promise<void> => {
    try {
      onVerified(await verify(proof));
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'UNAUTHENTICATED') throw error;
      onExpired();
    }
  };
  if (ways?.enrol)
    return (
      <Suspense fallback={<Gate title={t.product} lead={t.loading} />}>
        <EnrolScreen onEnrolled={onVerified} onExpired={onExpired} />
      </Suspense>
    );
  return (
    <Gate title={t.code.title} lead={ways && !ways.code ? t.factors.lead : t.code.text} problem={problem}>
      {ways && <FactorForm offered={ways} csrf={null} onProof={prove} />}
    </Gate>
  );
}
