/**
 * All that the shell knows of the features: the pages with their place in the navigation, the
 * drawers of records, the forms that create. Each feature adds its lines here.
 */
import {
  AimOutlined,
  AuditOutlined,
  BellOutlined,
  CalendarOutlined,
  ClockCircleOutlined,
  CustomerServiceOutlined,
  DashboardOutlined,
  FileTextOutlined,
  FunnelPlotOutlined,
  HeartOutlined,
  LineChartOutlined,
  ReadOutlined,
  SettingOutlined,
  TeamOutlined,
  UserOutlined,
} from "@ant-design/icons";
import { type ComponentType, type LazyExoticComponent, lazy, type ReactNode } from "react";
import type { Opened } from "@/lib/address";
import type { Entity } from "@/lib/resources";
import type { Action, Me } from "@/lib/session";
import { scopeOf } from "@/lib/session";

/** An action on a kind of records that somebody must be allowed to. */
export type Need = [Entity, Action];

export type Place = {
  /** The key of its name among the texts, under `nav`. */
  key: string;
  path: string;
  /** Pressed after g. */
  letter: string;
  icon: ReactNode;
  /** Who sees it: those who may any of these; everybody without it. */
  needs?: Need | Need[];
  page: LazyExoticComponent<ComponentType>;
};

export type FormProps = { subject: Opened | null };

/** One component of a module that is loaded when it is shown. */
function part<Props>() {
  return <Name extends string>(
    load: () => Promise<Record<Name, ComponentType<Props>>>,
    name: Name,
  ): LazyExoticComponent<ComponentType<Props>> =>
    lazy(async () => ({ default: (await load())[name] }));
}

const page = part<object>();
const drawer = part<{ id: number }>();
const form = part<FormProps>();

/** The pages of the navigation, in its order. */
export const PLACES: Place[] = [
  {
    key: "today",
    path: "/today",
    letter: "t",
    icon: <CalendarOutlined />,
    page: page(() => import("@/features/today/pages/TodayPage"), "TodayPage"),
  },
  {
    key: "accounts",
    path: "/accounts",
    letter: "c",
    icon: <TeamOutlined />,
    needs: ["account", "read"],
    page: page(() => import("@/features/accounts/pages/AccountsPage"), "AccountsPage"),
  },
  {
    key: "opportunities",
    path: "/opportunities",
    letter: "o",
    icon: <FunnelPlotOutlined />,
    needs: ["opportunity", "read"],
    page: page(
      () => import("@/features/opportunities/pages/OpportunitiesPage"),
      "OpportunitiesPage",
    ),
  },
  {
    key: "quotes",
    path: "/quotes",
    letter: "q",
    icon: <FileTextOutlined />,
    needs: ["quote", "read"],
    page: page(() => import("@/features/quotes/pages/QuotesPage"), "QuotesPage"),
  },
  {
    key: "contracts",
    path: "/contracts",
    letter: "p",
    icon: <AuditOutlined />,
    needs: ["contract", "read"],
    page: page(() => import("@/features/contracts/pages/ContractsPage"), "ContractsPage"),
  },
  {
    key: "tickets",
    path: "/tickets",
    letter: "k",
    icon: <CustomerServiceOutlined />,
    needs: ["ticket", "read"],
    page: page(() => import("@/features/tickets/pages/TicketsPage"), "TicketsPage"),
  },
  {
    key: "dashboard",
    path: "/dashboard",
    letter: "d",
    icon: <DashboardOutlined />,
    page: page(() => import("@/features/dashboard/pages/DashboardPage"), "DashboardPage"),
  },
  {
    key: "forecast",
    path: "/forecast",
    letter: "f",
    icon: <LineChartOutlined />,
    needs: ["opportunity", "read"],
    page: page(() => import("@/features/dashboard/pages/ForecastPage"), "ForecastPage"),
  },
  {
    key: "targets",
    path: "/targets",
    letter: "b",
    icon: <AimOutlined />,
    needs: ["target", "read"],
    page: page(() => import("@/features/targets/pages/TargetsPage"), "TargetsPage"),
  },
  {
    key: "health",
    path: "/health",
    letter: "h",
    icon: <HeartOutlined />,
    needs: ["account", "read"],
    page: page(() => import("@/features/health/pages/HealthPage"), "HealthPage"),
  },
  {
    key: "reports",
    path: "/reports",
    letter: "r",
    icon: <ReadOutlined />,
    page: page(() => import("@/features/reports/pages/MonthlyPage"), "MonthlyPage"),
  },
  {
    key: "subscriptions",
    path: "/me/subscriptions",
    letter: "s",
    icon: <BellOutlined />,
    needs: [
      ["subscription", "read"],
      ["dispatch", "read"],
    ],
    page: page(
      () => import("@/features/subscriptions/pages/SubscriptionsPage"),
      "SubscriptionsPage",
    ),
  },
  {
    key: "schedules",
    path: "/schedules",
    letter: "w",
    icon: <ClockCircleOutlined />,
    needs: ["schedule", "read"],
    page: page(() => import("@/features/schedules/pages/SchedulesPage"), "SchedulesPage"),
  },
  {
    key: "admin",
    path: "/admin",
    letter: "a",
    icon: <SettingOutlined />,
    needs: [
      ["user", "update"],
      ["role", "read"],
      ["setting", "read"],
      ["product", "update"],
      ["price_list", "update"],
      ["account", "assign"],
      ["month_close", "create"],
    ],
    page: page(() => import("@/features/admin/pages/AdminPage"), "AdminPage"),
  },
  {
    key: "me",
    path: "/me",
    letter: "m",
    icon: <UserOutlined />,
    page: page(() => import("./MePlace"), "MePlace"),
  },
];

