import type { ReactNode } from "react";

/** A part of a content with what it is called. */
export function Labeled({
  label,
  note,
  children,
}: {
  label: ReactNode;
  note?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className="content-part">
      <div className="content-name">{label}</div>
      {children}
      {note && <div className="quiet small">{note}</div>}
    </div>
  );
}
