/** What the page and its worker say to each other: plain data, no types of the compiler's levels. */

/** Half-open ranges of UTF-16 offsets in the text of the editor, the nearest first. */
export type Places = readonly (readonly [from: number, to: number])[];

/** A line of a pane with the expressions that it comes from; none where nobody knows. */
export type PaneLine = { readonly text: string; readonly at: Places };

/** Everything that a link reproduces. */
export type State = {
  readonly text: string;
  /** The kernel that is shown; the first one of the text where absent. */
  readonly kernel: string | null;
  readonly target: string;
  /** Sizes, parameters and statics by name, where they are not the usual ones. */
  readonly values: Readonly<Record<string, number>>;
  /** Sizes that are told to the compiler; the others stay free in the kernel. */
  readonly fixed: readonly string[];
  readonly types: Readonly<Record<string, string>>;
  /** Length of the long axes in pictures. */
  readonly length: number;
  /** The value that is drawn, and where along its first axes; null: one is chosen. */
  readonly value: string | null;
  readonly at: readonly number[];
  /** Of the random inputs. */
  readonly seed: number;
  /** What is kept to be compared with; null: nothing. */
  readonly kept: Kept | null;
  /** The panes that are open, left and right. */
  readonly panes: readonly [string, string];
};

/** The part of a state that says what is compiled. */
export type Kept = Pick<State, "text" | "kernel" | "target" | "values" | "fixed" | "types">;

/** One of two that are compared. */
export type Side = {
  readonly name: string;
  readonly target: string;
  readonly kernels: readonly { readonly name: string; readonly summary: string; readonly schedule: string }[];
  /** Bytes of workgroup memory, the most of its kernels. */
  readonly memory: number;
  readonly work: number;
  readonly read: number;
  readonly written: number;
  readonly least: number;
  readonly lines: number;
  readonly why: string | null;
};

export type Comparison = {
  readonly sides: readonly [Side, Side];
  /** `same`: null where it was not looked at. */
  readonly meaning: { readonly same: boolean | null; readonly words: string };
};

export type Message = {
  readonly from: number;
  readonly to: number;
  readonly severity: "error" | "warning" | "note";
  readonly code: string;
  readonly text: string;
  readonly help: string | null;
  /** Sizes that it helps to fix. */
  readonly sizes: readonly string[];
  readonly fix: { readonly title: string; readonly from: number; readonly to: number; readonly text: string } | null;
};

/** A name that has a value: a size, a parameter that is given at run time or at compile time. */
export type Parameter = {
  readonly name: string;
  readonly kind: "size" | "scalar" | "static";
  readonly value: number;
  readonly whole: boolean;
  /** `chosen`: told to the compiler because the user said so; `asked`: because the plan cannot do without. */
  readonly fixed: "chosen" | "asked" | null;
};

export type TypeChoice = { readonly name: string; readonly value: string; readonly options: readonly string[] };

/** A heading of the derivation with what is said under it. */
export type Section = { readonly title: string; readonly lines: readonly PaneLine[] };

export type TileMap = {
  /** `i`, `j`. */
  readonly axes: readonly [string, string];
  readonly size: readonly [number, number];
  /** What the workgroup decides about at once, and what a square of the picture stands for. */
  readonly tile: readonly [number, number];
  readonly square: readonly [number, number];
  /** One string a row: `.` skipped, `/` edge, `#` whole. */
  readonly rows: readonly string[];
  readonly counts: { readonly empty: number; readonly partial: number; readonly full: number; readonly exact: boolean };
  /** Share of cells that exist. */
  readonly cells: string;
  readonly condition: PaneLine | null;
  /** Whether data decide about tiles, at run time. */
  readonly data: boolean;
};

export type Memory = {
  readonly total: number;
  readonly parts: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly text: string;
    readonly at: Places;
  }[];
};

export type Cost = {
  readonly flops: number;
  readonly products: number;
  readonly slow: number;
  readonly read: number;
  readonly written: number;
  readonly least: number;
};

/** One kernel of the plan: what explains it and what is drawn of it. */
export type KernelView = {
  readonly name: string;
  readonly writes: string;
  readonly summary: string;
  readonly sections: readonly Section[];
  readonly maps: readonly TileMap[];
  readonly memory: Memory;
  readonly cost: Cost;
};

