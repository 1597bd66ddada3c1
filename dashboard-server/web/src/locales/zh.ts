import { zh as admin } from "./features/admin.zh";
import { zh as contracts } from "./features/contracts.zh";
import { zh as dashboard } from "./features/dashboard.zh";
import { zh as forecast } from "./features/forecast";
import { zh as health } from "./features/health";
import { zh as opportunities } from "./features/opportunities";
import { zh as problems } from "./features/problems";
import { zh as quotes } from "./features/quotes";
import { zh as records } from "./features/records.zh";
import { zh as reports } from "./features/reports";
import { zh as rules } from "./features/rules";
import { zh as schedules } from "./features/schedules";
import { zh as shell } from "./features/shell";
import { zh as subscriptions } from "./features/subscriptions";
import { zh as targets } from "./features/targets";
import { zh as tickets } from "./features/tickets";
import { zh as words } from "./features/words.zh";
import { zh as work } from "./features/work";

/** All texts in Chinese; a file for each feature, with no key at the top twice. */
export const zh = {
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
