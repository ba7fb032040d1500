import type { PhiNotice } from '../api/types';
import { t } from '../i18n';
import { Icon } from '../ui/Icon';
import styles from './PhiBanner.module.css';

/** Where the newest answer was made, when the question told who somebody is. Read out as soon as it appears. */
export function PhiBanner({ phi }: { phi: PhiNotice | null }) {
  return (
    <div role="status" className={styles.place}>
      {phi && (
        <p className={styles.banner} data-testid="phi-banner" data-route={phi.route}>
          <Icon name={phi.route === 'local' ? 'lock' : 'alert'} />
          {phi.reason === 'unchecked' ? t.phi.unchecked : t.phi.identifiers} {t.phi[phi.route]}
        </p>
      )}
    </div>
  );
}
