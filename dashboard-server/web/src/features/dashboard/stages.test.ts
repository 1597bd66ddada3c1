import { expect, test } from "vitest";
import { slowest, stageRows } from "./stages";

const out = (stage: string | null, median: number, n: number) => ({
  stage,
  dwell_median: median,
  dwell_median_before: median + 1,
  dwell_median_n: n,
});
const now = (stage: string | null, entered: number, open: number) => ({
  stage,
  dwell_km_median_n: entered,
  open_age_median_n: open,
});

test("the whole pipeline is there in its order, also where no visit ended", () => {
  const rows = stageRows(
    [out("signing", 30, 40), out("lead", 10, 50)],
    [now("delivery_payment", 7, 9), now("lead", 60, 5), now("won", 20, 20)],
    [{ stage: "lead", stalled_count: 2 }],
  );
  expect(rows.map(({ stage }) => stage)).toEqual([
    "lead",
    "first_contact",
    "requirements",
    "quotation",
    "signing",
    "delivery_payment",
  ]);
  expect(rows[0]).toEqual({
    stage: "lead",
    median: 10,
    before: 11,
    left: 50,
    entered: 60,
    open: 5,
    stalled: 2,
  });
  expect(rows[5]).toMatchObject({ median: null, left: 0, entered: 7, open: 9, stalled: 0 });
});

test("stages of another system come by their visits, without ours", () => {
  const rows = stageRows([out("Wait", 1, 5), out("Resolve", 2, 50), out(null, 3, 6)], [], []);
  expect(rows.map(({ stage }) => stage)).toEqual(["Resolve", null, "Wait"]);
  expect(stageRows([], [], [])).toEqual([]);
});

test("a count that cannot be had is not 0", () => {
  const [lead] = stageRows([out("lead", 10, 50)], undefined, undefined);
  expect(lead).toMatchObject({ left: 50, entered: null, open: null, stalled: null });
});

test("the bottleneck is before winning and stands on enough visits", () => {
  const rows = stageRows(
    [
      out("lead", 10, 50),
      out("quotation", 90, 3),
      out("signing", 30, 40),
      out("delivery_payment", 99, 40),
    ],
    [],
    [],
  );
  expect(slowest(rows, 20)?.stage).toBe("signing");
  expect(slowest(rows.slice(0, 1), 20)).toBeNull();
});
