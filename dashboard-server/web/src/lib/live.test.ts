import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isRefreshed, listen, type News, type Source } from "./live";

const query = (queryKey: unknown[], data?: unknown) =>
  ({ queryKey, state: { data } }) as unknown as Parameters<typeof isRefreshed>[0];

test("records are read again, but no long list under its reader", () => {
  expect(isRefreshed(query(["records", "account", "one", 1], { record: {} }))).toBe(true);
  expect(isRefreshed(query(["records", "account", "pages"], { pages: [1, 2] }))).toBe(true);
  expect(isRefreshed(query(["records", "account", "pages"], { pages: Array(6) }))).toBe(false);
  expect(isRefreshed(query(["session"], {}))).toBe(false);
});

class Stream implements Source {
  readyState = 1;
  closed = false;
  private listeners = new Map<string, (event: { data?: unknown }) => void>();
  addEventListener(name: string, listener: (event: { data?: unknown }) => void) {
    this.listeners.set(name, listener);
  }
  close() {
    this.closed = true;
  }
  say(name: string, data?: unknown) {
    this.listeners.get(name)?.({ data });
  }
}

function follow() {
  const streams: Stream[] = [];
  const news: News[] = [];
  const states: boolean[] = [];
  const stop = listen(
    () => {
      const stream = new Stream();
      streams.push(stream);
      return stream;
    },
    (one) => news.push(one),
    (arrives) => states.push(arrives),
  );
  return { streams, news, states, stop };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("news of sets and of writes are heard, what is none is not", () => {
  const { streams, news, states } = follow();
  streams[0]?.say("set", '{"set":3,"tables":["orders"],"writes":1}');
  streams[0]?.say("writes", '{"writes":2}');
  streams[0]?.say("writes", "<html>");
  expect(news).toEqual([{ set: 3, tables: ["orders"], writes: 1 }, { writes: 2 }]);
  expect(states).toEqual([true, true]);
});

test("a broken stream is left to the browser, and its page asks meanwhile", () => {
  const { streams, states } = follow();
  const [stream] = streams as [Stream];
  stream.say("set", '{"set":3,"writes":1}');
  stream.readyState = 0;
  stream.say("error");
  expect(states).toEqual([true, false]);
  vi.advanceTimersByTime(60_000);
  expect(streams).toHaveLength(1);
  stream.say("set", '{"set":4,"writes":1}');
  expect(states).toEqual([true, false, true]);
});

test("an ended stream is opened again after a while, until nobody listens", () => {
  const { streams, stop } = follow();
  const end = (stream: Stream | undefined) => {
    if (stream) stream.readyState = 2;
    stream?.say("error");
  };
  end(streams[0]);
  expect(streams[0]?.closed).toBe(true);
  expect(streams).toHaveLength(1);
  vi.advanceTimersByTime(30_000);
  expect(streams).toHaveLength(2);
  end(streams[1]);
  stop();
  vi.advanceTimersByTime(60_000);
  expect(streams).toHaveLength(2);
});
