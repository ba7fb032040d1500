import { Component, type ReactNode } from 'react';
import { Problem } from '../api/client';
import gate from '../features/auth/Gate.module.css';
import { Gate } from '../features/auth/Gate';
import { t } from '../i18n';
import { Button } from '../ui/Button';

/** A screen whose code could not be fetched, or that failed while it was drawn, becomes a sentence and a way on. */
export class Boundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <Gate title={t.product} lead={t.tagline} problem={new Problem('INTERNAL')}>
        <Button look="primary" className={gate.action} onClick={() => location.reload()}>
          {t.retry}
        </Button>
      </Gate>
    );
  }
}
