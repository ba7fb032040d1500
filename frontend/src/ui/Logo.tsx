export function Logo({ size = 32 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" fill="var(--brand)" />
      <path d="M8 13.5v5M12 10v12M16 7v18M20 10v12M24 13.5v5" stroke="var(--brand-ink)" strokeWidth="2.4" strokeLinecap="round" />
    </svg>
  );
}