/** The drawers that records open in. */
export const DRAWERS: Partial<Record<Entity, LazyExoticComponent<ComponentType<{ id: number }>>>> =
  {
    account: drawer(() => import("@/features/accounts/components/AccountDrawer"), "AccountDrawer"),
    opportunity: drawer(
      () => import("@/features/opportunities/components/OpportunityDrawer"),
      "OpportunityDrawer",
    ),
    quote: drawer(() => import("@/features/quotes/components/QuoteDrawer"), "QuoteDrawer"),
    contract: drawer(
      () => import("@/features/contracts/components/ContractDrawer"),
      "ContractDrawer",
    ),
    ticket: drawer(() => import("@/features/tickets/components/TicketDrawer"), "TicketDrawer"),
    product: drawer(() => import("@/features/admin/components/Catalogue"), "ProductDrawer"),
    price_list: drawer(() => import("@/features/admin/components/Catalogue"), "PriceListDrawer"),
    tag: drawer(() => import("@/features/admin/components/Catalogue"), "TagDrawer"),
    routing_rule: drawer(
      () => import("@/features/admin/components/Catalogue"),
      "RoutingRuleDrawer",
    ),
    schedule: drawer(
      () => import("@/features/schedules/components/ScheduleDrawer"),
      "ScheduleDrawer",
    ),
    schedule_run: drawer(() => import("@/features/schedules/components/RunDrawer"), "RunDrawer"),
    subscription: drawer(
      () => import("@/features/subscriptions/components/SubscriptionDrawer"),
      "SubscriptionDrawer",
    ),
    dispatch: drawer(
      () => import("@/features/subscriptions/components/DispatchDrawer"),
      "DispatchDrawer",
    ),
    user: drawer(() => import("@/features/admin/components/Users"), "UserDrawer"),
    handover: drawer(() => import("@/features/admin/components/HandoverDrawer"), "HandoverDrawer"),
    receipt: drawer(() => import("@/features/contracts/components/ReceiptDrawer"), "ReceiptDrawer"),
    payment_request: drawer(
      () => import("@/features/contracts/components/PaperDrawers"),
      "PaymentRequestDrawer",
    ),
    invoice_application: drawer(
      () => import("@/features/contracts/components/PaperDrawers"),
      "InvoiceDrawer",
    ),
  };

