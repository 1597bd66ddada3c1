import { describe, expect, it } from "vitest";
import type { DriversResult, Segment } from "@/lib/api/types";
import { segmentConditions, waterfall } from "./drivers";

function segment(part: Partial<Segment>): Segment {
  return {
    where: {},
    contribution: 0,
    rate: 0,
    mix: 0,
    before: null,
    after: null,
    n_before: 0,
    n_after: 0,
    ci: [0, 0],
    significant: true,
    ...part,
  };
}

describe("segmentConditions", () => {
  it("says which records are a segment's", () => {
    const found = segmentConditions(segment({ where: { region: "华东", product: null } }));
    expect(found).toEqual([
      { dimension: "region", op: "in", values: ["华东"] },
      { dimension: "product", op: "is_null", values: [] },
    ]);
  });

  it("leaves out what was named before", () => {
    const found = segmentConditions(
      segment({ where: { product: "阀门" }, except: [{ region: "华东" }, { region: "华南" }] }),
    );
    expect(found?.[1]).toEqual({ dimension: "region", op: "not_in", values: ["华东", "华南"] });
    const narrower = segment({
      where: { region: "华东" },
      except: [{ region: "华东", product: "泵" }],
    });
    expect(segmentConditions(narrower)?.[1]).toEqual({
      dimension: "product",
      op: "not_in",
      values: ["泵"],
    });
  });

  it("does not open what conditions cannot say", () => {
    expect(segmentConditions(segment({}))).toBeNull();
    const combined = segment({
      where: { owner: "a" },
      except: [{ region: "华东", product: "泵" }],
    });
    expect(segmentConditions(combined)).toBeNull();
  });
});

describe("waterfall", () => {
  it("leads from the number before to the number after", () => {
    const report = {
      before: 100,
      after: 80,
      segments: [segment({ contribution: -30 }), segment({ contribution: 15 })],
      rest: segment({ contribution: -5 }),
    } as unknown as DriversResult;
    const { bars, low, high } = waterfall(report);
    expect(bars.map(({ from, to }) => [from, to])).toEqual([
      [0, 100],
      [100, 70],
      [70, 85],
      [85, 80],
      [0, 80],
    ]);
    expect(low).toBe(0);
    expect(high).toBeGreaterThan(100);
  });

  it("has no bars where a number is missing", () => {
    expect(
      waterfall({ before: null, after: 1, segments: [] } as unknown as DriversResult).bars,
    ).toEqual([]);
  });
});
