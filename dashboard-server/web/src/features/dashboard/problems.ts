import { ApiError } from "@/lib/api/client";
import type { Condition, Dimension, Metric, Problem } from "@/lib/api/types";
import type { Lang } from "@/lib/format";
import { dimensionName, memberName, metricName, type Translate } from "@/lib/numbers";

/** What the names in a problem are called. */
export type Names = { metrics: Metric[]; dimensions: Dimension[] };

/** A problem in the reader's language. */
export type Told = {
  sentence: string;
  /** The server's own English words, where no sentence of ours says the same. */
  detail: string | null;
  suggestions: Suggestion[];
};

export type Suggestion = {
  text: string;
  /** The filter's value that is not there, and the one that is. */
  replace: { dimension: string; wrong: string; right: string } | null;
};

const QUOTED = '"((?:[^"\\\\]|\\\\.)*)"';

/** The sentences of the server's query engine, with the values in them. */
const INVALID = {
  metric: new RegExp(`^there is no metric ${QUOTED}`),
  dimension: new RegExp(`^(.+?) has no dimension ${QUOTED}`),
  value: new RegExp(`^(.+?) has no value ${QUOTED}`),
  noMetric: /^the query names no metric/,
  noPeriod: /^a comparison needs a period/,
  noBaseline: /^(.+?) compares two periods/,
  gone: /^the cursor belongs to numbers that are gone/,
} as const;

const KIND = "urn:millrace:problem:";

/** Rust writes text in quotes with escapes. */
function unquoted(text: string): string {
  return text
    .replace(/\\u\{([0-9a-f]+)\}/g, (_, code) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replace(/\\(["\\'])/g, "$1");
}

/** Why there are no numbers, in the reader's language, with what to do next. */
export function tell(error: Error | Problem, names: Names, t: Translate, lang: Lang): Told {
  const problem = error instanceof ApiError ? error.problem : "status" in error ? error : null;
  const plain = (sentence: string, detail: string | null = null): Told => ({
    sentence,
    detail,
    suggestions: [],
  });
  if (!problem) return plain(t("state.offline"));
  if (problem.status === 401 || problem.status === 403) return plain(t("state.forbiddenNote"));
  const { type, detail } = problem;
  switch (type.startsWith(KIND) ? type.slice(KIND.length) : "") {
    case "invalid-query":
      return invalid(problem, names, t, lang) ?? plain(t("problem.invalid"), detail);
    case "nothing-published":
      return plain(t("problem.nothingPublished"));
    case "internal":
      return plain(t("problem.internal"));
    case "too-large":
      return plain(t("problem.tooLarge"));
    case "foreign-host":
      return plain(t("problem.foreignHost", { host: window.location.host }));
    case "bad-request":
    case "not-json":
    case "not-found":
    case "method-not-allowed":
      return plain(t("problem.otherVersion"), detail);
    default:
      return plain(
        t("problem.status", { status: problem.status }),
        detail || problem.title || null,
      );
  }
}

function invalid(problem: Problem, names: Names, t: Translate, lang: Lang): Told | null {
  for (const [kind, pattern] of Object.entries(INVALID)) {
    const found = pattern.exec(problem.detail);
    if (!found) continue;
    const [first = "", second = ""] = found.slice(1);
    const metric = metricName(names.metrics, first, lang);
    const dimension = dimensionName(names.dimensions, first, lang);
    const told = (sentence: string, suggestion: (text: string) => Suggestion): Told => ({
      sentence,
      detail: null,
      suggestions: (problem.suggestions ?? []).map(suggestion),
    });
    const called = (text: string): Suggestion => ({ text, replace: null });
    switch (kind as keyof typeof INVALID) {
      case "metric":
        return told(t("problem.metric", { name: unquoted(first) }), (name) =>
          called(metricName(names.metrics, name, lang)),
        );
      case "dimension": {
        const name = dimensionName(names.dimensions, unquoted(second), lang);
        return told(t("problem.dimension", { metric, name }), (other) =>
          called(dimensionName(names.dimensions, other, lang)),
        );
      }
      case "value": {
        const wrong = unquoted(second);
        const value = memberName(first, wrong, t);
        return told(t("problem.value", { dimension, value }), (right) => ({
          text: memberName(first, right, t),
          replace: { dimension: first, wrong, right },
        }));
      }
      case "noMetric":
        return told(t("problem.noMetric"), called);
      case "noPeriod":
        return told(t("problem.noPeriod"), called);
      case "noBaseline":
        return told(t("problem.noBaseline", { metric }), called);
      case "gone":
        return told(t("problem.gone"), called);
    }
  }
  return null;
}

/** The filters with a suggested value in the place of the wrong one. */
export function corrected(
  where: Condition[],
  { dimension, wrong, right }: NonNullable<Suggestion["replace"]>,
): Condition[] {
  return where.map((condition) =>
    condition.dimension === dimension
      ? {
          ...condition,
          values: [...new Set(condition.values.map((value) => (value === wrong ? right : value)))],
        }
      : condition,
  );
}
