import { t } from '../i18n';
import { Button } from '../ui/Button';
import { Icon } from '../ui/Icon';
import styles from './Notices.module.css';
import type { VoiceState } from './state';

/** What stays true for longer than an answer. Read out, politely, when it appears. */
export function Notices({ state }: { state: VoiceState }) {
  return (
    <div role="status" className={styles.place}>
      {state.fallback && (
        <div className={styles.warning} data-testid="fallback">
          <Icon name="alert" />
          <p>{t.fallback}</p>
        </div>
      )}
      {state.newer && (
        <div className={styles.notice} data-testid="newer">
          <Icon name="history" />
          <p>{t.newer.text}</p>
          <Button onClick={() => location.reload()}>{t.newer.reload}</Button>
        </div>
      )}
    </div>
  );
}
