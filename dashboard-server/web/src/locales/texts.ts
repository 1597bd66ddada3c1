/** The same keys with any texts. */
export type Texts<T> = { [K in keyof T]: T[K] extends string ? string : Texts<T[K]> };
