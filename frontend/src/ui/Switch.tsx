import styles from './Switch.module.css';

interface Props {
  checked: boolean;
  label: string;
  testId: string;
  onChange: (checked: boolean) => void;
}

export function Switch({ checked, label, testId, onChange }: Props) {
  return (
    <button type="button" role="switch" aria-checked={checked} className={styles.switch} data-testid={testId} onClick={() => onChange(!checked)}>
      <span className={styles.track} aria-hidden="true">
        <span className={styles.thumb} />
      </span>
      {label}
    </button>
  );
}