export type FormPlace = {
  /** What one must be allowed to, to see it offered. */
  needs: [Entity, Action];
  form: LazyExoticComponent<ComponentType<FormProps>>;
  /** Opened from a record only, and not offered among what can be created. */
  inner?: boolean;
};

/** The forms that create; the first ones are offered first. Their names are under `create`. */
export const FORMS: Record<string, FormPlace> = {
  lead: {
    needs: ["opportunity", "create"],
    form: form(() => import("@/features/opportunities/components/LeadForm"), "LeadForm"),
  },
  visit: {
    needs: ["interaction", "create"],
    form: form(() => import("@/features/accounts/components/VisitForm"), "VisitForm"),
  },
  account: {
    needs: ["account", "create"],
    form: form(() => import("@/features/accounts/components/AccountForm"), "NewAccount"),
  },
  quote: {
    needs: ["quote", "create"],
    form: form(() => import("@/features/quotes/components/QuoteForms"), "QuoteForm"),
  },
  ticket: {
    needs: ["ticket", "create"],
    form: form(() => import("@/features/tickets/components/TicketForm"), "TicketForm"),
  },
  contract: {
    needs: ["contract", "create"],
    form: form(() => import("@/features/contracts/components/ContractForms"), "ContractForm"),
  },
  "call-off": {
    needs: ["contract", "create"],
    form: form(() => import("@/features/contracts/components/ContractForms"), "CallOffForm"),
    inner: true,
  },
  receipt: {
    needs: ["receipt", "create"],
    form: form(() => import("@/features/contracts/components/ReceiptForm"), "ReceiptForm"),
  },
  user: {
    needs: ["user", "create"],
    form: form(() => import("@/features/admin/components/Users"), "UserForm"),
    inner: true,
  },
  product: {
    needs: ["product", "create"],
    form: form(() => import("@/features/admin/components/Catalogue"), "ProductForm"),
    inner: true,
  },
  "price-list": {
    needs: ["price_list", "create"],
    form: form(() => import("@/features/admin/components/Catalogue"), "PriceListForm"),
    inner: true,
  },
  tag: {
    needs: ["tag", "create"],
    form: form(() => import("@/features/admin/components/Catalogue"), "TagForm"),
    inner: true,
  },
  "routing-rule": {
    needs: ["routing_rule", "create"],
    form: form(() => import("@/features/admin/components/Catalogue"), "RoutingRuleForm"),
    inner: true,
  },
  subscription: {
    needs: ["subscription", "create"],
    form: form(
      () => import("@/features/subscriptions/components/SubscriptionForm"),
      "SubscriptionForm",
    ),
  },
  schedule: {
    needs: ["schedule", "create"],
    form: form(() => import("@/features/schedules/components/ScheduleForm"), "ScheduleForm"),
    inner: true,
  },
  "quote-edit": {
    needs: ["quote", "update"],
    form: form(() => import("@/features/quotes/components/QuoteForms"), "QuoteEditForm"),
    inner: true,
  },
  "quote-revise": {
    needs: ["quote", "create"],
    form: form(() => import("@/features/quotes/components/QuoteForms"), "QuoteReviseForm"),
    inner: true,
  },
  "quote-alternative": {
    needs: ["quote", "create"],
    form: form(() => import("@/features/quotes/components/QuoteForms"), "QuoteAlternativeForm"),
    inner: true,
  },
};

/** The forms that are offered to somebody where things are created. */
export function offered(me: Me): string[] {
  return Object.entries(FORMS)
    .filter(([, { needs, inner }]) => !inner && allowed(me, needs))
    .map(([name]) => name);
}

/** What lies over everything while the address has a value of that name. */
export const OVERLAYS: Record<string, LazyExoticComponent<ComponentType>> = {
  move: page(() => import("@/features/opportunities/components/MoveDialog"), "MoveOverlay"),
};

export function allowed(me: Me, needs: Need | Need[] | undefined): boolean {
  if (!needs) return true;
  const any = (Array.isArray(needs[0]) ? needs : [needs]) as Need[];
  return any.some(([entity, action]) => scopeOf(me.rights, entity, action) !== null);
}
