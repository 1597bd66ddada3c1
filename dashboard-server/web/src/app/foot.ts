/** What stands at the foot of a phone, around the button that creates. */
export const FOOT = ["today", "accounts", "add", "opportunities", "me"];
