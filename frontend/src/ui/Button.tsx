import type { ComponentProps } from 'react';
import { Icon, type IconName } from './Icon';
import styles from './Button.module.css';

interface Props extends ComponentProps<'button'> {
  look?: 'primary' | 'secondary' | 'quiet';
  icon?: IconName;
  /** Only the icon is seen; the children are its name. */
  bare?: boolean;
}

export function Button({ look = 'secondary', icon, bare = false, children, type = 'button', className = '', ...rest }: Props) {
  return (
    <button type={type} className={`${styles.button} ${styles[look]} ${bare ? styles.bare : ''} ${className}`} {...rest}>
      {icon && <Icon name={icon} />}
      <span className={bare ? 'visually-hidden' : undefined}>{children}</span>
    </button>
  );
}

/** A link that looks like the main action of a screen. */
export function ButtonLink({ className = '', children, ...rest }: ComponentProps<'a'>) {
  return (
    <a className={`${styles.button} ${styles.primary} ${className}`} {...rest}>
      {children}
    </a>
  );
}
