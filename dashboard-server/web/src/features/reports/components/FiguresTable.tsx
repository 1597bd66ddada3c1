import { Link } from "react-router";
import { usePhone } from "@/lib/media";
import { useTexts } from "@/locales/i18n";
import type { ReportCell, ReportTable } from "../api";

function looks({ tone, is_faint, is_strong }: ReportCell): string {
  return [tone, is_faint ? "quiet" : "", is_strong ? "strong" : ""].filter(Boolean).join(" ");
}

/** A table of the report; on a phone each row is a card of two lines. */
export function FiguresTable({
  table,
  linkOf,
}: {
  table: ReportTable;
  /** Where the records behind a metric are. */
  linkOf: (metric: string) => string;
}) {
  const { t } = useTexts();
  const phone = usePhone();
  if (table.rows.length === 0) return null;
  const name = (cell: ReportCell | undefined, row: number) => {
    const metric = table.metrics[row];
    const text = cell?.text ?? "";
    if (!metric) return text;
    return (
      <Link to={linkOf(metric)} title={t("reports.open", { name: text })}>
        {text}
      </Link>
    );
  };
  if (phone) {
    return (
      <div className="report-cards">
        {table.rows.map((cells, row) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows of a report never move
          <div className="report-card" key={row}>
            <div className="strong">{name(cells[0], row)}</div>
            <div className="report-pairs">
              {cells.slice(1).map((cell, place) =>
                cell.text && cell.text !== "–" ? (
                  // biome-ignore lint/suspicious/noArrayIndexKey: columns of a report never move
                  <span key={place}>
                    <span className="quiet">{table.columns[place + 1]?.name}</span>{" "}
                    <span className={looks(cell)}>{cell.text}</span>
                  </span>
                ) : null,
              )}
            </div>
          </div>
        ))}
        {table.note && <p className="quiet small">{table.note}</p>}
      </div>
    );
  }
  return (
    <div className="report-table">
      <table>
        <thead>
          <tr>
            {table.columns.map((column) => (
              <th key={column.name} className={column.is_number ? "number" : undefined} scope="col">
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((cells, row) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows of a report never move
            <tr key={row}>
              {cells.map((cell, place) => (
                <td
                  // biome-ignore lint/suspicious/noArrayIndexKey: columns of a report never move
                  key={place}
                  className={`${table.columns[place]?.is_number ? "number " : ""}${looks(cell)}`}
                >
                  {place === 0 ? name(cell, row) : cell.text}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {table.note && <p className="quiet small">{table.note}</p>}
    </div>
  );
}
