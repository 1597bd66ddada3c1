import { describe, expect, it } from "vitest";
import { factorText, percent, points, reasons } from "./words";

const t = (key: string, values?: Record<string, unknown>) =>
  `${key}${values ? ` ${JSON.stringify(values)}` : ""}`;

describe("reasons", () => {
  it("says what weighs, and nothing of what is well", () => {
    const row = { rhythm: 2.0, rhythm_days: 30, overdue_amount: 186000, amount_trend: -0.42 };
    expect(reasons(row, t, "zh")).toEqual([
      'health.reason.late {"count":30}',
      'health.reason.overdue {"amount":"18.6 万"}',
      'health.reason.trend {"change":"-42 %"}',
    ]);
    const well = { rhythm: 0.5, rhythm_days: 30, overdue_amount: 0, amount_trend: 0.2 };
    expect(reasons(well, t, "zh")).toEqual([]);
    const unlikely = { ...well, shrink_probability: 0.4, non_renewal_probability: null };
    expect(reasons(unlikely, t, "zh")).toEqual([]);
    const likely = { ...well, shrink_probability: 0.62, non_renewal_probability: 0.5 };
    expect(reasons(likely, t, "zh")).toEqual([
      'health.reason.shrink {"part":"62 %"}',
      'health.reason.ends {"part":"50 %"}',
    ]);
  });

  it("speaks of a debt without its amount to whom sees no amounts", () => {
    expect(reasons({ held_by: "overdue" }, t, "en")).toEqual(["health.reason.longOverdue"]);
  });
});

describe("factorText", () => {
  it("says each number in the words of its factor", () => {
    expect(factorText("rhythm", 1.5, 40, t, "zh")).toBe('health.says.late {"count":20,"days":40}');
    expect(factorText("rhythm", 0.4, 40, t, "zh")).toBe('health.says.inTime {"days":40}');
    expect(factorText("payment", 0.254, null, t, "en")).toBe('health.says.payment {"part":"25%"}');
    expect(factorText("contacts", 1, null, t, "zh")).toBe("health.says.soleContact");
    expect(factorText("contacts", 3, null, t, "zh")).toBe('health.says.contacts {"count":3}');
    expect(factorText("contract", -12, null, t, "zh")).toBe(
      'health.says.contractOver {"count":12}',
    );
    expect(factorText("interaction_trend", -0.5, null, t, "en")).toBe(
      'health.says.interaction_trend {"change":"-50%"}',
    );
    expect(factorText("payment", null, null, t, "en")).toBe("health.noData");
  });
});

it("writes signs that can be told apart", () => {
  expect(points(3.25)).toBe("+3.3");
  expect(points(-3.25)).toBe("−3.3");
  expect(points(-0.04)).toBe("0.0");
  expect(percent(-0.001, "zh")).toBe("0 %");
});
