/**
 * All that the shell knows of the features: the pages with their place in the navigation, the
 * drawers of records, the forms that create. Each feature adds its lines here.
 */
import { DashboardOutlined, FunnelPlotOutlined } from "@ant-design/icons";
import { type ComponentType, type LazyExoticComponent, lazy, type ReactNode } from "react";
import type { Opened } from "@/lib/address";
import type { Entity } from "@/lib/resources";
import type { Action, Me } from "@/lib/session";
import { scopeOf } from "@/lib/session";

export type Place = {
  /** The key of its name among the texts, under `nav`. */
  key: string;
  path: string;
  /** Pressed after g. */
  letter: string;
  icon: ReactNode;
  /** Who sees it; everybody without it. */
  needs?: [Entity, Action];
  page: LazyExoticComponent<ComponentType>;
};

const page = <Name extends string>(
  load: () => Promise<Record<Name, ComponentType>>,
  name: Name,
): LazyExoticComponent<ComponentType> => lazy(async () => ({ default: (await load())[name] }));

const drawer = <Name extends string>(
  load: () => Promise<Record<Name, ComponentType<{ id: number }>>>,
  name: Name,
): LazyExoticComponent<ComponentType<{ id: number }>> =>
  lazy(async () => ({ default: (await load())[name] }));

const form = <Name extends string>(
  load: () => Promise<Record<Name, ComponentType<FormProps>>>,
  name: Name,
): LazyExoticComponent<ComponentType<FormProps>> =>
  lazy(async () => ({ default: (await load())[name] }));

/** The pages of the navigation, in its order. */
export const PLACES: Place[] = [
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
    key: "dashboard",
    path: "/dashboard",
    letter: "d",
    icon: <DashboardOutlined />,
    page: page(() => import("@/features/dashboard/pages/DashboardPage"), "DashboardPage"),
  },
];

/** The drawers that records open in. */
export const DRAWERS: Partial<Record<Entity, LazyExoticComponent<ComponentType<{ id: number }>>>> =
  {
    opportunity: drawer(
      () => import("@/features/opportunities/components/OpportunityDrawer"),
      "OpportunityDrawer",
    ),
  };

export type FormProps = { subject: Opened | null };
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

export function allowed(me: Me, needs: [Entity, Action] | undefined): boolean {
  return !needs || scopeOf(me.rights, needs[0], needs[1]) !== null;
}
