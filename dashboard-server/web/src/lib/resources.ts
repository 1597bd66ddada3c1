/** The resources of operations: the path of each under `/api`, and the field it is called by. */
export const RESOURCES = {
  account: { path: "accounts", title: "name" },
  account_tag: { path: "account-tags", title: "id" },
  attachment: { path: "attachments", title: "file_name" },
  contact: { path: "contacts", title: "name" },
  contract: { path: "contracts", title: "name" },
  delivery: { path: "deliveries", title: "number" },
  dispatch: { path: "dispatches", title: "subject" },
  handover: { path: "handovers", title: "id" },
  interaction: { path: "interactions", title: "content" },
  invoice_application: { path: "invoice-applications", title: "number" },
  month_close: { path: "month-closes", title: "month" },
  opportunity: { path: "opportunities", title: "name" },
  order: { path: "orders", title: "number" },
  order_line: { path: "order-lines", title: "description" },
  payment_plan: { path: "payment-plans", title: "id" },
  payment_request: { path: "payment-requests", title: "number" },
  pipeline: { path: "pipelines", title: "name_zh" },
  pool_move: { path: "pool-moves", title: "kind" },
  price_list: { path: "price-lists", title: "name" },
  price_list_item: { path: "price-list-items", title: "id" },
  private_note: { path: "private-notes", title: "body" },
  product: { path: "products", title: "name" },
  quote: { path: "quotes", title: "number" },
  quote_line: { path: "quote-lines", title: "description" },
  receipt: { path: "receipts", title: "number" },
  receipt_allocation: { path: "receipt-allocations", title: "id" },
  role: { path: "roles", title: "name_zh" },
  routing_rule: { path: "routing-rules", title: "id" },
  schedule: { path: "schedules", title: "name" },
  schedule_run: { path: "schedule-runs", title: "planned_at" },
  setting: { path: "settings", title: "key" },
  stage: { path: "stages", title: "name_zh" },
  stage_change: { path: "stage-changes", title: "kind" },
  subscription: { path: "subscriptions", title: "name" },
  tag: { path: "tags", title: "name" },
  target: { path: "targets", title: "metric" },
  team: { path: "teams", title: "name" },
  ticket: { path: "tickets", title: "title" },
  todo: { path: "todos", title: "title" },
  user: { path: "users", title: "name" },
} as const;

export type Entity = keyof typeof RESOURCES;

export function isEntity(text: string): text is Entity {
  return Object.hasOwn(RESOURCES, text);
}

/** Where a resource, one of its records, or what belongs to that is. */
export function pathOf(entity: Entity, id?: number, part?: string): string {
  return [`/api/${RESOURCES[entity].path}`, id, part].filter((one) => one !== undefined).join("/");
}

/** What each field that refers to another record refers to, where its name does not say it. */
const REFERENCES: Record<string, Entity> = {
  owner_id: "user",
  previous_owner_id: "user",
  success_manager_id: "user",
  by_id: "user",
  manager_id: "user",
  leader_id: "user",
  recipient_id: "user",
  requester_id: "user",
  uploaded_by_id: "user",
  author_id: "user",
  from_user_id: "user",
  applied_by_id: "user",
  requested_by_id: "user",
  from_stage_id: "stage",
  corrects_id: "stage_change",
  framework_id: "contract",
  renews_id: "contract",
  continues_id: "opportunity",
  duplicate_of_id: "opportunity",
};

/** The resource that a field refers to, null where it holds no reference. */
export function referenceOf(entity: Entity, field: string): Entity | null {
  if (field === "parent_id") return entity;
  const known = REFERENCES[field];
  if (known) return known;
  const bare = field.endsWith("_id") ? field.slice(0, -3) : "";
  return isEntity(bare) ? bare : null;
}
