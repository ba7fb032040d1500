import { useCallback, useEffect, useRef, useState } from 'react';
import { MicrophoneError } from '../../audio/capture';
import { microphones, Trial, type Device } from '../../audio/trial';
import { sentence, t } from '../../i18n';
import { Alert } from '../../ui/Alert';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import styles from './Microphone.module.css';

interface Props {
  open: boolean;
  /** The chosen device; null: the one the system prefers. */
  chosen: string | null;
  onChoose: (id: string | null) => void;
  onClose: () => void;
}

/** Which microphone is used, how loud it is, and whether the speaker works. Nothing of it leaves the page. */
export default function MicrophoneDialog({ open, chosen, onChoose, onClose }: Props) {
  const [devices, setDevices] = useState<Device[]>([]);
  const [fault, setFault] = useState<string | null>(null);
  const trial = useRef<Trial | null>(null);
  const meter = useRef<HTMLMeterElement>(null);

  const list = useCallback(() => void microphones().then(setDevices, () => setDevices([])), []);
  useEffect(() => {
    if (!open) return;
    navigator.mediaDevices.addEventListener('devicechange', list);
    return () => navigator.mediaDevices.removeEventListener('devicechange', list);
  }, [open, list]);

  useEffect(() => {
    if (!open) return;
    let ended = false;
    let frame = 0;
    const draw = (): void => {
      if (meter.current && trial.current) meter.current.value = trial.current.level();
      frame = requestAnimationFrame(draw);
    };
    Trial.open(chosen).then(
      (opened) => {
        if (ended) {
          opened.close();
          return;
        }
        trial.current = opened;
        setFault(null);
        draw();
        list(); // names are told only now
      },
      (error: unknown) => {
        if (!ended) setFault(error instanceof MicrophoneError ? error.fault : 'AUDIO_FAILED');
        list();
      },
    );
    return () => {
      ended = true;
      cancelAnimationFrame(frame);
      trial.current?.close();
      trial.current = null;
    };
  }, [open, chosen, list]);

  const missing = chosen !== null && devices.length > 0 && !devices.some(({ id }) => id === chosen);
  return (
    <Dialog
      open={open}
      title={t.microphone.title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={() => trial.current?.tone()} disabled={fault !== null}>
            {t.microphone.tone}
          </Button>
          <Button look="primary" onClick={onClose} data-testid="microphone-close">
            {t.close}
          </Button>
        </>
      }
    >
      <p>{t.microphone.lead}</p>
      {fault && <Alert>{sentence({ code: fault })}</Alert>}
      <fieldset className={styles.devices}>
        <legend>{t.microphone.which}</legend>
        {[{ id: null, label: t.microphone.system }, ...devices].map(({ id, label }, index) => (
          <label key={id ?? ''} className={styles.device}>
            <input type="radio" name="microphone" checked={id === chosen} onChange={() => onChoose(id)} data-testid={id === null ? 'microphone-system' : 'microphone-device'} />
            {label || t.microphone.unnamed(index)}
          </label>
        ))}
      </fieldset>
      {missing && (
        <p role="status" data-testid="microphone-gone">
          {t.microphone.gone}
        </p>
      )}
      <label className={styles.level}>
        {t.microphone.level}
        <meter ref={meter} min={0} max={1} data-testid="microphone-level" />
      </label>
    </Dialog>
  );
}
