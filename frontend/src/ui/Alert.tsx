import type { ReactNode } from 'react';
import { Button } from './Button';
import { Icon } from './Icon';
import styles from './Alert.module.css';

interface Props {
  children: ReactNode;
  detail?: string | undefined;
  dismiss?: string;
  onDismiss?: () => void;
}

export function Alert({ children, detail, dismiss, onDismiss }: Props) {
  return (
    <div role="alert" className={styles.alert} data-testid="alert">
      <Icon name="alert" />
      <p className={styles.text}>
        {children}
        {detail && <span className={styles.detail}>{detail}</span>}
      </p>
      {onDismiss && (
        <Button look="quiet" icon="close" bare onClick={onDismiss}>
          {dismiss}
        </Button>
      )}
    </div>
  );
}
