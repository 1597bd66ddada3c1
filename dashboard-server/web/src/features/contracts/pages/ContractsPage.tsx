import { PlusOutlined } from "@ant-design/icons";
import { Button, Tabs } from "antd";
import type { ReactNode } from "react";
import { useNavigate, useParams } from "react-router";
import { useOverlay } from "@/components/navigation";
import { PermissionState } from "@/components/States";
import { usePhone } from "@/lib/media";
import type { Entity } from "@/lib/resources";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { ContractList } from "./ContractList";
import { DueList } from "./DueList";
import { InvoiceList, RequestList } from "./PaperLists";
import { ReceiptList } from "./ReceiptList";
import "../contracts.css";

const SECTIONS = [
  ["contracts", "contract"],
  ["due", "payment_plan"],
  ["receipts", "receipt"],
  ["requests", "payment_request"],
  ["invoices", "invoice_application"],
] as const satisfies [string, Entity][];
type Section = (typeof SECTIONS)[number][0];

export function ContractsPage() {
  const { t } = useTexts();
  const may = useMay();
  const phone = usePhone();
  const navigate = useNavigate();
  const { openForm } = useOverlay();
  const { "*": rest } = useParams();
  const seen = SECTIONS.filter(([, entity]) => may(entity, "read")).map(([name]) => name);
  const section: Section | undefined = seen.find((name) => name === rest) ?? seen[0];
  if (!section) return <PermissionState />;
  const button = (form: string, label: string): ReactNode =>
    !phone && (
      <Button
        type="primary"
        icon={<PlusOutlined />}
        data-testid={`new-${form}`}
        onClick={() => openForm(form)}
      >
        {label}
      </Button>
    );
  return (
    <main className="work-page">
      <header className="page-head">
        <h1>{t("contracting.title")}</h1>
        <span className="end page-buttons">
          {section === "contracts" && may("contract", "create")
            ? button("contract", t("contracting.create"))
            : null}
          {["due", "receipts"].includes(section) && may("receipt", "create")
            ? button("receipt", t("contracting.receipt.title"))
            : null}
        </span>
      </header>
      <Tabs
        className="page-tabs"
        activeKey={section}
        aria-label={t("contracting.sections")}
        onChange={(key) => navigate(key === "contracts" ? "/contracts" : `/contracts/${key}`)}
        items={seen.map((key) => ({ key, label: t(`contracting.tabs.${key}`) }))}
      />
      {section === "contracts" && <ContractList />}
      {section === "due" && <DueList />}
      {section === "receipts" && <ReceiptList />}
      {section === "requests" && <RequestList />}
      {section === "invoices" && <InvoiceList />}
    </main>
  );
}
