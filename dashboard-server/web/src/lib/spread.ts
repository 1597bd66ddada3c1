/**
 * Places along a line, moved as little as needed to be `gap` apart and within `low` and `high`,
 * in the order given by their wanted places. Where there is no room for all, the last ones hang
 * over `low`.
 */
export function spread(wanted: number[], gap: number, low: number, high: number): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => at(wanted, a) - at(wanted, b));
  // Neighbours that are too close move together, around the middle of what they wanted.
  const blocks: { members: number[]; middle: number }[] = [];
  const half = ({ members }: { members: number[] }) => ((members.length - 1) * gap) / 2;
  for (const index of order) {
    let block = { members: [index], middle: clamp(at(wanted, index), low, high) };
    for (;;) {
      const above = blocks.at(-1);
      if (!above || above.middle + half(above) + gap <= block.middle - half(block)) break;
      blocks.pop();
      const members = [...above.members, ...block.members];
      const sum = members.reduce((total, member) => total + at(wanted, member), 0);
      const reach = ((members.length - 1) * gap) / 2;
      block = { members, middle: clamp(sum / members.length, low + reach, high - reach) };
    }
    blocks.push(block);
  }
  const places = [...wanted];
  for (const block of blocks) {
    block.members.forEach((member, position) => {
      places[member] = block.middle - half(block) + position * gap;
    });
  }
  return places;
}

function at(values: number[], index: number): number {
  return values[index] ?? 0;
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
