import { Tooltip } from "antd";
import type { MouseEvent, ReactNode } from "react";

type Props = {
  children: ReactNode;
  /** What a screen reader says: the number and what opens. */
  label: string;
  hint?: ReactNode;
  /** Few records stand behind the number. */
  faint?: boolean;
  className?: string;
  testId?: string;
  onOpen: () => void;
};

/** A number that opens its records. */
export function NumberButton({ children, label, hint, faint, className, testId, onOpen }: Props) {
  const open = (event: MouseEvent) => {
    event.stopPropagation();
    onOpen();
  };
  return (
    <Tooltip title={hint}>
      <button
        type="button"
        className={["number", faint ? "faint" : "", className ?? ""].join(" ")}
        aria-label={label}
        data-testid={testId}
        onClick={open}
      >
        {children}
      </button>
    </Tooltip>
  );
}
