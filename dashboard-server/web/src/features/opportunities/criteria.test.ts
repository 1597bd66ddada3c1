import { expect, test } from "vitest";
import type { Missing } from "@/lib/problem";
import { fieldsOf, needsOf, readPending, writePending } from "./criteria";

const missing = (criterion: Missing["criterion"], stage = "quotation"): Missing => ({
  stage_id: 4,
  stage,
  when: "leave",
  criterion,
});

test("each criterion is answered in its place, and asked for once", () => {
  const needs = needsOf([
    missing({ field: "expected_close_on" }),
    missing({ attachment: "requirements" }),
    missing({ attachment: "requirements" }, "signing"),
    missing({ quote: "sent" }),
    missing({ contract: "effective" }),
    missing({ field: "won_at" }),
  ]);
  expect(needs.map(({ kind }) => kind)).toEqual([
    "field",
    "attachment",
    "quote",
    "contract",
    "other",
  ]);
  expect(fieldsOf(needs)).toEqual([{ name: "expected_close_on", kind: "day", required: true }]);
});

test("an unknown way in the address is none", () => {
  expect(readPending(writePending({ opportunityId: 12, stageId: 5 }))).toEqual({
    opportunityId: 12,
    stageId: 5,
  });
  expect(readPending("12")).toBeNull();
  expect(readPending("a:5")).toBeNull();
  expect(readPending(null)).toBeNull();
});
