import { expect, test } from "vitest";
import { grouped, typedNumber } from "./numberInput";

test("an empty field is nothing, not zero", () => {
  expect(typedNumber("")).toBe("");
  expect(typedNumber("  ")).toBe("");
  expect(typedNumber(undefined)).toBe("");
  expect(typedNumber("0")).toBe(0);
});

test("amounts are read as people write them", () => {
  expect(typedNumber("12,000.50")).toBe(12000.5);
  expect(typedNumber("12，000")).toBe(12000);
  expect(typedNumber("-3.2")).toBe(-3.2);
  expect(typedNumber("12万")).toBe(120_000);
  expect(typedNumber("1.1万")).toBe(11_000);
  expect(typedNumber("2.5 w")).toBe(25_000);
  expect(typedNumber("1.2亿")).toBe(120_000_000);
  expect(typedNumber("20K")).toBe(20_000);
});

test("what is no number is none", () => {
  expect(typedNumber("abc")).toBeNaN();
  expect(typedNumber("万")).toBeNaN();
  expect(typedNumber("1.2.3")).toBeNaN();
});

test("thousands are grouped", () => {
  expect(grouped("1234567.50", true)).toBe("1,234,567.50");
  expect(grouped("1234.500000", false)).toBe("1,234.5");
  expect(grouped("12.000", false)).toBe("12");
  expect(grouped("", true)).toBe("");
});