export type Compilation = {
  readonly kernels: readonly KernelView[];
  /** Sizes at which pictures and costs are counted. */
  readonly example: string;
  readonly panes: Readonly<Record<"plan" | "tile" | "wgsl", readonly PaneLine[]>>;
  readonly wgslBytes: number;
};

export type Checked = {
  readonly kind: "checked";
  readonly id: number;
  readonly messages: readonly Message[];
  readonly kernels: readonly string[];
  readonly kernel: string | null;
};

export type Compiled = {
  readonly kind: "compiled";
  readonly id: number;
  readonly messages: readonly Message[];
  readonly parameters: readonly Parameter[];
  readonly types: readonly TypeChoice[];
  /** Null where an error stands in the way. */
  readonly compilation: Compilation | null;
  readonly ms: number;
};

export type Entry = {
  readonly file: string;
  readonly kernel: string;
  readonly title: string;
  readonly doc: string;
  readonly text: string;
};

export type Completion = {
  readonly label: string;
  readonly detail: string;
  readonly doc: string;
  readonly type: string;
  /** The larger, the earlier. */
  readonly boost: number;
};

/** What a kernel is for one target; `why`: it cannot be compiled for it. */
export type TargetRow = {
  readonly target: string;
  readonly kernels: readonly {
    readonly name: string;
    readonly schedule: string;
    /** Of workgroup memory. */
    readonly bytes: number;
  }[];
  readonly intensity: number;
  readonly read: number;
  readonly wgsl: string;
  readonly why: string | null;
};

/** A value over its last two axes, row by row; a cell that does not exist is 0. `why`: there is no picture. */
export type Values = {
  readonly name: string;
  readonly names: readonly string[];
  readonly axes: readonly string[];
  readonly size: readonly [number, number];
  readonly others: readonly { readonly name: string; readonly size: number; readonly at: number }[];
  readonly cells: readonly number[];
  readonly why: string | null;
};

/** How one output came out. */
export type Accuracy = {
  readonly output: string;
  readonly error: number;
  readonly allowed: number;
  readonly ok: boolean;
  readonly undefinedCells: number;
};

export type RunEvent =
  | { readonly kind: "step"; readonly text: string }
  /** No GPU here, or none that can run it: the reason. */
  | { readonly kind: "nogpu"; readonly why: string }
  | {
      readonly kind: "gpu";
      readonly adapter: string;
      readonly median: number;
      readonly times: readonly number[];
      readonly bytes: number;
      /** Operations of the formula in a second, and bytes of inputs and results, in units of 10^9. */
      readonly gflops: number;
      readonly gbps: number;
    }
  | {
      readonly kind: "meaning";
      readonly checks: readonly Accuracy[];
      readonly outputs: readonly {
        readonly name: string;
        readonly shape: readonly number[];
        readonly values: readonly number[];
      }[];
      readonly ms: number;
    }
  | { readonly kind: "failed"; readonly why: string }
  | { readonly kind: "done" };

export type Request =
  | { readonly kind: "edit"; readonly id: number; readonly state: State }
  | { readonly kind: "complete"; readonly id: number; readonly text: string; readonly offset: number }
  | { readonly kind: "hover"; readonly id: number; readonly text: string; readonly offset: number }
  | { readonly kind: "library"; readonly id: number; readonly more: Readonly<Record<string, string>> }
  | { readonly kind: "target"; readonly id: number; readonly state: State }
  | { readonly kind: "values"; readonly id: number; readonly state: State }
  | { readonly kind: "compare"; readonly id: number; readonly state: State; readonly other: State }
  | { readonly kind: "run"; readonly id: number; readonly state: State };

export type Reply =
  | Checked
  | Compiled
  | { readonly kind: "completions"; readonly id: number; readonly from: number; readonly items: readonly Completion[] }
  | {
      readonly kind: "hovered";
      readonly id: number;
      readonly from: number;
      readonly to: number;
      /** Null: nothing to say. */
      readonly code: string | null;
      readonly words: readonly string[];
    }
  | { readonly kind: "targeted"; readonly id: number; readonly row: TargetRow }
  | { readonly kind: "valued"; readonly id: number; readonly values: Values | null }
  | { readonly kind: "compared"; readonly id: number; readonly comparison: Comparison }
  | { readonly kind: "entries"; readonly id: number; readonly entries: readonly Entry[] }
  | { readonly kind: "ran"; readonly id: number; readonly event: RunEvent };
