import { useQuery } from "@tanstack/react-query";
import { Input, type InputRef, Modal } from "antd";
import { type KeyboardEvent, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { useOverlay } from "@/components/navigation";
import { OVERLAY, withValues, writeOpened } from "@/lib/address";
import { getFrom } from "@/lib/api/client";
import type { Rec } from "@/lib/api/records";
import { type Entity, isEntity, RESOURCES } from "@/lib/resources";
import { useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { allowed, DRAWERS, offered, PLACES } from "./places";

type Hit = { resource?: string; entity?: string; record: Rec };
type Item = { key: string; group: string; label: string; note?: string; run: () => void };

/** Where a record is opened that has no drawer of its own: in that of what it belongs to. */
function target({ resource, entity, record }: Hit): { entity: Entity; id: number } | null {
  const name = entity ?? resource ?? "";
  const known = isEntity(name)
    ? name
    : (Object.keys(RESOURCES) as Entity[]).find((one) => RESOURCES[one].path === name);
  if (!known) return null;
  if (DRAWERS[known]) return { entity: known, id: record.id };
  const account = record.account_id;
  return typeof account === "number" ? { entity: "account", id: account } : null;
}

/** One box for everything: records by name or number, pages, what can be created. */
export function Palette({ mode, onClose }: { mode: "search" | "commands"; onClose: () => void }) {
  const { t } = useTexts();
  const me = useMe();
  const navigate = useNavigate();
  const { search: address } = useLocation();
  const { openForm } = useOverlay();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const input = useRef<InputRef>(null);
  const list = useRef<HTMLDivElement>(null);
  const words = useDeferredValue(typed.trim());
  const found = useQuery({
    queryKey: ["records", "search", words],
    queryFn: ({ signal }) =>
      getFrom<{ hits: Hit[] }>("/api/search", { q: words, limit: 20 }, signal),
    enabled: words.length > 0,
    placeholderData: (before) => before,
  });

  useEffect(() => input.current?.focus(), []);

  const items = useMemo(() => {
    const matches = (label: string) => label.toLowerCase().includes(words.toLowerCase());
    const commands: Item[] = [
      ...PLACES.filter(({ needs }) => allowed(me, needs)).map(({ key, path, letter }) => ({
        key: `go ${key}`,
        group: t("palette.go"),
        label: t(`nav.${key}`),
        note: `g ${letter}`,
        run: () => navigate(path),
      })),
      ...offered(me).map((key) => ({
        key: `create ${key}`,
        group: t("palette.create"),
        label: t(`create.${key}`),
        run: () => openForm(key),
      })),
    ];
    const hits = (words ? (found.data?.hits ?? []) : []).flatMap((hit): Item[] => {
      const opened = target(hit);
      if (!opened) return [];
      const name = hit.entity ?? hit.resource ?? "";
      const { record } = hit;
      const known = isEntity(name) ? name : opened.entity;
      return [
        {
          key: `record ${name} ${record.id}`,
          group: t("palette.records"),
          label: String(record[RESOURCES[known].title] ?? record.name ?? record.number ?? ""),
          note: [t(`entity.${known}`), record.number].filter(Boolean).join(" "),
          run: () =>
            navigate({ search: withValues(address, { ...OVERLAY, open: writeOpened(opened) }) }),
        },
      ];
    });
    return words ? [...hits, ...commands.filter(({ label }) => matches(label))] : commands;
  }, [words, found.data, me, navigate, openForm, address, t]);

  const chosen = Math.min(at, items.length - 1);
  const run = (item: Item | undefined) => {
    if (!item) return;
    onClose();
    item.run();
  };
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      const next = (chosen + step + items.length) % Math.max(1, items.length);
      setAt(next);
      list.current?.children[0]?.querySelectorAll("[role=option]")[next]?.scrollIntoView({
        block: "nearest",
      });
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      run(items[chosen]);
    }
  };
  let group = "";
  return (
    <Modal
      open
      footer={null}
      closable={false}
      onCancel={onClose}
      width={560}
      className="palette"
      data-testid="palette"
      aria-label={t("palette.label")}
    >
      <Input
        ref={input}
        size="large"
        variant="borderless"
        value={typed}
        placeholder={mode === "search" ? t("palette.open") : t("palette.placeholder")}
        aria-label={t("palette.label")}
        data-testid="palette-input"
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKey}
      />
      <div ref={list}>
        <div role="listbox" aria-label={t("palette.label")} className="palette-list">
          {items.map((item, index) => {
            const head = item.group === group ? null : item.group;
            group = item.group;
            return (
              <div key={item.key}>
                {head && <div className="palette-group quiet small">{head}</div>}
                <div
                  role="option"
                  aria-selected={index === chosen}
                  tabIndex={-1}
                  className={index === chosen ? "palette-item on" : "palette-item"}
                  data-testid="palette-item"
                  onMouseEnter={() => setAt(index)}
                  onClick={() => run(item)}
                  onKeyDown={onKey}
                >
                  <span className="clip grow">{item.label}</span>
                  {item.note && <span className="quiet small">{item.note}</span>}
                </div>
              </div>
            );
          })}
          {items.length === 0 && (
            <p className="quiet palette-none">
              {found.isFetching ? t("palette.searching") : t("palette.none")}
            </p>
          )}
        </div>
      </div>
      <div className="palette-foot quiet small">{t("palette.keys")}</div>
    </Modal>
  );
}
