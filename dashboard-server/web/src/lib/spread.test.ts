import { expect, test } from "vitest";
import { spread } from "./spread";

test.each<[string, number[], number[]]>([
  ["labels with room stay", [20, 60], [20, 60]],
  ["close ones move apart around their middle", [50, 54], [44, 60]],
  ["in the order of their places", [54, 50], [60, 44]],
  ["equal ones in the order given", [50, 50], [42, 58]],
  ["at the upper end they move down", [0, 3], [0, 16]],
  ["at the lower end they move up", [99, 100], [84, 100]],
  ["what is pushed pushes on", [50, 50, 60], [37.3, 53.3, 69.3]],
])("%s", (_, wanted, places) => {
  spread(wanted, 16, 0, 100).forEach((place, index) => {
    expect(place).toBeCloseTo(places[index] ?? Number.NaN, 1);
  });
});
