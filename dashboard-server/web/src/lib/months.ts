/** Months, each as `2026-03`. */

export function monthOf(day: string): string {
  return day.slice(0, 7);
}

function moved(month: string, by: number): string {
  const [year = 1970, number = 1] = month.split("-").map(Number);
  const count = year * 12 + number - 1 + by;
  return `${Math.floor(count / 12)}-${String((count % 12) + 1).padStart(2, "0")}`;
}

export function monthAfter(month: string): string {
  return moved(month, 1);
}

/** The last months that are over on a day, the latest first. */
export function monthsOver(today: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => moved(monthOf(today), -1 - index));
}
