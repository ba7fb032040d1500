import { keeping, t } from '../i18n';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { Icon } from '../ui/Icon';
import styles from './ConsentDialog.module.css';

interface Props {
  open: boolean;
  /** For how long conversations are kept; null while it is not known. */
  keepDays: number | null;
  onAccept: () => void;
  onDecline: () => void;
}

/** Asked once per visit, before the microphone is opened for the first time. */
export function ConsentDialog({ open, keepDays, onAccept, onDecline }: Props) {
  return (
    <Dialog
      open={open}
      title={t.consent.title}
      onClose={onDecline}
      actions={
        <>
          <Button look="primary" onClick={onAccept} data-testid="consent-accept">
            {t.consent.accept}
          </Button>
          <Button look="quiet" onClick={onDecline} data-testid="consent-decline">
            {t.consent.decline}
          </Button>
        </>
      }
    >
      <ul className={styles.list}>
        <li>
          <Icon name="microphone" />
          {t.consent.sent}
        </li>
        <li>
          <Icon name="text" />
          {t.consent.transcribed}
        </li>
        <li>
          <Icon name="people" />
          {t.consent.others}
        </li>
        <li data-testid="consent-kept">
          <Icon name="history" />
          {keeping(keepDays)}
        </li>
      </ul>
    </Dialog>
  );
}
