import i18next from "i18next";
import { beforeAll, expect, test } from "vitest";
import { en } from "@/locales/en";
import { zh } from "@/locales/zh";
import {
  BY_TROUBLE,
  canSendAgain,
  occurrences,
  received,
  STATE_TONES,
  tellReason,
} from "./receipts";
import type { Dispatch, DispatchState } from "./types";

beforeAll(async () => {
  await i18next.init({
    resources: { zh: { translation: zh }, en: { translation: en } },
    lng: "zh",
    interpolation: { escapeValue: false },
  });
});

function copy(id: number, state: DispatchState, more: Partial<Dispatch> = {}): Dispatch {
  return {
    id,
    version: 1,
    subscription_id: 1,
    recipient_id: id,
    planned_at: "2026-03-02T00:00:00Z",
    manual: false,
    channel: "mail",
    address: null,
    state,
    attempts: 1,
    next_attempt_at: null,
    rendered_at: null,
    sent_at: null,
    subject: null,
    message_id: null,
    reason: null,
    response: null,
    ...more,
  } as Dispatch;
}

test("each state has its place and its words in both languages", () => {
  expect([...BY_TROUBLE].sort()).toEqual(Object.keys(STATE_TONES).sort());
  for (const state of BY_TROUBLE) {
    expect(i18next.exists(`choice.dispatch.state.${state}`, { lng: "zh" }), state).toBe(true);
    expect(i18next.exists(`choice.dispatch.state.${state}`, { lng: "en" }), state).toBe(true);
  }
});

test("what came, is on its way or has nothing to tell is not sent again", () => {
  expect(BY_TROUBLE.filter(canSendAgain)).toEqual([
    "given_up",
    "unknown",
    "retrying",
    "withheld",
    "skipped",
  ]);
});

test("copies of a moment are together, the troubled first and counted", () => {
  const found = occurrences([
    copy(4, "sent", { planned_at: "2026-03-03T00:00:00Z", manual: true }),
    copy(1, "sent"),
    copy(2, "retrying"),
    copy(3, "sent"),
    copy(5, "given_up"),
  ]);
  expect(found.map(({ planned_at, manual }) => [planned_at.slice(0, 10), manual])).toEqual([
    ["2026-03-03", true],
    ["2026-03-02", false],
  ]);
  expect(found[1]?.copies.map(({ id }) => id)).toEqual([5, 2, 1, 3]);
  expect(found[1]?.counts).toEqual([
    ["given_up", 1],
    ["retrying", 1],
    ["sent", 2],
  ]);
});

test("what others send is the last mail of each subscription that is not one's own", () => {
  const at = (day: number) => `2026-03-0${day}T00:00:00Z`;
  const found = received(
    [
      copy(1, "sent", { subscription_id: 7, planned_at: at(1) }),
      copy(2, "sent", { subscription_id: 7, planned_at: at(3) }),
      copy(3, "sent", { subscription_id: 8, planned_at: at(4) }),
      copy(4, "sent", { subscription_id: 9, planned_at: at(5) }),
      copy(5, "sent", { subscription_id: 10, planned_at: at(6), channel: "webhook" }),
    ],
    new Set([9]),
  );
  expect(found.map(({ id }) => id)).toEqual([3, 2]);
});

test.each([
  ["the list is empty", "列表是空的", "The list is empty"],
  ["it is within the limit", "没有越过界线", "It has not passed the limit"],
  [
    "it is beyond the limit, and that was told before",
    "已越过界线，之前提醒过",
    "It is beyond the limit, and that was told before",
  ],
  ["it answered 503 Service Unavailable", "对方答复 503 Service Unavailable", null],
  [
    "amount: opportunity records can be sorted by id, number, name",
    "收件人看不到「金额」",
    "The recipient does not see “Amount”, by which the list is sorted or filtered",
  ],
  ["permanent error (550): 5.1.1 no such user", "对方拒收 (550)：5.1.1 no such user", null],
  ["there is no mail server: set [mail] in the settings", "还没有配置邮件服务器", null],
])("the reason %s is said in the reader's language", (reason, chinese, english) => {
  expect(tellReason(reason, i18next.getFixedT("zh"))).toContain(chinese);
  if (english) expect(tellReason(reason, i18next.getFixedT("en"))).toBe(english);
});

test("a reason that is not known stays as it is", () => {
  const reason = "smtp.example.com:587: 550 5.1.1 no such user";
  expect(tellReason(reason, i18next.getFixedT("zh"))).toBe(reason);
});
