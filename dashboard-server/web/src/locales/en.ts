import { en as admin } from "./features/admin.en";
import { en as contracts } from "./features/contracts.en";
import { en as dashboard } from "./features/dashboard.en";
import { en as forecast } from "./features/forecast";
import { en as health } from "./features/health";
import { en as opportunities } from "./features/opportunities";
import { en as problems } from "./features/problems";
import { en as quotes } from "./features/quotes";
import { en as records } from "./features/records.en";
import { en as reports } from "./features/reports";
import { en as rules } from "./features/rules";
import { en as schedules } from "./features/schedules";
import { en as shell } from "./features/shell";
import { en as subscriptions } from "./features/subscriptions";
import { en as targets } from "./features/targets";
import { en as tickets } from "./features/tickets";
import { en as words } from "./features/words.en";
import { en as work } from "./features/work";
import type { Texts } from "./texts";
import type { zh } from "./zh";

/** All texts in English. */
export const en: Texts<typeof zh> = {
  ...admin,
  ...contracts,
  ...dashboard,
  ...forecast,
  ...health,
  ...reports,
  ...rules,
  ...schedules,
  ...subscriptions,
  ...opportunities,
  ...problems,
  ...quotes,
  ...records,
  ...shell,
  ...targets,
  ...tickets,
  ...words,
  ...work,
};
