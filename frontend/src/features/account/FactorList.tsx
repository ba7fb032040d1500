import { useState, type SubmitEvent } from 'react';
import { passkeysWork, type Factors, type Passkey } from '../../api/factors';
import { day, t } from '../../i18n';
import { Button } from '../../ui/Button';
import styles from './Account.module.css';

interface Props {
  factors: Factors;
  onAuthenticator: () => void;
  onRemoveAuthenticator: () => void;
  onAddPasskey: (name: string) => void;
  onRename: (id: string, name: string) => void;
  onRemovePasskey: (id: string) => void;
  onNewCodes: () => void;
}

export function FactorList({ factors, onAuthenticator, onRemoveAuthenticator, onAddPasskey, onRename, onRemovePasskey, onNewCodes }: Props) {
  const since = factors.authenticator_since;
  return (
    <>
      <h3 className={styles.title}>{t.factors.app}</h3>
      <div className={styles.row}>
        <span>{since ? t.factors.appSince(day(since)) : t.factors.none}</span>
        <Button data-testid="authenticator-set" onClick={onAuthenticator}>
          {since ? t.factors.replace : t.factors.setUp}
        </Button>
        {since && (
          <Button look="quiet" data-testid="authenticator-remove" aria-label={t.factors.removeOf(t.factors.app)} onClick={onRemoveAuthenticator}>
            {t.factors.remove}
          </Button>
        )}
      </div>
      <h3 className={styles.title}>{t.factors.passkeys}</h3>
      <ul className={styles.list}>
        {factors.passkeys.map((passkey) => (
          <PasskeyRow key={passkey.id} passkey={passkey} onRename={(name) => onRename(passkey.id, name)} onRemove={() => onRemovePasskey(passkey.id)} />
        ))}
      </ul>
      {passkeysWork() && <NameForm label={t.factors.name} initial="" submit={t.factors.add} testId="passkey-add" onSubmit={onAddPasskey} />}
      <h3 className={styles.title}>{t.factors.codesTitle}</h3>
      <div className={styles.row}>
        <span>{t.factors.codesLeft(factors.recovery_codes_left)}</span>
        <Button data-testid="codes-new" onClick={onNewCodes}>
          {t.factors.newCodes}
        </Button>
      </div>
    </>
  );
}

function PasskeyRow({ passkey, onRename, onRemove }: { passkey: Passkey; onRename: (name: string) => void; onRemove: () => void }) {
  const [naming, setNaming] = useState(false);
  const used = passkey.last_used_at ? t.factors.lastUsed(day(passkey.last_used_at)) : t.factors.neverUsed;
  if (naming) {
    const renamed = (name: string): void => {
      setNaming(false);
      onRename(name);
    };
    return (
      <li>
        <NameForm label={t.factors.name} initial={passkey.name} submit={t.factors.save} testId="passkey-name" onSubmit={renamed} />
      </li>
    );
  }
  return (
    <li className={styles.row} data-testid="passkey">
      <span>
        <strong>{passkey.name}</strong>
        <small>{passkey.synced ? `${t.factors.synced}, ${used}` : used}</small>
      </span>
      <Button look="quiet" aria-label={t.factors.renameOf(passkey.name)} onClick={() => setNaming(true)}>
        {t.factors.rename}
      </Button>
      <Button look="quiet" data-testid="passkey-remove" aria-label={t.factors.removeOf(passkey.name)} onClick={onRemove}>
        {t.factors.remove}
      </Button>
    </li>
  );
}

function NameForm({ label, initial, submit, testId, onSubmit }: { label: string; initial: string; submit: string; testId: string; onSubmit: (name: string) => void }) {
  const [name, setName] = useState(initial);
  const send = (event: SubmitEvent): void => {
    event.preventDefault();
    onSubmit(name.trim());
    setName('');
  };
  return (
    <form className={styles.row} onSubmit={send}>
      <label className={styles.name}>
        <span>{label}</span>
        <input value={name} maxLength={64} required data-testid={`${testId}-field`} onChange={(event) => setName(event.target.value)} />
      </label>
      <Button type="submit" data-testid={testId} disabled={name.trim() === ''}>
        {submit}
      </Button>
    </form>
  );
}
