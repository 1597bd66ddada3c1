import { useQuery } from "@tanstack/react-query";
import { Skeleton, Tag } from "antd";
import { Named } from "@/components/Cells";
import { useOverlay } from "@/components/navigation";
import { FailureState } from "@/components/States";
import { listQuery, textOf } from "@/lib/api/records";
import { useTexts } from "@/locales/i18n";
import { AddButton, Enabled } from "./catalogueParts";

/** Tags of accounts, and the rules that route what nobody owns. */
export function Routing() {
  const { t } = useTexts();
  const { openRecord } = useOverlay();
  const tags = useQuery(listQuery("tag", { limit: 100, sort: "name" }));
  const rules = useQuery(listQuery("routing_rule", { limit: 100, sort: "position" }));
  const any = <span className="faint">{t("admin.routing.any")}</span>;
  return (
    <div className="admin-section routing">
      <section className="card">
        <div className="admin-tools">
          <h2>{t("admin.routing.rules")}</h2>
          <AddButton entity="routing_rule" form="routing-rule" label={t("admin.routing.addRule")} />
        </div>
        <p className="quiet small">{t("admin.routing.rulesNote")}</p>
        {rules.error ? (
          <FailureState error={rules.error} onRetry={() => rules.refetch()} />
        ) : !rules.data ? (
          <Skeleton active paragraph={{ rows: 3 }} title={false} />
        ) : rules.data.rows.length === 0 ? (
          <p className="quiet">{t("admin.routing.noRules")}</p>
        ) : (
          <ol className="plain-list" data-testid="rules">
            {rules.data.rows.map((rule) => (
              <li key={rule.id}>
                <button
                  type="button"
                  className="rule"
                  onClick={() => openRecord({ entity: "routing_rule", id: rule.id })}
                >
                  <span className="figures quiet">{Number(rule.position)}</span>
                  <span>
                    {typeof rule.tag_id === "number" ? (
                      <Tag>
                        <Named entity="tag" id={rule.tag_id} labels={rules.data.labels} />
                      </Tag>
                    ) : (
                      any
                    )}
                  </span>
                  <span>{textOf(rule, "region") || any}</span>
                  <span>{textOf(rule, "industry") || any}</span>
                  <span>→</span>
                  <span className="strong grow">
                    <Named entity="team" id={rule.team_id} labels={rules.data.labels} />
                  </span>
                  <Enabled value={rule.enabled} />
                </button>
              </li>
            ))}
          </ol>
        )}
      </section>
      <section className="card">
        <div className="admin-tools">
          <h2>{t("admin.routing.tags")}</h2>
          <AddButton entity="tag" form="tag" label={t("admin.routing.addTag")} />
        </div>
        <p className="quiet small">{t("admin.routing.tagsNote")}</p>
        {tags.error ? (
          <FailureState error={tags.error} onRetry={() => tags.refetch()} />
        ) : !tags.data ? (
          <Skeleton active paragraph={{ rows: 3 }} title={false} />
        ) : tags.data.rows.length === 0 ? (
          <p className="quiet">{t("admin.routing.noTags")}</p>
        ) : (
          <ul className="plain-list" data-testid="tags">
            {tags.data.rows.map((tag) => (
              <li key={tag.id}>
                <button
                  type="button"
                  className="rule"
                  onClick={() => openRecord({ entity: "tag", id: tag.id })}
                >
                  <span className="strong grow">{textOf(tag, "name")}</span>
                  <span className="quiet small">
                    {t(`admin.routing.kinds.${textOf(tag, "kind")}`, {
                      defaultValue: textOf(tag, "kind"),
                    })}
                  </span>
                  {typeof tag.team_id === "number" && (
                    <span>
                      → <Named entity="team" id={tag.team_id} labels={tags.data.labels} />
                    </span>
                  )}
                </button>
              </li>
            ))}
          </ul>
        )}
      </section>
    </div>
  );
}
