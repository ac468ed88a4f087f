/** What a rewriting rule says of itself: for readers, for `docs/rules.md`, and for the tests that hold a program against each side. */
export type Rule = {
  /** Short, as notes call it: `log of a product`. */
  readonly name: string;
  /** The equation, left side to right side. */
  readonly equation: string;
  /** When it holds, as a formula over what the analyses know; decided before the rule is applied. */
  readonly condition: string;
};
