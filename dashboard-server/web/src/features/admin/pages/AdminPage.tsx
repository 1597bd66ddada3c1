import { Tabs } from "antd";
import type { ComponentType } from "react";
import { useNavigate, useParams } from "react-router";
import { PermissionState } from "@/components/States";
import type { Entity } from "@/lib/resources";
import { type Action, useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { Closes } from "../components/Closes";
import { HandOver } from "../components/HandOver";
import { Pipelines } from "../components/Pipelines";
import { PriceLists } from "../components/PriceLists";
import { Products } from "../components/Products";
import { Roles } from "../components/Roles";
import { Routing } from "../components/Routing";
import { Settings } from "../components/Settings";
import { Teams } from "../components/Teams";
import { Users } from "../components/Users";
import "../admin.css";

type Section = { key: string; needs: [Entity, Action]; body: ComponentType };

/** What is administered, and what one must be allowed to, to see it here. */
const SECTIONS: Section[] = [
  { key: "users", needs: ["user", "update"], body: Users },
  { key: "teams", needs: ["team", "update"], body: Teams },
  { key: "roles", needs: ["role", "read"], body: Roles },
  { key: "pipelines", needs: ["pipeline", "update"], body: Pipelines },
  { key: "routing", needs: ["routing_rule", "update"], body: Routing },
  { key: "products", needs: ["product", "update"], body: Products },
  { key: "prices", needs: ["price_list", "update"], body: PriceLists },
  { key: "settings", needs: ["setting", "read"], body: Settings },
  { key: "closes", needs: ["month_close", "create"], body: Closes },
  { key: "handover", needs: ["account", "assign"], body: HandOver },
];

export function AdminPage() {
  const { t } = useTexts();
  const may = useMay();
  const navigate = useNavigate();
  const { "*": rest } = useParams();
  const seen = SECTIONS.filter(({ needs: [entity, action] }) => may(entity, action));
  const section = seen.find(({ key }) => key === rest) ?? seen[0];
  if (!section || (rest && section.key !== rest)) return <PermissionState />;
  const Body = section.body;
  return (
    <main className="work-page">
      <header className="page-head">
        <h1>{t("admin.title")}</h1>
      </header>
      <Tabs
        className="page-tabs"
        activeKey={section.key}
        aria-label={t("admin.sections")}
        onChange={(key) => navigate(`/admin/${key}`)}
        items={seen.map(({ key }) => ({ key, label: t(`admin.tabs.${key}`) }))}
      />
      <Body key={section.key} />
    </main>
  );
}
