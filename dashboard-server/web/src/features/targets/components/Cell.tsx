import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Input, Tooltip } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTellProblem } from "@/components/States";
import type { Metric } from "@/lib/api/types";
import { full, short } from "@/lib/format";
import { useTexts } from "@/locales/i18n";
import { setTarget } from "../api";
import { type Column, type Held, partsIn, readTyped, typed, type Whom } from "../grid";

type Props = {
  metric: Metric;
  whom: Whom;
  /** What whom is called, for who hears the page. */
  name: string;
  column: Column;
  held: Held | null;
  /** Whether one may add, change and delete it. */
  may: { create: boolean; update: boolean; delete: boolean };
};

/** The cell after this one, in the order of the page. */
function focusNext(from: HTMLElement | null): void {
  const all = [...document.querySelectorAll<HTMLElement>("[data-target-cell]")];
  const index = all.findIndex((cell) => cell === from || cell.contains(from));
  all[index + 1]?.focus();
}

/** A target, changed where it stands. */
export function Cell({ metric, whom, name, column, held, may }: Props) {
  const { t, lang } = useTexts();
  const client = useQueryClient();
  const { notification } = App.useApp();
  const tell = useTellProblem();
  const place = useRef<HTMLButtonElement>(null);
  const [text, setText] = useState<string | null>(null);
  const [wrong, setWrong] = useState(false);
  const [goOn, setGoOn] = useState<"here" | "next" | null>(null);
  const { unit } = metric;
  const standing = held && !held.summed ? held.target : null;
  const changeable = standing ? may.update || may.delete : may.create;
  const save = useMutation({
    mutationFn: (parts: number | null) =>
      setTarget(
        { metric: metric.name, grain: column.grain, startsOn: column.startsOn, whom },
        standing,
        parts,
        unit === "amount",
      ),
    onSettled: () => client.invalidateQueries({ queryKey: ["records", "target"] }),
    onError: (error) => notification.error({ title: tell(error).sentence }),
  });
  useEffect(() => {
    // the button is there again once the field is gone
    if (text !== null || goOn === null) return;
    if (goOn === "next") focusNext(place.current);
    else place.current?.focus();
    setGoOn(null);
  }, [text, goOn]);

  const value = held ? held.parts / partsIn(unit) : null;
  const shown = value === null ? "" : short(value, unit ?? "", lang);
  const label = t("targets.edit", {
    whom: name,
    period: `${column.startsOn.slice(0, 4)}-${column.label}`,
  });
  const leave = (then: "here" | "next" | null) => {
    setText(null);
    setWrong(false);
    setGoOn(then);
  };
  const commit = (then: "next" | null) => {
    if (text === null) return;
    const parts = readTyped(text, unit);
    if (parts === undefined || (parts === null && standing && !may.delete)) {
      setWrong(true);
      return;
    }
    const same = parts === (standing && held ? held.parts : null);
    if (!same) save.mutate(parts);
    leave(then);
  };
  if (text !== null) {
    const title = wrong
      ? readTyped(text, unit) === null
        ? t("targets.noDelete")
        : t("targets.tooFine")
      : t(`targets.unit.${unit ?? "score"}`);
    return (
      <Tooltip open title={title} placement="top">
        <Input
          autoFocus
          size="small"
          className="target-input"
          status={wrong ? "error" : undefined}
          value={text}
          aria-label={label}
          data-testid="target-input"
          inputMode="decimal"
          onChange={({ target }) => {
            setText(target.value);
            setWrong(false);
          }}
          onFocus={({ target }) => target.select()}
          onBlur={() => (wrong ? leave(null) : commit(null))}
          onKeyDown={(event) => {
            if (event.key === "Enter") commit("next");
            else if (event.key === "Escape") leave("here");
            else return;
            event.preventDefault();
            event.stopPropagation();
          }}
        />
      </Tooltip>
    );
  }
  const hint = held
    ? `${full(value, unit ?? "", lang)}${held.summed ? ` · ${t("targets.summed")}` : ""}`
    : undefined;
  const classes = ["target-cell", held?.summed ? "summed" : "", save.isPending ? "stale" : ""];
  if (!changeable) {
    return (
      <span className={classes.join(" ")} title={hint}>
        {shown || "–"}
      </span>
    );
  }
  return (
    <button
      ref={place}
      type="button"
      className={classes.join(" ")}
      title={hint}
      aria-label={`${label}: ${shown || t("targets.none")}`}
      data-target-cell
      data-testid={`target-${column.startsOn}-${column.grain}`}
      onClick={() => setText(standing && held ? typed(held.parts, unit) : "")}
    >
      {shown || <span className="target-empty">+</span>}
    </button>
  );
}
