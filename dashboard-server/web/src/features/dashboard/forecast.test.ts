import { describe, expect, it } from "vitest";
import type { Forecast, ForecastDay } from "./api/forecast";
import { pace, periodOf, readForecast, verdictOf, writeForecast } from "./forecast";

describe("the address of a forecast", () => {
  it("holds all that is chosen, and nothing that is usual", () => {
    const text = "where=team%3D%E5%8D%8E%E4%B8%9C&period=next_quarter&by=owner&deals=amount";
    const state = readForecast(new URLSearchParams(`${text}&as_of=2026-11-02`));
    expect(state).toMatchObject({
      period: "next_quarter",
      by: "owner",
      order: "amount",
      asOf: "2026-11-02",
      where: [{ dimension: "team", op: "in", values: ["华东"] }],
      records: null,
    });
    expect(readForecast(writeForecast(state, null))).toEqual(state);
    expect(writeForecast(readForecast(new URLSearchParams()), null).toString()).toBe("");
  });

  it("keeps the records that are open", () => {
    const state = readForecast(
      new URLSearchParams(
        "records=won_amount&in=owner%3D%E6%9D%8E%E9%9B%B7&days=2026-11-01..2026-11-30",
      ),
    );
    expect(state.records).toMatchObject({
      metric: "won_amount",
      period: { from: "2026-11-01", to: "2026-11-30" },
    });
    expect(readForecast(writeForecast(state, null))).toEqual(state);
  });

  it("takes nothing that it does not know", () => {
    const state = readForecast(
      new URLSearchParams("period=last_year&by=region&deals=x&as_of=today"),
    );
    expect(state).toEqual(readForecast(new URLSearchParams()));
  });
});

describe("the period", () => {
  it("lies to today as it is called", () => {
    expect(periodOf("this_month", "2026-11-30")).toBe("2026-11");
    expect(periodOf("next_month", "2026-11-30")).toBe("2026-12");
    expect(periodOf("next_month", "2026-01-31")).toBe("2026-02");
    expect(periodOf("this_quarter", "2026-11-30")).toBe("2026-Q4");
    expect(periodOf("next_quarter", "2026-11-30")).toBe("2027-Q1");
    expect(periodOf("next_quarter", "2026-08-31")).toBe("2026-Q4");
  });
});

describe("the pace of a target", () => {
  it("asks for nothing on days that nobody works", () => {
    const day = (date: string, working: boolean) => ({ date, working }) as ForecastDay;
    const path = [
      day("2026-11-05", true),
      day("2026-11-06", true),
      day("2026-11-07", false),
      day("2026-11-08", false),
      day("2026-11-09", true),
    ];
    expect(pace(path, 300)).toEqual([100, 200, 200, 200, 300]);
  });
});

describe("the verdict", () => {
  const forecast = (won: number, chance: number | null) =>
    ({
      lacking: null,
      total: { won: { amount: won }, expected: { amount: 900 } },
      targets: { total: chance === null ? null : { target: 1000, chance } },
    }) as unknown as Forecast;

  it("weighs the chance, and what is won already", () => {
    expect(verdictOf(forecast(100, 0.8)).kind).toBe("likely");
    expect(verdictOf(forecast(100, 0.5)).kind).toBe("unsure");
    expect(verdictOf(forecast(100, 0.2)).kind).toBe("unlikely");
    expect(verdictOf(forecast(1000, 1)).kind).toBe("reached");
    expect(verdictOf(forecast(100, null))).toEqual({ kind: "open", expected: 900 });
  });

  it("says nothing where nothing is expected", () => {
    const short = { ...forecast(100, null), lacking: "wins" } as Forecast;
    expect(verdictOf(short)).toEqual({ kind: "lacking" });
  });
});
